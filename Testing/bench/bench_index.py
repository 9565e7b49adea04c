"""Index of a large dataset: ours against pybids and bids2table, on the same files in the same run.

    python -m venv /somewhere/rivals && /somewhere/rivals/bin/pip install pybids bids2table
    python Testing/bench/bench_index.py --rivals /somewhere/rivals/bin/python

Each run is a process of its own, imports not timed, ours and the rival's in turn; what counts is the median of the
ratios of neighbouring runs. pybids is asked for its fastest way (no metadata, no validation) and, being slow, for one
pair only. bids2table reads one dataset at a time and is given the raw one only; the others read the derivatives, too.
A tool that misses a file gets no time. The result goes to ``Testing/bench/results/index.md``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from record import circumstances, keep

REPOSITORY = Path(__file__).resolve().parents[2]
RESULT = Path(__file__).parent / "results" / "index.md"
SESSIONS = ("M0", "M12")
CONTRASTS = ("T1w", "T2w")
MASKS = ("label-spine_dseg", "label-canal_seg")


@dataclass(frozen=True)
class Tool:
    """A way to index a dataset: what to import, what to run, how many pairs of runs it is worth."""

    package: str
    distribution: str
    index: Callable[[Path], list[int]]
    pairs: int = 7


@dataclass(frozen=True)
class Run:
    """One timed run: images and masks found, seconds, megabytes of memory above the imports, version of the tool."""

    found: list[int]
    seconds: float
    megabytes: float
    version: str


def make_dataset(root: Path, subjects: int) -> int:
    """Make a dataset of empty files, 16 for each subject; returns the number of images, and there are as many masks."""
    labels = root / "derivatives" / "labels"
    for folder, kind in ((root, "raw"), (labels, "derivative")):
        description = {"Name": kind, "BIDSVersion": "1.10.0", "DatasetType": kind, "GeneratedBy": [{"Name": "bench"}]}
        _write(folder / "dataset_description.json", json.dumps(description))
    for number in range(subjects):
        for session in SESSIONS:
            place, name = f"sub-{number:04}/ses-{session}/anat", f"sub-{number:04}_ses-{session}"
            _write_pairs(root / place, [f"{name}_{contrast}" for contrast in CONTRASTS])
            _write_pairs(labels / place, [f"{name}_T2w_{mask}" for mask in MASKS])
    return subjects * len(SESSIONS) * len(CONTRASTS)


def ours(root: Path) -> list[int]:
    """Index with this project; returns the number of images and of masks found."""
    from SpineGTRefineLib.bids import Dataset

    cases = Dataset.open(root).cases()
    return [len(cases), sum(len(case.masks) for case in cases)]


def pybids(root: Path) -> list[int]:
    """Index with pybids, derivatives included, without metadata and validation."""
    from bids import BIDSLayout, BIDSLayoutIndexer

    indexer = BIDSLayoutIndexer(validate=False, index_metadata=False)
    layout = BIDSLayout(root, derivatives=True, validate=False, indexer=indexer)
    return [len(layout.get(scope=scope, extension=".nii.gz", return_type="file")) for scope in ("raw", "derivatives")]


def bids2table(root: Path) -> list[int]:
    """Index with bids2table, the raw dataset only."""
    from bids2table import index_dataset

    return [index_dataset(root).column("ext").to_pylist().count(".nii.gz")]


TOOLS = {
    "ours": Tool("SpineGTRefineLib.bids", "spine-gt-refine", ours),
    "bids2table": Tool("bids2table", "bids2table", bids2table),
    "pybids": Tool("bids", "pybids", pybids, pairs=1),
}


def compare(subjects: int, rivals: str) -> str:
    """Run ours and each rival in turn on one dataset; returns the report in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        images = make_dataset(Path(folder), subjects)
        _run(sys.executable, "ours", folder)  # fills the file system's cache for everybody
        rows = [_row(name, folder, rivals, images) for name in TOOLS if name != "ours"]
    return "\n".join(
        [
            f"# Index of {subjects} subjects ({images} images, {images} masks, {4 * images} files)",
            "",
            f"{circumstances()}.",
            "Medians of neighbouring runs; made by `Testing/bench/bench_index.py`.",
            "",
            "| rival | pairs | rival | ours | ratio (least to most) | memory, rival | memory, ours |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(name: str, folder: str, rivals: str, images: int) -> str:
    pairs = []
    for _ in range(TOOLS[name].pairs):
        own, rival = _run(sys.executable, "ours", folder), _run(rivals, name, folder)
        if rival is None or own is None:
            return f"| {name} | 0 | not installed (pip install {name}) | | | | |"
        if any(number != images for number in (*own.found, *rival.found)):
            return f"| {name} | 0 | found {rival.found}, ours {own.found}, of {images}; no time | | | | |"
        pairs.append((rival, own))
    ratios = [rival.seconds / own.seconds for rival, own in pairs]
    seconds = [statistics.median(run.seconds for run in runs) for runs in zip(*pairs, strict=True)]
    megabytes = [statistics.median(run.megabytes for run in runs) for runs in zip(*pairs, strict=True)]
    spread = f"{statistics.median(ratios):.1f} x ({min(ratios):.1f} to {max(ratios):.1f})"
    cells = (
        f"{name} {pairs[0][0].version}", len(pairs), f"{seconds[0]:.2f} s", f"{seconds[1]:.2f} s", spread,
        f"{megabytes[0]:.0f} MB", f"{megabytes[1]:.0f} MB",
    )  # fmt: skip
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _run(python: str, name: str, folder: str) -> Run | None:
    """Time one tool in a process of its own; None where that Python lacks it."""
    command = [python, __file__, "--tool", name, "--folder", folder]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(result.stdout.splitlines()[-1])
    return Run(**answer) if answer else None


def _run_here(name: str, folder: Path) -> None:
    tool = TOOLS[name]
    try:
        importlib.import_module(tool.package)
    except ModuleNotFoundError:
        print("null")
        return
    version = metadata.version(tool.distribution) if name != "ours" else ""
    before, start = _peak_memory(), time.perf_counter()
    found = tool.index(folder)
    seconds = time.perf_counter() - start
    print(json.dumps(vars(Run(found, seconds, _peak_memory() - before, version))))


def _peak_memory() -> float:
    """Peak memory of this process in MB so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _write_pairs(folder: Path, names: list[str]) -> None:
    for name in names:
        _write(folder / f"{name}.nii.gz", "")
        _write(folder / f"{name}.json", "{}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Compare all tools and keep the report, or (in a process of its own) run one tool."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=2000)
    parser.add_argument("--rivals", default=sys.executable, help="a Python that has pybids and bids2table")
    parser.add_argument("--tool", choices=list(TOOLS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path.insert(0, str(REPOSITORY))
    if arguments.tool:
        _run_here(arguments.tool, arguments.folder)
        return
    report = compare(arguments.subjects, arguments.rivals)
    if "not installed" in report:
        print(report)
    else:
        keep(RESULT, report)


if __name__ == "__main__":
    main()
