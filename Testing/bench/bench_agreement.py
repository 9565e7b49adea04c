"""Do our runs draw what nnU-Net's own predictor draws? All demo models, on phantoms that none saw in training.

    python Testing/bench/bench_agreement.py [--models canal spine ...]

Networks with random weights have ties everywhere and prove nothing here. For each label: the Dice of ours to nnU-Net's
mask, the voxels that differ, and by how much the Dice to the phantom's truth grows with ours. OpenVINO computes where
it is installed. Prints tables and keeps them in ``results``, by what computed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "support")]

from demo_agreement import TESTS, Agreement, measure  # noqa: E402
from record import circumstances, keep  # noqa: E402

RESULTS = Path(__file__).parent / "results"


def summary(rows: list[Agreement]) -> list[str]:
    """One line per model and mode; the last columns are how the Dice to the truth moves, on average and at most."""
    lines = [
        "| model | mode | computed by | labels | mean Dice | least | as promised | Dice to truth, mean | one label |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    groups = defaultdict(list)
    for row in rows:
        groups[row.model, row.mode, row.how].append(row)
    for (model, mode, how), group in groups.items():
        dice = [row.dice for row in group]
        kept = sum(row.exact for row in group)
        gains = [row.to_truth for row in group]
        lines.append(
            f"| {model} | {mode} | {how} | {len(group)} | {statistics.mean(dice):.5f} | {min(dice):.5f} "
            f"| {kept} of {len(group)} | {statistics.mean(gains):+.5f} | {max(gains, key=abs):+.5f} |"
        )
    return lines


def details(rows: list[Agreement]) -> list[str]:
    """One line per label that is not the same to the last voxel."""
    lines = ["| demo model | phantom | mode | label | voxels | differing | Dice |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.model} | {row.phantom} | {row.mode} | {row.label} | {row.voxels} | {row.differing} | {row.dice:.5f} |"
        for row in rows
        if row.differing
    ]
    return lines


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(TESTS), choices=list(TESTS))
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    rows = []
    for model in options.models:
        rows += measure(model, TESTS[model])
        print("\n".join(summary(rows)), flush=True)
    openvino = find_spec("openvino") is not None
    backend = f"OpenVINO {version('openvino')}" if openvino else "PyTorch"
    text = [
        f"# Agreement of the demo models with nnU-Net's own predictor ({backend})",
        "",
        (
            f"{circumstances('torch', 'nnunetv2')}. Neither side votes with mirrored copies or cleans up after. "
            "Dice is to nnU-Net's mask. Promised of exact mode: 0.999, or 5 differing voxels of a label below 5000. "
            "Dice to truth: by how much it changes, over all labels and for the one that changes most."
        ),
        "",
        *summary(rows),
        "",
        "Labels that differ anywhere:",
        "",
        *details(rows),
        "",
    ]
    keep(RESULTS / f"agreement_{'openvino' if openvino else 'pytorch'}.md", "\n".join(text))


if __name__ == "__main__":
    main()
