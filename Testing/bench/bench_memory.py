"""Peak memory of a whole case, by number of classes: ours against nnU-Net's own predictor.

    python Testing/bench/bench_memory.py [--classes 2 25 50] [--scale 1.0]

A whole spine of 91 x 914 x 366 voxels (30 million) of 0.7 mm, on the model's grid 64 x 640 x 256 of 1 mm; ``--scale``
shrinks all sides. The network is small: what counts is what lies around it. Each run has a process of its own, which
on our side reuses memory as the worker does; what Python, the packages and the loaded model take is subtracted. Prints
a table and keeps it in ``results``. Linux.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from record import circumstances, keep  # noqa: E402

RESULT = Path(__file__).parent / "results" / "memory.md"
SIDES = {
    "nnU-Net": (),
    "ours": ("labels",),
    "ours with doubt and flip disagreement": ("uncertainty", "flip_disagreement"),
}
NETWORK = {"patch_size": [64, 192, 160], "spacing": [1.0, 1.0, 1.0], "features_per_stage": [2, 4]}


def prepare(folder: Path, classes: int, scale: float) -> None:
    """Write the model and the image."""
    from tiny_models import make_model

    from SpineGTRefineLib.imaging import Geometry, Image, write_image

    labels = {"background": 0, **{f"label{number}": number for number in range(1, classes)}}
    make_model(folder / "model", labels=labels, settings=NETWORK)
    size = tuple(round(scale * count) for count in (366, 914, 91))
    voxels = np.random.default_rng(1).normal(size=size).astype(np.float32)
    write_image(folder / "image.nii.gz", Image(voxels, Geometry(size, np.diag([0.7, 0.7, 0.7, 1.0]))))


def run_once(side: str, folder: Path) -> None:
    """Run one side in this process; prints the memory it took beyond what was there before, in GiB."""
    import torch
    from bench_predict import nnunet_call

    from SpineGTRefineLib.imaging import Box, crop, read_image
    from SpineGTRefineLib.models import ModelStore, load_model, predict
    from SpineGTRefineLib.process.memory import reuse_freed_memory

    torch.set_num_threads(1)
    image = read_image(folder / "image.nii.gz")
    if side == "nnU-Net":
        call = nnunet_call(folder / "model")
    else:
        reuse_freed_memory()
        loaded = load_model(ModelStore(folder / "store").install_own(folder / "model", name="model", overwrite=True))

        def call(image):
            return predict([image], loaded, device="cpu", outputs=SIDES[side])

    call(crop(image, Box((0, 0, 0), tuple(np.minimum(image.geometry.shape, (20, 20, 10)).tolist()))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call(image)
    print(json.dumps((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20))


def measure(side: str, folder: Path) -> float:
    """Run one side in a new process."""
    job = [sys.executable, __file__, "--once", json.dumps([side, str(folder)])]
    answer = subprocess.run(job, check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout.splitlines()[-1]))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 25, 50])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        side, folder = json.loads(options.once)
        run_once(side, Path(folder))
        return
    rows = []
    for classes in options.classes:
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name), classes, options.scale)
            taken = {side: measure(side, Path(name)) for side in SIDES}
        rows.append(f"| {classes} | {' | '.join(f'{gib:.2f}' for gib in taken.values())} |")
        print(rows[-1], flush=True)
    text = [
        "# Peak memory of a whole case (GiB), beyond the loaded program",
        "",
        (
            f"{circumstances('torch', 'nnunetv2')}. "
            f"366 x 914 x 91 voxels, sides times {options.scale:g}; a small network on a CPU."
        ),
        "",
        f"| classes | {' | '.join(SIDES)} |",
        f"|---|{'---|' * len(SIDES)}",
        *rows,
        "",
    ]
    keep(RESULT, "\n".join(text))


if __name__ == "__main__":
    main()
