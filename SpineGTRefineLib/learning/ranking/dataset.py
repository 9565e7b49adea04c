"""Rank the masks of a dataset: read each mask and what models made of its image, and write ``ranking.tsv``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...bids import Case, Dataset, MaskType, load_mask, mask_type
from ...bids.locks import one_at_a_time
from ...bids.ranking import RankedMask, ranking_path, read_ranking, write_ranking
from ...checks import check_labels
from ...errors import InputError, RefineError
from ...imaging import LabelMap, read_image, read_labels, reorient_to_grid
from ..opinions import is_opinion, opinion_path
from .order import RANDOM_SHARE, Evidence, rank
from .signals import (
    DOUBT,
    FLIP,
    Finding,
    boundary_findings,
    disagreement,
    disagreement_of_models,
    rule_findings,
)

SAYINGS = {"uncertainty": ("doubt", DOUBT), "flip_disagreement": ("mirror", FLIP)}
"""Of each opinion of a model: name of the signal, and what the reason says."""


@dataclass(frozen=True)
class Predictions:
    """What one model made of the dataset's images: one file per case.

    Parameters
    ----------
    name
        How reasons call it.
    folder
        Searched with all its subfolders for files whose name is the case's key, or begins with it: nnU-Net's own
        ``sub-01_T2w.nii.gz`` (the out-of-fold predictions of its validation), or the files of a derivative. Where a
        mask's opinions lie beside it (:mod:`..opinions`), they have a say as well.
    """

    name: str
    folder: Path

    def of(self, case: Case) -> Path | None:
        """Return the file of a case, or None.

        Raises
        ------
        InputError
            Several files could be meant.
        """
        found = [
            path
            for path in sorted(self.folder.rglob(f"{case.key}*.nii*"))
            if path.name.removeprefix(case.key)[0] in "._" and not is_opinion(path)
        ]
        exact = [path for path in found if path.name.removeprefix(case.key).startswith(".nii")]
        found = exact or found
        if len(found) > 1:
            names = ", ".join(path.name for path in found[:3])
            raise InputError(
                f"{self.folder} holds {len(found)} files for {case.key}: {names}.", "Give a folder with one per case."
            )
        return found[0] if found else None


@dataclass(frozen=True)
class DatasetRanking:
    """The order, and the cases that have none.

    Parameters
    ----------
    rows
        The likeliest wrong first.
    failures
        Case and what was wrong with it, for cases that could not be read.
    unseen
        Cases for which no model's mask was found: only the rules spoke about them.
    """

    rows: tuple[RankedMask, ...]
    failures: tuple[tuple[str, RefineError], ...]
    unseen: tuple[str, ...]


def rank_dataset(
    dataset: Dataset,
    kind: MaskType,
    predictions: Sequence[Predictions] = (),
    *,
    random_share: float = RANDOM_SHARE,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> DatasetRanking:
    """Rank all masks of one kind that a dataset has. Nothing is written.

    Parameters
    ----------
    dataset, kind
        Which masks.
    predictions
        What models made of the same images, in the scheme of ``kind``. From a model that was trained on the very mask
        it agrees with the mask's errors: give out-of-fold predictions.
    random_share, seed
        See :func:`.order.rank`.
    progress
        Called with the number of cases done, of all, and the next one.
    """
    evidence, failures, unseen = [], [], []
    cases = dataset.cases()
    for number, case in enumerate(cases):
        if progress is not None:
            progress(number, len(cases), case.key)
        try:
            findings = _findings(dataset, case, kind, predictions)
        except RefineError as error:
            failures.append((case.key, error))
            continue
        if findings is None:
            continue
        if not any(finding.signal == source.name for finding in findings for source in predictions):
            unseen.append(case.key)
        evidence.append(Evidence(case.key, kind.name, findings, _group(case)))
    return DatasetRanking(rank(evidence, random_share=random_share, seed=seed), tuple(failures), tuple(unseen))


def save_ranking(dataset: Dataset, rows: Sequence[RankedMask]) -> Path:
    """Write the rows to the dataset's ``ranking.tsv``; rows of other kinds of masks stay."""
    path = ranking_path(dataset.output)
    replaced = {row.mask_type for row in rows}
    with one_at_a_time(path):
        kept = [row for row in read_ranking(path).values() if row.mask_type not in replaced]
        write_ranking(path, [*rows, *kept])
    return path


def _findings(
    dataset: Dataset, case: Case, kind: MaskType, predictions: Sequence[Predictions]
) -> tuple[Finding, ...] | None:
    labels = load_mask(dataset, case, kind)
    if labels is None:
        return None
    partners = {name: _partner(dataset, case, name) for name in ("canal", "cord") if name != kind.name}
    found = list(rule_findings(check_labels(labels, **partners)))
    models: dict[str, LabelMap] = {}
    for source in predictions:
        path = source.of(case)
        if path is not None:
            models[source.name] = reorient_to_grid(read_labels(path, kind.scheme), labels.geometry)
            found += disagreement(labels, models[source.name], source.name)
            found += _doubts(labels, path, source.name)
    return (*found, *disagreement_of_models(models))


def _doubts(labels: LabelMap, prediction: Path, model: str) -> list[Finding]:
    """Read how unsure the model was, from the files beside its mask."""
    found: list[Finding] = []
    for opinion, (signal, saying) in SAYINGS.items():
        path = opinion_path(prediction, opinion)
        if path.is_file():
            values = reorient_to_grid(read_image(path), labels.geometry).array
            found += boundary_findings(labels, np.asarray(values), f"{signal} of {model}", saying)
    return found


def _partner(dataset: Dataset, case: Case, name: str) -> LabelMap | None:
    return load_mask(dataset, case, mask_type(name))


def _group(case: Case) -> str:
    """Contrast and, where subjects are named after it (``sub-siteA012``), site."""
    return f"{case.subject.rstrip('0123456789')} {case.contrast}"
