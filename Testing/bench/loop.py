"""Does correcting what the ranking shows first make a better model than correcting at random? Won or lost, it is shown.

    python Testing/bench/loop.py --work FOLDER [--seeds 3] [--people 40]

A dataset of phantoms whose masks hold known errors. A small model is trained on it as it is. Then some masks are
corrected, and training goes on from that model, each time with the same number of steps and the same augmentation; at
the end the models draw people that no training saw. Arms: nothing corrected; the first 20 % of the ranking (with its
random places); 40 % at random (for some datasets also 20 %); all. The ranking sees what ``rank`` sees: predictions
of models that were not trained on the very masks, two of them, each trained on half of the uncorrected dataset. Its
rules need volumes and have no say. A corrected mask is the truth as a careful rater draws it; a sound one stays as it
is.

In the rows with the bent masks every mask, sound or not, is bent alike, like those of a template that fits badly: no
clean model exists, and only what is corrected is straight.

Each training is kept in the folder, and a stopped run goes on. Writes ``results/loop.md`` and ``results/loop.json``.
"""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "support")]

from loop_report import write_report  # noqa: E402
from loop_world import FIELD, SPACING_MM, STRUCTURES, Drawn, draw_people  # noqa: E402
from small_model import SmallModel, draw_with, weights_of  # noqa: E402

from SpineGTRefineLib.fileops import sha256_of_bytes, write_atomic  # noqa: E402
from SpineGTRefineLib.imaging import Image, LabelMap  # noqa: E402
from SpineGTRefineLib.learning.evaluation import CaseMetrics, evaluate_case  # noqa: E402
from SpineGTRefineLib.learning.ranking import Evidence, disagreement, rank  # noqa: E402

Weights = Mapping[str, Any]
Result = TypeVar("Result")

TEST_SEED = 500
"""Added to a seed for the people of its test set."""


@dataclass(frozen=True)
class Scenario:
    """What is wrong with a dataset, and whether as many masks as are ranked are also drawn at random."""

    name: str
    prevalence: float
    bent: bool = False
    with_equal_effort: bool = False


SCENARIOS = (
    Scenario("20 % wrong", 0.2, with_equal_effort=True),
    Scenario("20 % wrong, all bent", 0.2, bent=True, with_equal_effort=True),
    Scenario("60 % wrong", 0.6),
    Scenario("5 % wrong", 0.05),
)


@dataclass(frozen=True)
class Outcome:
    """One arm of one seed: what was corrected, and how the model then draws the people of the test set."""

    scenario: str
    arm: str
    seed: int
    corrected: int
    wrong: int
    found: int
    voxels: int
    scores: tuple[CaseMetrics, ...]


class Bench:
    """Trains and scores, each set of masks once; results are kept in a folder."""

    def __init__(self, work: Path, people: int, seed: int) -> None:
        self._people, self._seed = people, seed
        self._folder = work / f"seed-{seed}"
        self._model = SmallModel(work / "training", STRUCTURES, SPACING_MM, FIELD)
        self._tests = draw_people(people, seed + TEST_SEED)

    def outcomes(self, scenario: Scenario) -> list[Outcome]:
        """Run all arms on one dataset."""
        cases = draw_people(self._people, self._seed, prevalence=scenario.prevalence, atlas=scenario.bent)
        count, chance = len(cases), np.random.default_rng([self._seed, 3]).permutation(len(cases)).tolist()
        ranked, start = self._ranked(cases), self._start(cases)
        arms = {
            "nothing": [],
            "ranked 20 %": ranked[: round(0.2 * count)],
            "random 20 %": chance[: round(0.2 * count)],
            "random 40 %": chance[: round(0.4 * count)],
            "all": list(range(count)),
        }
        if not scenario.with_equal_effort:
            del arms["random 20 %"]
        return [self._outcome(scenario, arm, cases, chosen, start) for arm, chosen in arms.items()]

    def _outcome(
        self, scenario: Scenario, arm: str, cases: Sequence[Drawn], chosen: Sequence[int], start: Weights
    ) -> Outcome:
        masks = [case.sound if number in set(chosen) else case.mask for number, case in enumerate(cases)]
        changed = [np.count_nonzero(case.mask.array != mask.array) for case, mask in zip(cases, masks, strict=True)]
        wrong = {number for number, case in enumerate(cases) if case.error}
        drawn = self._drawn(cases, masks, self._tests, start)
        scores = (evaluate_case(own, test.truth, name=test.name) for own, test in zip(drawn, self._tests, strict=True))
        found = len(wrong & set(chosen))
        print(f"seed {self._seed}, {scenario.name}, {arm}: {found} of {len(wrong)} found", flush=True)
        return Outcome(
            scenario.name, arm, self._seed, len(chosen), len(wrong), found, sum(map(int, changed)), tuple(scores)
        )

    def _ranked(self, cases: Sequence[Drawn]) -> list[int]:
        """Order the cases as ``rank`` does, by what models say that did not see them."""
        predicted: dict[str, LabelMap] = {}
        for half in (0, 1):
            seen, others = cases[half::2], cases[1 - half :: 2]
            drawn = self._drawn(seen, [case.mask for case in seen], others)
            predicted |= {case.name: own for case, own in zip(others, drawn, strict=True)}
        evidence = [
            Evidence(case.name, "spine", disagreement(case.mask, predicted[case.name], "the model")) for case in cases
        ]
        places = {case.name: number for number, case in enumerate(cases)}
        return [places[row.case] for row in rank(evidence, seed=self._seed)]

    def _start(self, cases: Sequence[Drawn]) -> Weights:
        """Train on the dataset as it is."""
        images, masks = [case.image for case in cases], [case.mask for case in cases]
        return self._kept(
            [*images, *masks], "weights", lambda: weights_of(self._model.train(images, masks, self._seed))
        )

    def _drawn(
        self, cases: Sequence[Drawn], masks: Sequence[LabelMap], others: Sequence[Drawn], start: Weights | None = None
    ) -> list[LabelMap]:
        """Train on masks, or go on with them, and draw other people."""
        images = [case.image for case in cases]

        def draw() -> list[LabelMap]:
            return draw_with(self._model.train(images, masks, self._seed, start), [case.image for case in others])

        before = [] if start is None else [case.mask for case in cases]
        return self._kept([*images, *masks, *before], others[0].name, draw)

    def _kept(self, volumes: Sequence[Image | LabelMap], what: str, make: Callable[[], Result]) -> Result:
        """Return what was made before from the same volumes, or make it."""
        key = sha256_of_bytes(b"".join(volume.array.tobytes() for volume in volumes) + what.encode())
        kept = self._folder / f"{key}.pickle"
        if not kept.is_file():
            write_atomic(kept, pickle.dumps(make()))
        result: Result = pickle.loads(kept.read_bytes())
        return result


def main() -> None:
    """Run what is left to run; the report is written anew after each kind of dataset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for trainings; a stopped run goes on there")
    parser.add_argument("--people", type=int, default=40, help="people to learn from, and as many to test on")
    parser.add_argument("--seeds", type=int, default=3, help="how many datasets are drawn")
    options = parser.parse_args()
    benches = [Bench(options.work, options.people, seed) for seed in range(options.seeds)]
    outcomes: list[Outcome] = []
    for scenario in SCENARIOS:
        outcomes += [outcome for bench in benches for outcome in bench.outcomes(scenario)]
        write_report(HERE / "results", outcomes, options.people)


if __name__ == "__main__":
    main()
