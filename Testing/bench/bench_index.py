"""Index of a large dataset: ours against pybids and bids2table, on the same files in the same run.

    python Testing/bench/bench_index.py [--subjects 2000]

Each tool runs in a process of its own, so that its peak memory is its own; imports are not timed. pybids is asked for
its fastest way (no metadata, no validation). bids2table reads one dataset at a time and is given the raw one only; the
others read the derivatives, too. A tool that misses a file gets no time.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SESSIONS = ("M0", "M12")
CONTRASTS = ("T1w", "T2w")
MASKS = ("label-spine_dseg", "label-canal_seg")


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


TOOLS: dict[str, tuple[Callable[[Path], list[int]], str]] = {
    "ours": (ours, "SpineGTRefineLib.bids"),
    "pybids": (pybids, "bids"),
    "bids2table": (bids2table, "bids2table"),
}


def compare(subjects: int) -> None:
    """Print seconds, memory and the ratio to ours for each tool."""
    with tempfile.TemporaryDirectory() as folder:
        images = make_dataset(Path(folder), subjects)
        print(f"index of {subjects} subjects, {images} images, {images} masks, {4 * images} files")
        reference = None
        for name, (_, package) in TOOLS.items():
            if importlib.util.find_spec(package) is None:
                print(f"  {name:<10} not installed (pip install {name})")
                continue
            found, seconds, megabytes = _measure(name, folder)
            if any(number != images for number in found):
                print(f"  {name:<10} found {found} of {images} files each; its time does not count")
                continue
            reference = reference or seconds
            print(f"  {name:<10} {seconds:8.2f} s  {megabytes:6.0f} MB  {seconds / reference:6.1f} x ours")


def _measure(name: str, folder: str) -> tuple[list[int], float, float]:
    command = [sys.executable, __file__, "--tool", name, "--folder", folder]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found, seconds, megabytes = json.loads(result.stdout.splitlines()[-1])
    return found, seconds, megabytes


def _run_one(name: str, folder: Path) -> None:
    index, package = TOOLS[name]
    importlib.import_module(package)
    before, start = _peak_memory(), time.perf_counter()
    found = index(folder)
    print(json.dumps([found, time.perf_counter() - start, _peak_memory() - before]))


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
    """Compare all tools, or (in a process of its own) run one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=2000)
    parser.add_argument("--tool", choices=list(TOOLS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path.insert(0, str(REPOSITORY))
    if arguments.tool:
        _run_one(arguments.tool, arguments.folder)
    else:
        compare(arguments.subjects)


if __name__ == "__main__":
    main()
