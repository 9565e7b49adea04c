"""What a fine-tuning takes over from an installed model: weights, plans, orientation, labels, regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...anatomy import LabelScheme
from ...errors import ModelError
from ...models import LoadedModel, ModelStore, load_model
from ..network_parts import Meaning, require_parts, take_over
from .request import ALL, TrainingRequest


@dataclass(frozen=True, eq=False)
class Start:
    """A model to begin from.

    Parameters
    ----------
    model
        The model, loaded and checked.
    meanings
        Structures of each of its outputs.
    """

    model: LoadedModel
    meanings: tuple[Meaning, ...]

    @property
    def plans(self) -> Mapping[str, Any]:
        """Its plans: network, voxel size and normalization stay those that the weights are made for."""
        plans: Mapping[str, Any] = self.model.plans.plans
        return plans

    def weights_for(self, fold: str) -> tuple[str, Mapping[str, Any]]:
        """Return the name and the weights of its fold that a fold begins from: the one of the same number if any.

        That one has not seen the cases which the new fold holds back, as far as both are of one row of versions.
        """
        networks = self.model.networks
        chosen = fold if fold in networks else next(iter(networks))
        return chosen, networks[chosen].state_dict()

    def filling(self, fold: str, outputs: tuple[Meaning, ...]) -> Callable[[Any], None]:
        """Return a function that fills a new network with the weights for a fold."""
        return lambda network: take_over(network, self.weights_for(fold)[1], outputs, self.meanings)

    def lacking(self, outputs: tuple[Meaning, ...]) -> tuple[str, ...]:
        """Name the outputs that the model does not have, so that they are learned from nothing."""
        return tuple("+".join(sorted(keys)) for keys in outputs if keys not in self.meanings)


def find_start(request: TrainingRequest, store: ModelStore) -> Start | None:
    """Return the model that a training begins from; None if it begins from nothing.

    Raises
    ------
    ModelError
        It cannot be fine-tuned: another kind of network, or another number of images than asked for.
    ModelNotInstalledError, UsageError, ChecksumError
        There is no such model, it is damaged, or it has no such part as is to be frozen.
    """
    if not request.start:
        return None
    model = load_model(store.find(request.start))
    wanted = max(len(request.export.channels), 1)
    if model.folder.channel_count != wanted:
        names = ", ".join(model.folder.channel_names)
        raise ModelError(
            f"The model {request.start} takes {model.folder.channel_count} images ({names}), the training {wanted}.",
            "Name as many contrasts with --channel, in the model's order.",
        )
    require_parts(next(iter(model.networks.values())), request.settings.freeze)
    return Start(model, meanings_of(model))


def meanings_of(model: LoadedModel) -> tuple[Meaning, ...]:
    """Return the structures of each output of a model; labels that no scheme explains have names of their own."""
    named = model.folder.label_names
    return tuple(_keys(model, named[name]) for name in model.channel_names)


def adapted(request: TrainingRequest, start: Start | None, scheme: LabelScheme) -> TrainingRequest:
    """Return the request with what the model to begin from decides.

    Its configuration and orientation are kept, its regions too, and the labels that it knows keep their outputs even
    if no mask of the version holds them: a model that is fine-tuned on necks does not forget the lumbar spine at once.
    """
    if start is None:
        return request
    known = sorted({scheme.value_of(key) for keys in start.meanings for key in keys if scheme.has(key)})
    configuration = str(start.model.identity["configuration"])
    export = replace(
        request.export, values=tuple(known), orientation=start.model.orientation or request.export.orientation
    )
    regions = request.regions
    if start.model.labels.has_regions and not regions:
        regions = {
            name: tuple(sorted(keys)) for name, keys in zip(start.model.channel_names, start.meanings, strict=True)
        }
    settings = replace(request.settings, configuration=configuration, small=None)
    return replace(request, export=export, regions=regions, settings=settings)


def may_have_seen(start: Start | None, fold: str) -> bool:
    """Whether the model to begin from was perhaps trained on cases that a fold holds back."""
    return start is not None and (fold == ALL or fold not in start.model.networks)


def _keys(model: LoadedModel, value: int | tuple[int, ...]) -> Meaning:
    values = value if isinstance(value, tuple) else (value,)
    scheme_values = [int(model.table[number]) for number in values if 0 < number < len(model.table)]
    return frozenset(model.scheme[number].structure.key for number in scheme_values if number in model.scheme)
