"""A whole spine on a graphics card: a process per case, nnU-Net warm, and our warm worker, with 2, 10 and 25 classes.

    python Testing/bench/bench_gpu.py [--pairs 7] [--classes 2 10 25] [--scale 1.0] [--device cuda] [--result FILE]

One call makes the whole table. The sides, the network and the image are those of ``bench_predict.py``, the image is 64
x 640 x 256 voxels on the model's grid; ``--scale`` shrinks all sides. Where there is no card the table says so;
``--device cpu`` then runs the same on the processor to show that the script works, and its title says that this is no
measurement of a card.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from bench_predict import times  # noqa: E402
from record import circumstances, keep  # noqa: E402

RESULT = Path(__file__).parent / "results" / "gpu.md"
SHAPE = (64, 640, 256)
NONE_HERE = (
    "No GPU at hand: nothing was measured. Where there is one, `python Testing/bench/bench_gpu.py` fills this table."
)


def tables(options: argparse.Namespace) -> list[str]:
    """Run everything; returns Markdown."""
    lines = []
    for classes in options.classes:
        shape = tuple(max(8, round(size * options.scale)) for size in SHAPE)
        compared = argparse.Namespace(**vars(options) | {"classes": classes, "shape": shape})
        lines += ["", f"## {classes} classes, {' x '.join(map(str, shape))} voxels of the model", "", *times(compared)]
    return lines


def main() -> None:
    """Run the comparison where there is a card."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 10, 25])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--result", type=Path, default=RESULT)
    parser.set_defaults(sides=["torch-exact", "fresh"])
    options = parser.parse_args()
    on_card = options.device == "cuda"
    here = on_card and torch.cuda.is_available()
    device = torch.cuda.get_device_name() if here else "no GPU at hand"
    text = [
        "# A whole spine on a graphics card"
        if on_card
        else "# Not a graphics card: a trial of the script on a processor",
        "",
        (
            f"{circumstances('torch', 'nnunetv2')}, {device}. "
            f"Ratios: median (range) of {options.pairs} pairs. `fresh` is a process of `nnUNetv2_predict`, `warm` "
            "nnU-Net's predictor from the second case on, `torch-exact` ours."
        ),
        *(tables(options) if here or not on_card else ["", NONE_HERE]),
        "",
    ]
    keep(options.result, "\n".join(text))


if __name__ == "__main__":
    main()
