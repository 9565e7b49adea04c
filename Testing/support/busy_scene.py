"""A rater who paints with Slicer's tools until somebody kills the program: python busy_scene.py DATASET INTERVAL_S.

Stroke N paints voxel N of the grid; it is told on the standard output as ``stroke N SECONDS`` after it was made.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from review_world import SPINE
from scene_world import Desk

import SpineGTRefineLib.review.drafting as drafting
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.review.journal import DraftJournal
from SpineGTRefineLib.review.session import ReviewSession

KEY = "sacrum"


def strokes_in(array: np.ndarray) -> int:
    """How many strokes a mask holds, without a gap."""
    return int(np.argmin(np.append(array.ravel() == SPINE.scheme.value_of(KEY), False)))


class Sessions:
    """Makes sessions as they are used, not as tests do."""

    def __init__(self, folder: str, interval_s: float) -> None:
        self._folder, self._interval_s = folder, interval_s

    def session(self, rater, **options) -> ReviewSession:
        journal = DraftJournal(self._interval_s)
        return ReviewSession(Dataset.open(self._folder), rater, [SPINE], outlines=(), journal=journal, **options)


def main() -> None:
    """Paint for ever."""
    interval_s = float(sys.argv[2])
    drafting.SNAPSHOT_EVERY_S = interval_s
    desk = Desk(Sessions(sys.argv[1], interval_s), undo_steps=10)
    desk.open_first()
    start = strokes_in(desk.voxels())
    print("stroke", start, time.monotonic(), flush=True)
    for number in range(start, desk.voxels().size):
        desk.paint(KEY, [np.unravel_index(number, desk.voxels().shape)])
        print("stroke", number + 1, time.monotonic(), flush=True)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
