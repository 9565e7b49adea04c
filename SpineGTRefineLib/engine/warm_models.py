"""Models that stay loaded from case to case, and the memory that they may take for it."""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict

from ..models import InstalledModel, LoadedModel, load_model
from ..process.memory import give_back_freed_memory, main_memory
from .machine import describe_card

WARM_SHARE = 0.4
"""Part of the memory (of the graphics card if there is one) that warm models may keep while they wait."""


class WarmModels:
    """Loaded models within a budget of memory, the most recently used last; the one used longest ago goes first.

    Parameters
    ----------
    budget_bytes
        Memory that all may take together; the one in use stays, whatever it takes. By default a part of what the
        device has.
    """

    def __init__(self, budget_bytes: int | None = None) -> None:
        self._budget = budget_bytes
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()

    def get(self, model: InstalledModel) -> LoadedModel:
        """Return a model, loading it if it is not warm or was replaced on disk."""
        key = "\n".join([str(model.path), *sorted(model.hashes.values())])
        if key not in self._models:
            self._models[key] = load_model(model)
        self._models.move_to_end(key)
        if self._budget is None:
            self._budget = _warm_budget()
        while len(self._models) > 1 and sum(map(_weight_bytes, self._models.values())) > self._budget:
            self._models.popitem(last=False)
        return self._models[key]

    def names(self) -> list[str]:
        """Names of the warm models."""
        return [model.entry.name for model in self._models.values()]

    def clear(self) -> None:
        """Forget all of them and give their memory back, also that of a graphics card."""
        self._models.clear()
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()
        give_back_freed_memory()


def _warm_budget() -> int:
    gpu = describe_card("auto")
    total = gpu["total_bytes"] if gpu is not None and gpu["total_bytes"] else main_memory().total
    return int(WARM_SHARE * total)


def _weight_bytes(model: LoadedModel) -> int:
    weights = [weight for network in model.networks.values() for weight in network.parameters()]
    return sum(weight.numel() * weight.element_size() for weight in weights)
