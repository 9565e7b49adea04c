"""Small datasets to review: tiny images with box-shaped spines and canals, raters, and a clock that is set by hand."""

import json
import queue
from pathlib import Path

import numpy as np

from SpineGTRefineLib.bids import Dataset, mask_type
from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, write_image, write_labels
from SpineGTRefineLib.review.journal import DraftJournal
from SpineGTRefineLib.review.operations import Operation
from SpineGTRefineLib.review.session import ReviewSession

SPINE, CANAL = mask_type("spine"), mask_type("canal")
SHAPE = (10, 12, 40)
GRID = Geometry(SHAPE, np.array([[-3.0, 0, 0, 15], [0, 2.0, 0, -40], [0, 0, 2.0, -60], [0, 0, 0, 1]]))
LEVELS = ("vertebra_L4", "vertebra_L3", "vertebra_L2", "vertebra_L1")
"""From the bottom up, as the third axis runs."""


def spine(levels=LEVELS) -> LabelMap:
    """Boxes of vertebrae, eight slices each with a disc of two slices above, right sides up."""
    array = np.zeros(SHAPE, np.uint8)
    for number, key in enumerate(levels):
        array[2:8, 4:10, 10 * number + 1 : 10 * number + 8] = SPINE.scheme.value_of(key)
    return LabelMap(array, GRID, SPINE.scheme)


def canal(width: int = 3) -> LabelMap:
    array = np.zeros(SHAPE, np.uint8)
    array[4:6, :width, :] = 1
    return LabelMap(array, GRID, CANAL.scheme)


class Inbox:
    """Callbacks from other threads, run when the test says so, as the event loop of a window would."""

    def __init__(self) -> None:
        self._waiting = queue.SimpleQueue()

    def __call__(self, callback) -> None:
        self._waiting.put(callback)

    def run(self, timeout_s: float = 0.0) -> int:
        done = 0
        try:
            while True:
                self._waiting.get(timeout=timeout_s if not done else 0.0)()
                done += 1
        except queue.Empty:
            return done


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class ReviewWorld:
    """A dataset with images ``sub-01_T2w`` ..., lab masks for some of them, and sessions that are ended for sure."""

    def __init__(self, root: Path, cases: int = 3, lab=("spine", "canal")) -> None:
        self.root = root
        for number in range(1, cases + 1):
            self.add_case(f"sub-{number:02d}_T2w", lab)
        (root / "dataset_description.json").write_text('{"Name": "test", "BIDSVersion": "1.10.1"}')
        self.sessions = []
        self.clock = Clock()

    def add_case(self, key: str, lab=()) -> None:
        subject = key.split("_")[0]
        image = self.root / subject / "anat" / f"{key}.nii.gz"
        image.parent.mkdir(parents=True, exist_ok=True)
        seed = sum(map(ord, key))
        voxels = np.random.default_rng(seed).integers(0, 1000, SHAPE, dtype=np.int16)
        write_image(image, Image(voxels, GRID))
        folder = self.root / "derivatives" / "labels" / subject / "anat"
        folder.mkdir(parents=True, exist_ok=True)
        if "spine" in lab:
            write_labels(folder / f"{key}_label-spine_dseg.nii.gz", spine())
        if "canal" in lab:
            write_labels(folder / f"{key}_label-canal_seg.nii.gz", canal())

    def dataset(self) -> Dataset:
        return Dataset.open(self.root)

    def session(self, rater="AB", mask_types=(SPINE,), **options) -> ReviewSession:
        options.setdefault("clock", self.clock)
        options.setdefault("journal", DraftJournal(interval_s=options.pop("interval_s", 3600)))
        options.setdefault("outlines", (SPINE, CANAL))
        session = ReviewSession(self.dataset(), rater, mask_types, **options)
        session.notices = []
        session.noticed.connect(session.notices.append)
        self.sessions.append(session)
        return session

    def own(self, path: Path) -> dict:
        """Our part of a saved mask's sidecar."""
        return read_pair(path).own

    def close(self) -> None:
        for session in self.sessions:
            session.end()


def accept(session: ReviewSession, **options):
    """Look at the open mask and save it."""
    session.viewed()
    return session.save(**options)


def sidecar(path: Path) -> dict:
    return json.loads(path.read_text())


def draw(place, value: int, text: str = "draw") -> Operation:
    """Give voxels a value with numpy, as one act."""

    def function(labels: LabelMap) -> LabelMap:
        array = labels.array.copy()
        array[place] = value
        return labels.with_array(array)

    return Operation(text, function)
