"""Publishing: accepted masks go to the lab's shared folder, on explicit request, as a plan that is looked at first.

This is the only place that writes outside of the output folder. It never touches raw data, keeps what it replaces in
the history, replaces git-annex links instead of writing through them, and refuses when a file is no longer what the
plan saw.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .. import __version__
from ..errors import ChangedOnDiskError, UsageError
from ..fileops import sha256_of_file, write_atomic
from . import history, locks
from .annex import is_fetched
from .case import Case
from .dataset import Dataset
from .events import DONE, Event, current_status, read_events
from .jsonfiles import read_json, write_json
from .layout import check_inside, sidecar_path
from .masktypes import MaskType, mask_types
from .pairs import OWN_KEY, SavedPair, read_pair
from .profiles import REFINED, ImageName, profile
from .sidecars import prior_chain

LAB_FOLDER = "derivatives/labels"
"""Where the lab's scripts look for masks."""


@dataclass(frozen=True)
class PublishItem:
    """What happens to one mask.

    Parameters
    ----------
    case, mask_type
        Which mask.
    source, target
        The refined mask, and the file that it becomes.
    action
        ``add``, ``replace``, ``same`` (it is published already) or ``skip``.
    reason
        Why a mask is skipped.
    seen
        State of source and target when the plan was made.
    """

    case: Case
    mask_type: MaskType
    source: Path
    target: Path
    action: Literal["add", "replace", "same", "skip"]
    reason: str
    seen: tuple[str, ...]


@dataclass(frozen=True)
class PublishPlan:
    """What publishing does, or did.

    Parameters
    ----------
    items
        One for every refined mask.
    done
        Whether it was carried out.
    """

    items: tuple[PublishItem, ...]
    done: bool = False

    @property
    def writes(self) -> tuple[PublishItem, ...]:
        """The items that write a file."""
        return tuple(item for item in self.items if item.action in ("add", "replace"))


def publish(
    dataset: Dataset,
    to: str = LAB_FOLDER,
    *,
    dry_run: bool = True,
    plan: PublishPlan | None = None,
    cases: Collection[str] | None = None,
    mask_types: Collection[str] | None = None,
    rater: str = "",
) -> PublishPlan:
    """Plan, and on request carry out, the publication of masks that a person stands for, in the lab's style.

    Parameters
    ----------
    dataset
        The dataset.
    to
        A folder under ``derivatives``, relative to the dataset.
    dry_run
        Only say what would happen.
    plan
        A plan made before; it is carried out as it was seen, or refused.
    cases, mask_types
        Keys and names to restrict the plan to; None for all.
    rater
        Who publishes.

    Raises
    ------
    UsageError
        The folder is not one that masks can be published to.
    ChangedOnDiskError
        A file changed since the plan was made; nothing was written.
    """
    if plan is None:
        plan = _make_plan(dataset, _destination(dataset, to), cases, mask_types)
    if dry_run:
        return plan
    for item in plan.writes:
        _refuse_changes(item)
    for item in plan.writes:
        _refuse_changes(item)
        _carry_out(dataset, item, rater)
    return PublishPlan(plan.items, done=True)


def _make_plan(
    dataset: Dataset, folder: Path, cases: Collection[str] | None, chosen: Collection[str] | None
) -> PublishPlan:
    verdicts = current_status(read_events(dataset.output))
    items = [
        _plan_item(dataset, folder, case, kind, verdicts)
        for case in dataset.cases()
        for kind in mask_types().values()
        if (cases is None or case.key in cases)
        and (chosen is None or kind.name in chosen)
        and dataset.mask_path(case, kind).is_file()
    ]
    return PublishPlan(tuple(items))


def _plan_item(
    dataset: Dataset, folder: Path, case: Case, kind: MaskType, verdicts: Mapping[tuple[str, str], Event]
) -> PublishItem:
    source = dataset.mask_path(case, kind)
    image = ImageName(case.key, case.entities, case.contrast)
    place = source.parent.relative_to(dataset.output)
    target = folder / place / f"{profile('neuropoly').mask_stem(image, kind, REFINED)}.nii.gz"
    reason = _reason_to_skip(dataset, case, kind, target, verdicts.get((case.key, kind.name)))
    action: Literal["add", "replace", "same", "skip"] = "add"
    if reason:
        action = "skip"
    elif target.is_file():
        action = "same" if _is_published(source, target) else "replace"
    return PublishItem(case, kind, source, target, action, reason, _state(source, target))


def _reason_to_skip(dataset: Dataset, case: Case, kind: MaskType, target: Path, verdict: Event | None) -> str:
    if verdict is None or verdict.status not in DONE:
        return f"nobody accepted or corrected it (status {verdict.status if verdict else 'unknown'})"
    pair = read_pair(dataset.mask_path(case, kind))
    if pair is None or pair.problem or pair.sha256 != verdict.sha256:
        return "the mask changed after it was accepted"
    holder = locks.holder_of(locks.lease_path(dataset.output, case.key, kind.name))
    if holder is not None:
        return f"{holder.rater or 'another program'} is working on it"
    if os.path.lexists(target) and not is_fetched(target):
        return "the content of the present mask is not fetched (datalad get), so it could not be kept"
    return ""


def _destination(dataset: Dataset, to: str) -> Path:
    folder = Path(os.path.normpath(dataset.root / to))
    derivatives = dataset.root / "derivatives"
    if folder == derivatives or not folder.is_relative_to(derivatives) or folder.is_relative_to(dataset.output):
        raise UsageError(
            f"Masks cannot be published to {to!r}.",
            "Name a folder under derivatives other than the output, for example derivatives/labels.",
        )
    return folder


def _carry_out(dataset: Dataset, item: PublishItem, rater: str) -> None:
    check_inside(dataset.root, item.target)
    history.keep(dataset, item.case, item.mask_type, item.target, rater=rater, reason="publish")
    pair = read_pair(item.source)
    sidecar = _lab_sidecar(item, pair) if pair else {}
    write_atomic(item.target, item.source.read_bytes())
    write_json(sidecar_path(item.target), sidecar)


def _lab_sidecar(item: PublishItem, pair: SavedPair) -> dict[str, Any]:
    """Return the sidecar of the published mask: what was there stays, tools and raters are appended."""
    present = read_json(sidecar_path(item.target)).content
    known = present.get("GeneratedBy", [present] if present else [])
    entries = list(known) if isinstance(known, list) else [known]
    entries += [entry for entry in prior_chain(item.source) if entry not in entries]
    kept = present if "GeneratedBy" in present else {}
    own = {key: pair.own[key] for key in ("SHA256", "Status", "Rater", "Saved") if key in pair.own}
    return {
        **kept,
        "SpatialReference": kept.get("SpatialReference", "orig"),
        "GeneratedBy": entries,
        OWN_KEY: {"Version": __version__, **own},
    }


def _is_published(source: Path, target: Path) -> bool:
    published = read_pair(target)
    return published is not None and not published.problem and published.sha256 == sha256_of_file(source)


def _refuse_changes(item: PublishItem) -> None:
    if _state(item.source, item.target) != item.seen:
        raise ChangedOnDiskError(
            f"{item.target.name} or its source changed since the plan was made.",
            "Make the plan again and look at it; masks published before this one stay, nothing else was written.",
        )


def _state(source: Path, target: Path) -> tuple[str, ...]:
    files: Sequence[Path] = (source, sidecar_path(source), target, sidecar_path(target))
    return tuple(_fingerprint(path) for path in files)


def _fingerprint(path: Path) -> str:
    link = f"{path.readlink()} " if path.is_symlink() else ""
    return link + (sha256_of_file(path) if path.is_file() else "")
