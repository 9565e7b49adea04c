"""STAPLE of four raters: over vote patterns, against the plain way over every voxel, level by level.

    python Testing/bench/bench_consensus.py [--pairs 7] [--levels 2]

The plain way is what the rootlets' reference was made with: for each level a binary mask of each rater, STAPLE of ITK
over the whole volume, voxels above 0.95; here with the most probable level where several are (the original added them
up). Both run alternately in one process and must give the same voxels. CPU seconds, so that a busy machine matters
little. Uses the raters of the reference data where they are, else raters made from a phantom.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import SimpleITK

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from alternating import alternate, options_of  # noqa: E402
from record import circumstances, keep  # noqa: E402

from SpineGTRefineLib.anatomy import scheme  # noqa: E402
from SpineGTRefineLib.imaging import LabelMap, read_labels  # noqa: E402
from SpineGTRefineLib.learning.consensus import CERTAINTY, consensus  # noqa: E402
from SpineGTRefineLib.phantoms import make_spine  # noqa: E402

RESULT = Path(__file__).parent / "results" / "consensus.md"
SHARED = Path(os.environ.get("SPINEGTREFINE_SHARED", REPOSITORY.parent / "shared")) / "data" / "rootlets"


def raters(levels: int) -> tuple[str, dict[str, LabelMap]]:
    """Return where the masks come from, and the masks, cut down to the first ``levels`` levels."""
    files = sorted(SHARED.glob("rater*.nii.gz"))
    if files:
        masks = {file.name: read_labels(file, scheme("rootlets")) for file in files}
    else:
        rng = np.random.default_rng(0)
        truth = make_spine(7, region="cervical", spacing=0.8).rootlets
        shifts = {f"rater{n}": rng.integers(-1, 2, 3) for n in range(1, 5)}
        masks = {name: truth.with_array(np.roll(truth.array, by, (0, 1, 2))) for name, by in shifts.items()}
    kept = sorted({value for mask in masks.values() for value in mask.values()})[:levels]
    cut = {name: mask.with_array(np.where(np.isin(mask.array, kept), mask.array, 0)) for name, mask in masks.items()}
    return ("PAM50 rootlets" if files else "phantom"), cut


def plain(masks: dict[str, LabelMap]) -> np.ndarray:
    """Run ITK's STAPLE over the whole volume for each level, and take the most probable level above the certainty."""
    arrays = [mask.array for mask in masks.values()]
    best = np.full(arrays[0].shape, CERTAINTY)
    result = np.zeros(arrays[0].shape, dtype=np.uint8)
    for level in sorted({value for mask in masks.values() for value in mask.values()}):
        images = [SimpleITK.GetImageFromArray((array == level).astype(np.uint8)) for array in arrays]
        probability = SimpleITK.GetArrayFromImage(SimpleITK.STAPLE(images, 1.0))
        result[probability > best] = level
        best = np.maximum(best, probability)
    return result


def main() -> None:
    """Compare, print and keep the table."""
    parser = options_of(__doc__)
    parser.add_argument("--levels", type=int, default=2, help="how many levels (the plain way takes a minute for each)")
    options = parser.parse_args()
    source, masks = raters(options.levels)
    times = alternate(
        options.pairs,
        lambda: plain(masks),
        lambda: consensus(masks).labels.array,
        lambda expected, found: f"{voxels} voxels" if (voxels := np.count_nonzero(expected != found)) else "",
    )
    combined = consensus(masks).labels
    shape = "x".join(map(str, combined.array.shape))
    row = [source, shape, len(combined.values()), *times.cells]
    keep(
        RESULT,
        f"""# STAPLE of {len(masks)} raters: vote patterns against every voxel, level by level

{options.pairs} alternating pairs in one process; median CPU seconds, smallest and largest ratio in brackets. Equal in
every voxel. {circumstances("SimpleITK")}.

| masks | voxels | levels | plain s | ours s | plain / ours |
|---|---|---|---|---|---|
| {" | ".join(map(str, row))} |
""",
    )


if __name__ == "__main__":
    main()
