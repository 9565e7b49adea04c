"""One case through a network of nnU-Net's default size: ours, exact and fast, against nnU-Net's own predictor.

    python Testing/bench/bench_predict.py [--pairs 7] [--shape 40 120 112] [--threads 1] [--sides torch-exact ...]

The network has random weights (10 classes, 32 to 320 features, tiles of 32 x 96 x 96) and no side mirrors. ``warm`` is
nnU-Net's predictor with the model loaded, ``fresh`` a new process of ``nnUNetv2_predict``, the others are ours. Each
run has a process of its own; ours has the worker's environment. In the warm sides a small image goes first, and its
time is not counted. Agreement is measured by ``bench_agreement.py`` with trained models, since a network with random
weights has ties everywhere. Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from alternating import keep  # noqa: E402

RESULT = Path(__file__).parent / "results" / "predict.md"
OURS = ["torch-exact", "torch-fast", *(["openvino-exact", "openvino-fast"] if find_spec("openvino") else [])]
SETTINGS = {
    "patch_size": [32, 96, 96],
    "n_stages": 6,
    "features_per_stage": [32, 64, 128, 256, 320, 320],
    "kernel_sizes": [[1, 3, 3], *[[3, 3, 3]] * 5],
    "strides": [[1, 1, 1], [1, 2, 2], *[[2, 2, 2]] * 3, [1, 2, 2]],
    "n_conv_per_stage": [2] * 6,
    "n_conv_per_stage_decoder": [2] * 5,
}
Call = Any


def prepare(folder: Path, shape: tuple[int, ...], classes: int) -> None:
    """Write the model and an image that is as large as ``shape`` on the model's grid."""
    from tiny_models import make_model

    from SpineGTRefineLib.imaging import Geometry, Image, write_image

    labels = {"background": 0, **{f"label{number}": number for number in range(1, classes)}}
    make_model(folder / "model", labels=labels, settings=SETTINGS)
    (folder / "images").mkdir()
    spacing = (0.7, 0.7, 0.85)
    size = tuple(round(n * s / v) for n, s, v in zip(shape[::-1], (0.8, 0.8, 1.0), spacing, strict=True))
    voxels = np.random.default_rng(1).normal(size=size).astype(np.float32)
    write_image(folder / "images" / "case_0000.nii.gz", Image(voxels, Geometry(size, np.diag([*spacing, 1.0]))))


def nnunet_call(model: Path, device: str = "cpu") -> Call:
    """Return nnU-Net's predictor with the model loaded; image in, labels out."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(use_mirroring=False, device=torch.device(device), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(model), ("0",))

    def call(image: Any) -> np.ndarray:
        data = np.asarray(image.array, dtype=np.float32).transpose(2, 1, 0)[None]
        properties = {"spacing": list(image.geometry.spacing)[::-1]}
        labels = predictor.predict_single_npy_array(data, properties, None, None, False)
        return np.asarray(labels).transpose(2, 1, 0)

    return call


def our_call(installed: Any, backend: str, mode: str, device: str) -> Call:
    """Return our prediction with the model loaded; image in, labels out."""
    from SpineGTRefineLib.models import load_model, predict
    from SpineGTRefineLib.models.backends import openvino

    loaded = load_model(installed)
    openvino.is_installed = lambda: backend == "openvino"
    return lambda image: predict([image], loaded, device=device, mode=mode).labels.array


def run_once(side: str, folder: Path, threads: int, device: str) -> None:
    """Run one side in this process, warm; prints the figures."""
    import torch

    from SpineGTRefineLib.imaging import Box, crop, read_image
    from SpineGTRefineLib.models import ModelStore

    torch.set_num_threads(threads)
    image = read_image(folder / "images" / "case_0000.nii.gz")
    if side == "warm":
        call = nnunet_call(folder / "model", device)
    else:
        installed = ModelStore(folder / f"store-{time.time_ns()}").install_own(folder / "model", name="big")
        call = our_call(installed, *side.split("-"), device)
    call(crop(image, Box((0, 0, 0), (24, 24, 12))))
    wall, cpu = time.perf_counter(), time.process_time()
    call(image)
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


def measure(side: str, folder: Path, threads: int, device: str) -> dict[str, float]:
    """Run one side in a new process."""
    from SpineGTRefineLib.engine import worker_environment

    environment = {**(worker_environment() if side in OURS else os.environ), "OMP_NUM_THREADS": str(threads)}
    environment["SPINEGTREFINE_MODELS"] = str(folder / "models")  # what OpenVINO converts is kept from run to run
    if side != "fresh":
        job = [sys.executable, __file__, "--once", json.dumps([side, str(folder), threads, device])]
        answer = subprocess.run(job, check=True, capture_output=True, text=True, env=environment)
        return dict(json.loads(answer.stdout.splitlines()[-1]))
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    script = "from nnunetv2.inference.predict_from_raw_data import predict_entry_point_modelfolder as run; run()"
    options = ["-i", folder / "images", "-o", folder / "out", "-m", folder / "model", "-f", "0", "-device", device]
    command = [sys.executable, "-c", script, *map(str, options), "--disable_tta", "--disable_progress_bar"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - start, "cpu": cpu}


def times(options: argparse.Namespace) -> list[str]:
    """Compare the times (``pairs``, ``shape``, ``classes``, ``threads``, ``device``, ``sides``); returns Markdown."""
    sides = ["warm", *options.sides]
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), tuple(options.shape), options.classes)
        for pair in range(options.pairs):
            for side in sides[:: -1 if pair % 2 else 1]:
                runs[side].append(measure(side, Path(name), options.threads, options.device))
                print(pair + 1, side, runs[side][-1], flush=True)
    references = ["warm", *(["fresh"] if "fresh" in sides else [])]
    head = [f"{reference} / this: {kind}" for reference in references for kind in ("wall", "CPU")]
    lines = [f"| side | wall / CPU of each run (s) | {' | '.join(head)} |", f"|---|---|{'---|' * len(head)}"]
    for side, figures in runs.items():
        each = ", ".join(f"{figure['wall']:.1f} / {figure['cpu']:.1f}" for figure in figures)
        ratios = [
            _ratio([run[kind] for run in runs[reference]], [run[kind] for run in figures])
            for reference in references
            for kind in ("wall", "cpu")
        ]
        lines.append(f"| {side} | {each} | {' | '.join(ratios)} |")
    return lines


def _ratio(theirs: list[float], ours: list[float]) -> str:
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--shape", type=int, nargs=3, default=[40, 120, 112])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sides", nargs="*", default=[*OURS, "fresh"], choices=[*OURS, "fresh"])
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.set_defaults(classes=10, device="cpu")
    options = parser.parse_args()
    if options.once:
        side, folder, threads, device = json.loads(options.once)
        run_once(side, Path(folder), threads, device)
        return
    openvino = f", OpenVINO {version('openvino')}" if find_spec("openvino") else ""
    lines = [
        "# One case: ours against nnU-Net's predictor",
        "",
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, torch {version('torch')}, "
            f"nnU-Net {version('nnunetv2')}{openvino}. "
            f"{options.threads} thread(s), {options.pairs} pair(s), "
            f"image of {' x '.join(map(str, options.shape))} voxels of the model, no GPU. Ratios: median (range)."
        ),
        "",
        *times(options),
        "",
    ]
    keep(RESULT, "\n".join(lines))


if __name__ == "__main__":
    main()
