"""Ranking: how many spoilt masks are in the first fifth, by kind of error and how common errors are, against chance.

``python Testing/bench/bench_ranking.py`` writes ``results/ranking.md``. Won or lost, every row is shown. In the rows
"same misfit in all masks" every mask, sound or not, is bent like a template that fits badly, and no clean mask exists.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from spoilt import KINDS, pairs  # noqa: E402

from SpineGTRefineLib.checks import check_labels  # noqa: E402
from SpineGTRefineLib.learning.ranking import Evidence, disagreement, rank, rule_findings  # noqa: E402

MIXES = {**{kind: (kind,) for kind in KINDS}, "all kinds": KINDS}
FIRST = 0.2


def found(cases, random_share):
    """Part of the errors in the first fifth, of those that fit into it."""
    evidence = [
        Evidence(c.name, "spine", rule_findings(check_labels(c.mask)) + disagreement(c.mask, c.model, "the model"))
        for c in cases
    ]
    first = {row.case for row in rank(evidence, random_share=random_share)[: round(FIRST * len(cases))]}
    wrong = {c.name for c in cases if c.error}
    return len(wrong & first) / min(len(wrong), len(first))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    lines = [
        "# Ranking",
        "",
        f"Part of the spoilt masks among the first 20 %, of those that fit; mean and range of {options.seeds} draws of",
        f"{options.cases} phantoms at 3 mm. By chance: 0.20 where errors are rarer than that, else the prevalence;",
        "with the default 15 % of random places. The model's mask is the truth drawn with a shaky hand, so it knows",
        "the levels; what a trained model that makes mistakes of its own can find is in `loop.md`.",
        "",
        "| errors | prevalence | found | range | by chance | found, same misfit in all masks |",
        "|---|---|---|---|---|---|",
    ]
    for mix, kinds in MIXES.items():
        for prevalence in (0.05, 0.2, 0.6):
            runs = [found(pairs(options.cases, prevalence, kinds, seed=s), 0.15) for s in range(options.seeds)]
            bent = [
                found(pairs(options.cases, prevalence, kinds, seed=s, atlas=True), 0.15) for s in range(options.seeds)
            ]
            print(mix, prevalence, runs, bent, flush=True)
            lines.append(
                f"| {mix} | {prevalence:.0%} | {np.mean(runs):.2f} | {min(runs):.2f} to {max(runs):.2f} "
                f"| {max(FIRST, prevalence):.2f} | {np.mean(bent):.2f} |"
            )
    (HERE / "results" / "ranking.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
