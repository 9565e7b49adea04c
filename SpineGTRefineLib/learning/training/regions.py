"""Region-based training: the network learns nested regions (the whole cord, the gray matter in it), not labels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...anatomy import scheme
from ...errors import UsageError
from ...resources import resource_path
from ..exchange import LabelNumbers
from ..exchange.numbers import IGNORE
from ..network_parts import Meaning


@dataclass(frozen=True)
class Outputs:
    """What a network learns.

    Parameters
    ----------
    labels
        Of ``dataset.json``: number of each label, or numbers of each region.
    class_order
        Number that each region is painted with on export, later ones over earlier ones; empty without regions.
    meanings
        Structures of each output of the network.
    """

    labels: Mapping[str, int | list[int]]
    class_order: tuple[int, ...]
    meanings: tuple[Meaning, ...]


def usual_regions(mask_type: str) -> dict[str, tuple[str, ...]]:
    """Return the regions of a kind of mask, from the outer to the inner one.

    Raises
    ------
    UsageError
        None are known for it.
    """
    known = tomllib.loads(resource_path("Learning", "regions.toml").read_text(encoding="utf-8"))
    if mask_type not in known:
        raise UsageError(
            f"For {mask_type} masks no regions are known.",
            "Name them (--region NAME=STRUCTURE,STRUCTURE), or train labels.",
        )
    return {name: tuple(keys) for name, keys in known[mask_type].items()}


def outputs_of(numbers: LabelNumbers, regions: Mapping[str, Sequence[str]]) -> Outputs:
    """Return what a network learns of a dataset's labels.

    Structures that no mask holds are left out of the regions, and regions that become empty or equal to an inner one
    are left out altogether. Labels that no region names become regions of their own.

    Raises
    ------
    UsageError
        A region names a structure that the kind of mask does not have, or what is left of it beside the inner regions
        is not one label, so it could not be painted.
    """
    by_key = {key: number for key, number in numbers.by_name.items() if key != IGNORE}
    if not regions:
        return Outputs(numbers.by_name, (), (frozenset(), *(frozenset({key}) for key in by_key)))
    nested = _present(regions, numbers, by_key)
    named = {key for keys in nested.values() for key in keys}
    nested |= {key: frozenset({key}) for key in by_key if key not in named}
    labels: dict[str, int | list[int]] = {name: sorted(by_key[key] for key in keys) for name, keys in nested.items()}
    if numbers.ignore is not None:
        labels[IGNORE] = numbers.ignore
    painted = tuple(by_key[_rest(name, nested)] for name in nested)
    return Outputs(labels, painted, tuple(nested.values()))


def _present(
    regions: Mapping[str, Sequence[str]], numbers: LabelNumbers, by_key: Mapping[str, int]
) -> dict[str, Meaning]:
    known = scheme(numbers.scheme_name)
    for name, keys in regions.items():
        if foreign := [key for key in keys if not known.has(key)]:
            raise UsageError(
                f"The region {name} names {foreign[0]}, which {numbers.scheme_name} masks do not have.",
                f"They have, for example: {', '.join(entry.structure.key for entry in list(known)[:5])}.",
            )
    found: dict[str, Meaning] = {}
    for name, keys in reversed(list(regions.items())):
        here = frozenset(key for key in keys if key in by_key)
        if here and here not in found.values():
            found[name] = here
    return dict(reversed(list(found.items())))


def _rest(name: str, nested: Mapping[str, Meaning]) -> str:
    """Return the one structure of a region that lies in no region after it: what the region is painted as."""
    names = list(nested)
    later = frozenset().union(*(nested[other] for other in names[names.index(name) + 1 :]))
    rest = nested[name] - later
    if len(rest) != 1:
        raise UsageError(
            f"Of the region {name}, {len(rest)} structures lie in no inner region, and one has to.",
            "Name regions from the outer to the inner one, each with one structure more than those inside it.",
        )
    return next(iter(rest))
