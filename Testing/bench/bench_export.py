"""Export of a network's output to labels on the image's grid: by corner agreement against nnU-Net's own function.

    python Testing/bench/bench_export.py [--pairs 7] [--classes 2 10 25] [--scale 1.0] [--threads 2] [--logits chain]

A whole spine: 64 x 640 x 256 voxels of the model become 91 x 914 x 366 (30 million); ``--scale`` shrinks all sides.
The half-precision logits are a chain of ellipsoids like a spine; ``--logits noise`` is the worst case, in which
borders are everywhere. Each pair runs both, in alternating order, each run in a process of its own, so that the peak of
memory is its own. Prints tables and keeps them in ``results``.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from record import circumstances, keep  # noqa: E402

RESULT = Path(__file__).parent / "results" / "export.md"
SOURCE, TARGET = (64, 640, 256), (91, 914, 366)


def make_logits(kind: str, classes: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return a ``chain`` of ellipsoids like a spine, or ``noise``: classes that meet everywhere, the worst case."""
    from scipy.ndimage import zoom

    logits = np.zeros((classes, *shape), dtype=np.float16)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, size, dtype=np.float32) for size in shape), indexing="ij", sparse=True)
    noise = np.random.default_rng(classes).normal(size=(classes, *(max(2, size // 20) for size in shape)))
    for number, channel in enumerate(logits):
        if kind == "noise":
            coarse = noise[number]
            channel[:] = 8 * zoom(coarse, np.divide(shape, coarse.shape), order=1, grid_mode=True, mode="nearest")
        elif number:
            middle = -1 + 2 * (number - 0.5) / (classes - 1)
            channel[:] = 10 * (1 - np.sqrt((x / 0.5) ** 2 + ((y - middle) * (classes - 1)) ** 2 + (z / 0.25) ** 2))
    return logits


def nnunet(logits: Any, shape: tuple[int, ...]) -> np.ndarray:
    """What nnU-Net does: every class everywhere, then the strongest."""
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

    mixed = resample_data_or_seg_to_shape(logits, shape, (1.0,) * 3, (0.7,) * 3, order=1, order_z=0)
    return np.asarray(mixed.argmax(0).astype(np.uint8))


def ours(logits: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Corner agreement."""
    from SpineGTRefineLib.models.export import strongest_class, write_labels
    from SpineGTRefineLib.models.resampling import resampling_axes

    target = np.zeros(shape, dtype=np.uint8)
    axes = resampling_axes(logits.shape[1:], shape, None)
    write_labels(logits, axes, strongest_class, np.arange(len(logits), dtype=np.uint8), target)
    return target


def run_once(side: str, folder: Path, shape: tuple[int, ...], threads: int) -> None:
    """Run one side in this process; keeps the labels and prints the figures."""
    import torch

    torch.set_num_threads(threads)
    logits = torch.from_numpy(np.load(folder / "logits.npy"))
    export = {"nnunet": nnunet, "ours": ours}[side]
    export(logits[:, :4, :8, :8].clone(), (6, 11, 11))  # imports and first calls are not what is compared
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    labels = export(logits, shape)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    np.save(folder / f"{side}.npy", labels)
    print(json.dumps({**figures, "extra_gib": grown / 2**20}))


def compare(classes: int, options: argparse.Namespace) -> list[str]:
    """Run the pairs for one number of classes; returns lines of Markdown."""
    source, target = (tuple(round(size * options.scale) for size in shape) for shape in (SOURCE, TARGET))
    runs: dict[str, list[dict[str, float]]] = {"nnunet": [], "ours": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "logits.npy", make_logits(options.logits, classes, source))
        for pair in range(options.pairs):
            for side in sorted(runs, reverse=bool(pair % 2)):
                job = json.dumps([side, name, target, options.threads])
                answer = subprocess.run(
                    [sys.executable, __file__, "--once", job], check=True, capture_output=True, text=True
                )
                runs[side].append(json.loads(answer.stdout.splitlines()[-1]))
        differing = int(np.count_nonzero(np.load(folder / "nnunet.npy") != np.load(folder / "ours.npy")))
    return _table(classes, target, runs, differing)


def _table(classes: int, target: tuple[int, ...], runs: dict[str, list[dict[str, float]]], differing: int) -> list[str]:
    lines = [
        f"## {classes} classes to {' x '.join(map(str, target))} ({np.prod(target) / 1e6:.1f} million voxels)",
        "",
        "| pair | nnU-Net wall / CPU (s) | ours wall / CPU (s) | ratio wall / CPU | extra GiB nnU-Net / ours |",
        "|---|---|---|---|---|",
    ]
    ratios: dict[str, list[float]] = {"wall": [], "cpu": []}
    for pair, (old, new) in enumerate(zip(runs["nnunet"], runs["ours"], strict=True), 1):
        for kind, kept in ratios.items():
            kept.append(old[kind] / new[kind])
        lines.append(
            f"| {pair} | {old['wall']:.2f} / {old['cpu']:.2f} | {new['wall']:.3f} / {new['cpu']:.3f} "
            f"| {ratios['wall'][-1]:.1f} / {ratios['cpu'][-1]:.1f} | {old['extra_gib']:.2f} / {new['extra_gib']:.2f} |"
        )
    said = "; ".join(
        f"{kind} median {statistics.median(kept):.1f}x ({min(kept):.1f} to {max(kept):.1f})"
        for kind, kept in ratios.items()
    )
    return [*lines, "", f"{said}. Differing voxels: {differing}.", ""]


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 10, 25])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--logits", choices=("chain", "noise"), default="chain")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        side, folder, shape, threads = json.loads(options.once)
        run_once(side, Path(folder), tuple(shape), threads)
        return
    lines = [
        "# Export to labels: corner agreement against nnU-Net's own function",
        "",
        (
            f"{circumstances('torch', 'nnunetv2')}. Both sides: "
            f"half-precision logits, linear interpolation, {options.threads} threads (nnU-Net's function uses one), "
            f"each run in a fresh process after a small first call. {options.pairs} pairs. Logits: {options.logits}."
        ),
        "",
    ]
    for classes in options.classes:
        table = compare(classes, options)
        print("\n".join(table), flush=True)
        lines += table
    keep(RESULT, "\n".join(lines))


if __name__ == "__main__":
    main()
