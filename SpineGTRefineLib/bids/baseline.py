"""What a new mask is compared with: the mask it replaces, or the one that the rater started from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ChangedOnDiskError, GeometryError, InputError
from ..imaging import LabelDifference, LabelMap, label_difference, read_labels, reorient_to_grid
from .dataset import Dataset
from .events import DONE
from .pairs import SavedPair
from .sidecars import SourceFile, prior_chain, recorded_sources, source_file


@dataclass(frozen=True)
class Baseline:
    """The mask that a save is compared with.

    Parameters
    ----------
    labels
        Its voxels; None where there was no mask, or none that can be compared.
    file
        Its file; None where there was none.
    sources
        The files that it was made from, as far as the new mask is made from them, too.
    generators
        The tools and raters that made it, as far as the new mask builds on them.
    manual
        Whether a person edited it and the new mask builds on that.
    corrected_by
        Rater whose corrections it holds since their last save; None if that changed nothing.
    """

    labels: LabelMap | None = None
    file: SourceFile | None = None
    sources: tuple[SourceFile, ...] = ()
    generators: list[dict[str, Any]] = field(default_factory=list)
    manual: bool = False
    corrected_by: str | None = None

    def difference(self, labels: LabelMap) -> LabelDifference:
        """Compare a new mask with this one; everything counts as added where there is nothing to compare with."""
        try:
            return label_difference(self.labels, labels)
        except GeometryError:
            return label_difference(None, labels)

    def honest_status(self, status: str, rater: str, *, edited: bool) -> str:
        """Return the status that the real difference supports: nobody corrects without changing a voxel."""
        if status not in DONE:
            return status
        if edited:
            return "corrected"
        return "corrected" if status == "corrected" and self.corrected_by == rater else "accepted-unchanged"


def is_of_person(pair: SavedPair | None) -> bool:
    """Whether a person had a say in a mask: it was reviewed, or changed by another program since it was saved."""
    return pair is not None and pair.own.get("Status") != "proposed"


def find_baseline(dataset: Dataset, target: Path, pair: SavedPair | None, labels: LabelMap, status: str) -> Baseline:
    """Find the mask that ``labels`` is to be compared with.

    That is the mask at ``target``; where there is none, or only a model's proposal that the person did not start from,
    it is the file that ``labels`` was read from (a mask of the lab, of another pipeline). A model's new proposal
    inherits nothing from the mask it replaces.
    """
    proposed = status == "proposed"
    if pair is not None and (proposed or is_of_person(pair) or _started_from(pair, labels)):
        previous = _readable(target, labels)
        file = SourceFile(dataset.uri(target) or target.name, pair.sha256, is_uri=True)
        if proposed:
            return Baseline(previous, file)
        return Baseline(
            previous,
            file,
            recorded_sources(pair.sidecar),
            prior_chain(target),
            pair.sidecar.get("Manual") is True,
            _corrected_by(pair),
        )
    if proposed or labels.source is None or not labels.source.path.is_file():
        return Baseline()
    file = source_file(dataset, labels.source.path)
    return Baseline(_readable(labels.source.path, labels), file, (file,), prior_chain(labels.source.path))


def _corrected_by(pair: SavedPair) -> str | None:
    own = pair.own
    unaccepted = own.get("Status") in ("draft", "flagged") and own.get("Edited") is True
    return str(own.get("Rater", "")) if own.get("Status") == "corrected" or unaccepted else None


def _started_from(pair: SavedPair, labels: LabelMap) -> bool:
    return labels.source is None or labels.source.sha256 == pair.sha256 or not labels.source.path.is_file()


def refuse_foreign_change(target: Path, pair: SavedPair | None, labels: LabelMap, rater: str) -> None:
    """Refuse to replace a mask that somebody else saved after ``labels`` was read.

    Raises
    ------
    ChangedOnDiskError
        The mask at ``target`` is neither the one that was read, nor an earlier save of this rater, nor a proposal.
    """
    if pair is None or not is_of_person(pair):
        return
    was_read = labels.source is not None and labels.source.sha256 == pair.sha256
    own_save = not pair.problem and pair.own.get("Rater") == rater
    if not (was_read or own_save):
        author = pair.own.get("Rater") or "another program"
        raise ChangedOnDiskError(
            f"{target.name} was replaced by {author} since it was read.",
            "Load the mask again, compare, and repeat your changes on it.",
        )


def _readable(path: Path, like: LabelMap) -> LabelMap | None:
    try:
        labels = read_labels(path, like.scheme)
    except InputError:
        return None  # damaged: it is kept in the history as it is, and everything counts as new
    try:
        return reorient_to_grid(labels, like.geometry)
    except GeometryError:
        return labels
