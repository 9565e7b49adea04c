"""Two thousand tiny cases on Dask: each once, the same masks, flat memory; and what Dask adds to the time of a case.

    python Testing/bench/bench_cluster.py

Needs Dask (the extra `batch`). The network is a threshold, so that nearly all the time is ours: reading, saving,
recording, handing out. What Dask adds is seen in pairs: the same cases through one engine, and through a cluster of one
worker that has such an engine; timed from the first outcome to the last, so that starting is not counted. In the long
run a Dask worker is killed on the way. The result goes to ``Testing/bench/results/cluster.md``.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from record import circumstances, keep

REPOSITORY = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).parent / "results" / "cluster.md"
WORKER = [sys.executable, str(REPOSITORY / "Testing" / "support" / "threshold_worker.py")]
PAIRS, SHORT, LONG = 7, 200, 2000
PROMISED_MS = 15.0


def jobs_of(root: Path, output: Path, number: int, **fields: Any) -> list[dict[str, Any]]:
    """Return the jobs of the first cases of the dataset."""
    from SpineGTRefineLib.bids import Dataset
    from SpineGTRefineLib.engine.recipe_jobs import recipe_job

    dataset = Dataset.open(root, output)
    cases = dataset.cases()[:number]
    return [recipe_job(dataset, case, "canal", model="threshold", again=True, **fields) for case in cases]


def ms_a_case(outcomes: Iterator[dict[str, Any]]) -> float:
    """Return the milliseconds of a case, from the first outcome to the last."""
    first = next(outcomes)
    begin = time.perf_counter()
    others = list(outcomes)
    spent = time.perf_counter() - begin
    if failed := [outcome for outcome in (first, *others) if not outcome["succeeded"]]:
        sys.exit(f"{len(failed)} cases failed: {failed[0]}")
    return spent / len(others) * 1000


def compare(root: Path, folder: Path, pairs: int) -> list[tuple[float, float]]:
    """Return, pair by pair, the milliseconds of a case through an engine and through Dask."""
    from SpineGTRefineLib.engine import Engine
    from SpineGTRefineLib.engine.batch import run_jobs
    from SpineGTRefineLib.engine.cluster import local_cluster, run_on_cluster

    spent = []
    engine = Engine(WORKER)
    jobs = jobs_of(root, folder / "pairs", SHORT)
    with local_cluster(1) as address:
        for _ in range(pairs):
            spent.append((ms_a_case(run_jobs(engine, jobs)), ms_a_case(run_on_cluster(address, jobs, command=WORKER))))
            print(f"engine {spent[-1][0]:.1f} ms, Dask {spent[-1][1]:.1f} ms", flush=True)
    engine.shutdown()
    return spent


def long_run(root: Path, folder: Path) -> list[str]:
    """Run all cases on two workers, one of which is killed on the way; return lines of the report."""
    from SpineGTRefineLib.engine import Engine
    from SpineGTRefineLib.engine.batch import run_jobs
    from SpineGTRefineLib.engine.cluster import local_cluster, run_on_cluster

    engine = Engine(WORKER)
    failed = [o for o in run_jobs(engine, jobs_of(root, folder / "inline", LONG)) if not o["succeeded"]]
    engine.shutdown()
    diary = folder / "diary"
    jobs = [job | {"again": False} for job in jobs_of(root, folder / "dask", LONG, diary=str(diary))]
    memory, done = [], 0
    with local_cluster(2) as address:
        for done, outcome in enumerate(run_on_cluster(address, jobs, command=WORKER), start=1):
            failed += [] if outcome["succeeded"] else [outcome]
            if done == LONG // 4:
                os.kill(dask_workers(address)[0], signal.SIGKILL)
            if done % (LONG // 8) == 0:
                memory.append(f"{done}: {memory_mib():.0f} MiB")
    written = Counter(diary.read_text().split())
    times = Counter(min(count, 2) for count in written.values())
    same = masks(folder / "inline") == masks(folder / "dask")
    return [
        f"* {done} outcomes, {len(failed)} failed; a Dask worker was killed after {LONG // 4}.",
        f"* Cases saved exactly once: {times[1]}; more than once: {times[2]}; never: {LONG - len(written)}.",
        f"* Masks equal to those of one engine without Dask, byte for byte: {'yes' if same else 'NO'}.",
        f"* Memory of the command, the scheduler, the Dask workers and the engines: {', '.join(memory)}.",
    ]


def dask_workers(address: str) -> list[int]:
    """Return the process numbers of a scheduler's workers."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def memory_mib() -> float:
    """Return the proportional memory of this process and of all that descend from it."""
    import psutil

    own = psutil.Process()
    return sum(process.memory_full_info().pss for process in [own, *own.children(recursive=True)]) / 2**20


def masks(output: Path) -> dict[str, bytes]:
    """Return the masks of a derivative."""
    return {path.name: path.read_bytes() for path in output.glob("sub-*/anat/*.nii.gz")}


def report(spent: list[tuple[float, float]], lines: list[str]) -> str:
    """Write both parts down."""
    added = [dask - engine for engine, dask in spent]
    rows = [f"| {n} | {e:.1f} | {d:.1f} | {d - e:.1f} |" for n, (e, d) in enumerate(spent, start=1)]
    return "\n".join(
        [
            "# Many tiny cases on Dask",
            "",
            f"{circumstances('distributed')}.",
            "Images of 16 x 16 x 16 voxels, the network is a threshold. Made by `Testing/bench/bench_cluster.py`.",
            "",
            f"What Dask adds: {SHORT} cases, wall milliseconds a case from the first outcome to the last.",
            "",
            "| pair | one engine | Dask, one worker with an engine | added |",
            "|---|---|---|---|",
            *rows,
            f"| median | | | **{statistics.median(added):.1f}** (promised: less than {PROMISED_MS:.0f}) |",
            "",
            f"{LONG} cases on two workers:",
            "",
            *lines,
            "",
        ]
    )


def main() -> None:
    """Run both parts and keep the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=PAIRS)
    arguments = parser.parse_args()
    sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]
    from tiny_dataset import write_tiny_dataset

    with tempfile.TemporaryDirectory() as name:
        root = write_tiny_dataset(Path(name, "data"), LONG)
        spent = compare(root, Path(name), arguments.pairs)
        keep(RESULT, report(spent, long_run(root, Path(name))))


if __name__ == "__main__":
    main()
