"""Ten small cases: the warm worker against a process for each case, which is how models are run from scripts.

    python Testing/bench/bench_worker.py

Needs PyTorch and nnU-Net in this Python. Both ways run the same recipe with the same small network (random weights, two
tiles a case) on the same images and save the same proposals, compared after the first pair; they differ in who does it.
A process of the rival imports, loads the model, runs one case in this library's own in-process way and ends. The worker
is timed twice: with its model loaded, as a second case in a session meets it, and from nothing, its start included.
What counts is the median of the ratios of neighbouring runs. With a large network on a processor the network itself
takes nearly all the time, and there is little to gain. The result goes to ``Testing/bench/results/worker.md``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from record import circumstances, keep

REPOSITORY = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).parent / "results" / "worker.md"
RECIPE, MODEL = "canal", "small"
CASES, PAIRS = 10, 7


@dataclass(frozen=True)
class Pair:
    """Seconds for all cases: a process each, the worker from nothing, the worker when it is warm."""

    processes: float
    from_nothing: float
    warm: float


def make_dataset(root: Path, cases: int) -> None:
    """Write small images of noise, one a subject."""
    import numpy as np

    from SpineGTRefineLib.imaging import Geometry, Image, write_image

    grid = Geometry((24, 24, 16), np.diag([0.8, 0.8, 1.3, 1.0]))
    for number in range(1, cases + 1):
        path = root / f"sub-{number:02}" / "anat" / f"sub-{number:02}_T2w.nii.gz"
        path.parent.mkdir(parents=True)
        write_image(path, Image(np.random.default_rng(number).integers(0, 500, grid.shape).astype(np.int16), grid))


def install_model(folder: Path) -> None:
    """Make a small network and install it where both ways look for models."""
    from tiny_models import make_model

    from SpineGTRefineLib.models import ModelStore
    from SpineGTRefineLib.models.installed import FOLDER_VARIABLE

    os.environ[FOLDER_VARIABLE] = str(folder / "store")
    made = make_model(folder / "made" / "nnUNetTrainer__nnUNetPlans__3d_fullres", labels={"background": 0, "canal": 1})
    ModelStore().install_own(made, name=MODEL, scheme="canal")


def run_one(root: Path, output: Path, key: str) -> None:
    """Run one case in this process."""
    from SpineGTRefineLib.bids import Dataset
    from SpineGTRefineLib.models import ModelStore
    from SpineGTRefineLib.recipes.batch import RunSettings, run_on_dataset
    from SpineGTRefineLib.recipes.definition import recipe

    dataset = Dataset.open(root, output)
    model = ModelStore().find(MODEL)
    (outcome,) = run_on_dataset(recipe(RECIPE), dataset, [dataset.case(key)], model, RunSettings("cpu", again=True))
    outcome.succeeded or sys.exit(str(outcome.error))


def time_processes(root: Path, output: Path) -> float:
    """Return the seconds that a process for each case takes, one after the other."""
    start = time.perf_counter()
    for key in _keys(root):
        command = [sys.executable, __file__, "--one", key, "--folder", str(root), "--output", str(output)]
        subprocess.run(command, check=True)
    return time.perf_counter() - start


def time_worker(root: Path, output: Path) -> tuple[float, float]:
    """Return the seconds for all cases from nothing, and again when the worker is warm."""
    from SpineGTRefineLib.bids import Dataset
    from SpineGTRefineLib.engine import Engine, worker_command
    from SpineGTRefineLib.engine.batch import run_jobs
    from SpineGTRefineLib.engine.recipe_jobs import recipe_job

    dataset = Dataset.open(root, output)
    jobs = [recipe_job(dataset, case, RECIPE, model=MODEL, device="cpu", again=True) for case in dataset]
    seconds = []
    begin = time.perf_counter()
    engine = Engine(worker_command(sys.executable))
    try:
        for _ in range(2):
            for outcome in run_jobs(engine, jobs):
                outcome["succeeded"] or sys.exit(str(outcome))
            seconds.append(time.perf_counter() - begin)
            begin = time.perf_counter()
    finally:
        engine.shutdown()
    return seconds[0], seconds[1]


def compare(pairs: int) -> str:
    """Run both ways in turn; return the report in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        root, cold, warm = (Path(folder, name) for name in ("dataset", "cold", "warm"))
        make_dataset(root, CASES)
        install_model(Path(folder))
        results = []
        for number in range(pairs):
            pair = Pair(time_processes(root, cold), *time_worker(root, warm))
            print(f"pair {number + 1}: {pair}", flush=True)
            if number == 0:
                _check_same(cold, warm)
            results.append(pair)
    rows = [
        f"| {number} | {p.processes:.1f} s | {p.from_nothing:.1f} s | {p.warm:.2f} s | {p.processes / p.warm:.1f} x "
        f"| {p.processes / p.from_nothing:.1f} x |"
        for number, p in enumerate(results, start=1)
    ]
    medians = [
        statistics.median(p.processes / p.warm for p in results),
        statistics.median(p.processes / p.from_nothing for p in results),
    ]
    return "\n".join(
        [
            f"# {CASES} small cases: the warm worker against a process for each",
            "",
            f"{circumstances('torch', 'nnunetv2')}.",
            "A small network, two tiles a case, processor only. Both wrote the same masks.",
            "Made by `Testing/bench/bench_worker.py`.",
            "",
            "| pair | a process each | worker, start included | worker, warm | ratio, warm | ratio, start included |",
            "|---|---|---|---|---|---|",
            *rows,
            f"| median | | | | **{medians[0]:.1f} x** | {medians[1]:.1f} x |",
            "",
        ]
    )


def _keys(root: Path) -> list[str]:
    return sorted(path.name.removesuffix(".nii.gz") for path in root.glob("sub-*/anat/*.nii.gz"))


def _check_same(cold: Path, warm: Path) -> None:
    from SpineGTRefineLib.fileops import sha256_of_file

    masks = [
        sorted(path for path in folder.rglob("*_mask.nii.gz") if "history" not in path.parts) for folder in (cold, warm)
    ]
    hashes = [[(path.name, sha256_of_file(path)) for path in found] for found in masks]
    if len(hashes[0]) < CASES or hashes[0] != hashes[1]:
        sys.exit("The two ways did not write the same masks; no time.")


def main() -> None:
    """Compare both ways and keep the report, or (in a process of its own) run one case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=PAIRS)
    for name in ("--one", "--folder", "--output"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]
    if arguments.one:
        run_one(Path(arguments.folder), Path(arguments.output), arguments.one)
        return
    if any(importlib.util.find_spec(name) is None for name in ("torch", "nnunetv2")):
        print("bench_worker: skipped, needs PyTorch and nnU-Net")
        return
    report = compare(arguments.pairs)
    if arguments.pairs >= PAIRS:
        keep(RESULT, report)
    else:
        print(report)


if __name__ == "__main__":
    main()
