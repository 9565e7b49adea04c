"""How far a dataset is with one kind of mask, read from its journal, its versions and the store of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ...bids import Case, Dataset, MaskType
from ...bids.events import Event, current_status, read_events
from ...bids.jsonfiles import read_json
from ...bids.layout import sidecar_path
from ...bids.profiles import PROPOSAL, REFINED
from ...bids.ranking import ranking_path, read_ranking
from ...models import InstalledModel, ModelStore
from ...recipes.model_choice import weights_sha256
from ..training import card_of, challenges
from ..versions import Version, version_names


@dataclass(frozen=True, eq=False)
class State:
    """What is there of one kind of mask.

    Parameters
    ----------
    dataset, mask_type
        Of what.
    versions
        All versions of this kind, the oldest first.
    models
        By name of the version: the newest model that was trained on it and is installed.
    trained_at
        By name of the version: when that model was made, UTC.
    shipped
        By name of an installed model that is one fold of another: the name of that one.
    """

    dataset: Dataset
    mask_type: MaskType
    versions: tuple[Version, ...]
    models: Mapping[str, InstalledModel]
    trained_at: Mapping[str, str]
    shipped: Mapping[str, str]

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """All cases."""
        return self.dataset.cases()

    @cached_property
    def said(self) -> Mapping[str, Event]:
        """What the journal says about the mask of each case."""
        events = current_status(read_events(self.dataset.output))
        return {case: event for (case, kind), event in events.items() if kind == self.mask_type.name}

    def made_by(self, model: InstalledModel) -> int:
        """Count the cases with a mask, or a proposal beside it, that these weights made."""
        weights = weights_sha256(model)
        return sum(any(weights in self._weights_of(case, desc) for desc in (REFINED, PROPOSAL)) for case in self.cases)

    @cached_property
    def ranked_at(self) -> str:
        """When these masks were ranked, as times in the journal; "" if they were not."""
        path = ranking_path(self.dataset.output)
        if not any(kind == self.mask_type.name for _, kind in read_ranking(path)):
            return ""
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def has_challenged(self, model: str) -> bool:
        """Whether a model, or a fold of it, challenged the champion."""
        mine = [entry.model for entry in challenges(self.dataset.output) if entry.mask_type == self.mask_type.name]
        # A fold that lost may have been removed; then its usual name still tells whose it was.
        return any(model in (name, self.shipped.get(name), name.rpartition("-fold")[0]) for name in mine)

    def _weights_of(self, case: Case, desc: str) -> set[str]:
        sidecar = read_json(sidecar_path(self.dataset.mask_path(case, self.mask_type, desc))).content
        entries = sidecar.get("GeneratedBy")
        return {str(entry.get("WeightsSHA256")) for entry in (entries if isinstance(entries, list) else [])}


def read_state(dataset: Dataset, mask_type: MaskType, versions: Path, store: ModelStore | None = None) -> State:
    """Read how far a dataset is.

    Parameters
    ----------
    dataset, mask_type
        Of what.
    versions
        Folder of the dataset's versions.
    store
        Where models are installed; by default the user's.
    """
    known = [Version.open(versions / name, dataset.root, dataset.output) for name in version_names(versions)]
    mine = sorted((v for v in known if v.mask_type.name == mask_type.name), key=lambda v: str(v.manifest["Created"]))
    trained = [(card, model) for model in (store or ModelStore()).installed() if (card := card_of(model))]
    trained.sort(key=lambda pair: str(pair[0]["Created"]))
    shipped = {card["Name"]: card["Training"] for card, _ in trained if card["Name"] != card["Training"]}
    names = {version.sha256: version.name for version in mine}
    models: dict[str, InstalledModel] = {}
    trained_at: dict[str, str] = {}
    for card, model in trained:
        name = names.get(card["Version"]["SHA256"])
        if name is not None and card["Name"] not in shipped:
            models[name], trained_at[name] = model, str(card["Created"])
    return State(dataset, mask_type, tuple(mine), models, trained_at, shipped)
