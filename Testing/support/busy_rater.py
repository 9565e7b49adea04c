"""A rater who counts in voxels until somebody kills the program: python busy_rater.py DATASET INTERVAL_S SEED.

Every edit is told on the standard output as ``edit N SECONDS`` after it was made, every save as ``save N SECONDS``;
the seconds are those of the machine's own clock.
"""

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from review_world import SPINE

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.review.journal import DraftJournal
from SpineGTRefineLib.review.operations import Operation
from SpineGTRefineLib.review.session import ReviewSession

ONE = SPINE.scheme.value_of("sacrum")
BITS = 24


def number_in(array: np.ndarray) -> int:
    """The number that the first row of voxels spells."""
    return sum(1 << bit for bit in range(BITS) if array[0, 0, bit] == ONE)


def spell(number: int) -> Operation:
    """Write a number into the first row of voxels."""

    def function(labels: LabelMap) -> LabelMap:
        array = labels.array.copy()
        array[0, 0, :BITS] = [ONE if number >> bit & 1 else 0 for bit in range(BITS)]
        return labels.with_array(array)

    return Operation(f"count to {number}", function)


def main() -> None:
    """Count for ever, save now and then."""
    folder, interval_s, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    session = ReviewSession(Dataset.open(folder), "AB", [SPINE], outlines=(), journal=DraftJournal(interval_s))
    session.open(session.worklist.items()[0])
    session.viewed()
    number = number_in(session.bench.labels().array)
    print("edit", number, time.monotonic(), flush=True)
    while True:
        number += 1
        session.apply(spell(number))
        print("edit", number, time.monotonic(), flush=True)
        time.sleep(0.002)
        if chance.random() < 0.004:
            session.save(insist=True)
            print("save", number, time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
