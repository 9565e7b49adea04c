"""One case through a network of nnU-Net's default size: ours, exact and fast, against nnU-Net's own predictor.

    python Testing/bench/bench_predict.py [--pairs 7] [--shape 40 120 112] [--threads 1] [--sides torch-exact ...]

The network has random weights (10 classes, 32 to 320 features, tiles of 32 x 96 x 96) and no side mirrors. ``warm`` is
nnU-Net's predictor with the model loaded, ``fresh`` a new process of ``nnUNetv2_predict``, the others are ours.
nnU-Net's predictor has a process for all its runs; ours another, which reuses memory as the worker does. In each a
small image goes first, and its time is not counted. Agreement is measured by ``bench_agreement.py`` with trained
models: one with random weights has ties everywhere. Prints a table and keeps it in ``results``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from record import circumstances, keep  # noqa: E402

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
Call = Callable[[Any], np.ndarray]
MARK = "figures: "
"""Begins the lines that count: nnU-Net prints, too."""


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


def our_call(folder: Path, side: str, device: str) -> Call:
    """Return our prediction with the model loaded; image in, labels out."""
    from SpineGTRefineLib.models import ModelStore, load_model, predict
    from SpineGTRefineLib.models.backends import openvino
    from SpineGTRefineLib.process.memory import reuse_freed_memory

    backend, mode = side.split("-")
    if backend == "torch":
        reuse_freed_memory()
    store = ModelStore(folder / f"store-{side}")
    loaded = load_model(store.install_own(folder / "model", name="big"))

    def call(image: Any) -> np.ndarray:
        openvino.is_installed = lambda: backend == "openvino"
        said = predict([image], loaded, device=device, mode=mode)
        if said.provenance["backend"] != backend:
            raise SystemExit(f"{side} was computed by {said.provenance['backend']}")
        return np.asarray(said.labels.array)

    return call


def serve(folder: Path, threads: int, device: str) -> None:
    """Run the side that each line of standard input names, and print its figures; models stay loaded."""
    import torch

    from SpineGTRefineLib.imaging import Box, crop, read_image

    torch.set_num_threads(threads)
    image = read_image(folder / "images" / "case_0000.nii.gz")
    corner = Box((0, 0, 0), tuple(np.minimum(image.geometry.shape, (24, 24, 12)).tolist()))
    calls: dict[str, Call] = {}
    for line in sys.stdin:
        side = line.strip()
        if side not in calls:
            calls[side] = nnunet_call(folder / "model", device) if side == "warm" else our_call(folder, side, device)
            calls[side](crop(image, corner))
        wall, cpu = time.perf_counter(), time.process_time()
        calls[side](image)
        figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print(MARK + json.dumps(figures), flush=True)


class Server:
    """A process that keeps models loaded and runs the image on demand."""

    def __init__(self, folder: Path, threads: int, device: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, __file__, "--serve", json.dumps([str(folder), threads, device])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "SPINEGTREFINE_MODELS": str(folder / "models")},
        )

    def run(self, side: str) -> dict[str, float]:
        """Run a side once and return its seconds."""
        self._child.stdin.write(f"{side}\n")
        self._child.stdin.flush()
        for line in self._child.stdout:
            if line.startswith(MARK):
                return dict(json.loads(line.removeprefix(MARK)))
        raise SystemExit(f"the process of {side} ended")

    def end(self) -> None:
        """End the process."""
        self._child.communicate()


def run_fresh(folder: Path, threads: int, device: str) -> dict[str, float]:
    """Run ``nnUNetv2_predict`` in a new process; its workers count."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    script = "from nnunetv2.inference.predict_from_raw_data import predict_entry_point_modelfolder as run; run()"
    options = ["-i", folder / "images", "-o", folder / "out", "-m", folder / "model", "-f", "0", "-device", device]
    command = [sys.executable, "-c", script, *map(str, options), "--disable_tta", "--disable_progress_bar"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - start, "cpu": cpu}


def times(options: argparse.Namespace) -> list[str]:
    """Compare the times (``pairs``, ``shape``, ``classes``, ``threads``, ``device``, ``sides``); returns Markdown."""
    sides = ["warm", *options.sides]
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, tuple(options.shape), options.classes)
        settings = (folder, options.threads, options.device)
        nnunet, ours = Server(*settings), Server(*settings)
        for pair in range(options.pairs):
            for side in sides[:: -1 if pair % 2 else 1]:
                server = nnunet if side == "warm" else ours
                runs[side].append(run_fresh(*settings) if side == "fresh" else server.run(side))
                print(pair + 1, side, runs[side][-1], flush=True)
        nnunet.end()
        ours.end()
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
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.set_defaults(classes=10, device="cpu")
    options = parser.parse_args()
    if options.serve:
        folder, threads, device = json.loads(options.serve)
        serve(Path(folder), threads, device)
        return
    packages = ("torch", "nnunetv2", *(["openvino"] if find_spec("openvino") else []))
    lines = [
        "# One case: ours against nnU-Net's predictor",
        "",
        (
            f"{circumstances(*packages)}. "
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
