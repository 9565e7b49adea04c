"""How long a rater waits: for the next case, for an act, for the problems after it, for the save.

One spine mask of 49 levels on a scan of 320 x 320 x 60 voxels. CPU seconds of the rater's thread; the case was read
ahead, as it is in a review. There is no original to compare with: the promise is 0.3 s for the switch.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from SpineGTRefineLib.bids import Dataset, mask_type
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, write_image, write_labels
from SpineGTRefineLib.review import operations
from SpineGTRefineLib.review.session import ReviewSession

SHAPE = (320, 320, 60)
GRID = Geometry(SHAPE, np.array([[0, 0, 3.3, -100], [-0.9, 0, 0, 140], [0, -0.9, 0, 140], [0, 0, 0, 1.0]]))
LEVELS = 49
PROMISED_S = 0.3


def make_dataset(root: Path) -> Dataset:
    """Write two cases with masks of spine and canal."""
    spine, canal = (np.zeros(SHAPE, np.uint8) for _ in range(2))
    entries = sorted(mask_type("spine").scheme.of_kind("vertebra", "disc", "sacrum"), key=lambda e: e.structure.order)
    step = SHAPE[1] // LEVELS
    for place, entry in enumerate(entries[:LEVELS]):
        spine[100:160, place * step : place * step + step - 1, 15:45] = entry.value
    canal[170:190, :, 25:35] = 1
    voxels = np.random.default_rng(0).integers(0, 800, SHAPE, dtype=np.int16)
    for subject in ("sub-01", "sub-02"):
        image = root / subject / "anat" / f"{subject}_T2w.nii.gz"
        labels = root / "derivatives" / "labels" / subject / "anat"
        for folder in (image.parent, labels):
            folder.mkdir(parents=True)
        write_image(image, Image(voxels, GRID))
        for name, array, ending in (("spine", spine, "dseg"), ("canal", canal, "seg")):
            path = labels / f"{subject}_T2w_label-{name}_{ending}.nii.gz"
            write_labels(path, LabelMap(array, GRID, mask_type(name).scheme))
    return Dataset.open(root)


def timed(what: str, act: Callable[[], object]) -> float:
    """Do something and print the CPU seconds that it took on this thread."""
    begin = time.thread_time()
    act()
    seconds = time.thread_time() - begin
    print(f"{what:<40} {seconds:6.3f} s CPU")
    return seconds


def main() -> None:
    """Open, switch, edit, look at the problems, save."""
    spine = mask_type("spine")
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_dataset(Path(folder))
        session = ReviewSession(dataset, "bench", [spine], outlines=[spine, mask_type("canal")])
        timed("open the first case", session.open_first)
        time.sleep(2.0)  # a rater looks at it for longer
        switch = timed("switch to a case that was read ahead", session.open_next)
        timed("swap two levels", lambda: session.apply(operations.swap_levels("vertebra_L1", "vertebra_L2")))
        timed("problems after it", session.problems)
        timed("undo", session.undo)
        timed("problems after undo", session.problems)
        session.viewed()
        timed("save", lambda: session.save(insist=True))
        session.end()
        print(f"switching takes {switch / PROMISED_S:.2f} of the promised {PROMISED_S} s")


if __name__ == "__main__":
    main()
