"""What SPINEPS, TotalSpineSeg and a canal model would say about a phantom, right or wrong on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..anatomy import scheme
from ..anatomy.order import disc_below
from ..errors import UsageError
from ..imaging import LabelMap
from .defects import Defect, ball_in_front, leak_into_canal, lower_half, wobble
from .skeleton import Vertebra
from .spine import SpinePhantom
from .vertebra import PARTS

SPLIT, EXTRA = 1000, 2000
"""Added to a vertebra's value while its second half, or the extra ball at its height, waits for a number."""

FIRST_ORDINAL_ID = 2
"""SPINEPS up to 1.3 calls the topmost vertebra it sees 2, whatever it is; C1 is never segmented."""

DISC, ENDPLATE = 100, 200
"""Offsets of SPINEPS' disc and endplate ids from the vertebra above them."""


@dataclass(frozen=True, eq=False)
class SpinepsOutput:
    """The two masks of SPINEPS: instances (``seg-vert``) and sub-regions (``seg-spine``)."""

    vert: LabelMap
    semantic: LabelMap


def spineps_like(
    phantom: SpinePhantom,
    errors: Sequence[Defect] = (),
    *,
    ids: Literal["ordinal", "labelled"] = "ordinal",
    wobble_voxels: float = 0.8,
    seed: int = 0,
) -> SpinepsOutput:
    """Return SPINEPS' view of a phantom.

    Parameters
    ----------
    phantom
        The truth.
    errors
        What goes wrong.
    ids
        ``ordinal`` as up to 1.3 (2, 3, ... from the top), ``labelled`` as from 1.4 on (TPTBox numbers; instances that
        the labelling model cannot place become background).
    wobble_voxels
        How far borders differ from the truth; 0 for exact shapes.
    seed
        Draws the wobble.
    """
    semantic = np.where(phantom.spine.array == scheme("spine").value_of("vertebra_C1"), 0, phantom.semantic.array)
    draft = phantom.spine.array.astype(np.int16)
    draft[semantic == 0] = 0
    endplates, draft = (semantic == PARTS.endplate), _with_defects(phantom, draft, errors)
    semantic = _semantic_after(phantom, semantic, draft)
    ids_of = _instance_ids(phantom, draft, errors, ids)
    instances = _numbered(phantom, draft, endplates & (draft > 0), ids_of)
    rng, spacing = np.random.default_rng([seed, 3]), phantom.spine.geometry.spacing
    both = wobble(instances.astype(np.int32) * 256 + semantic, spacing, wobble_voxels, rng)
    name = "spineps_vert_ordinal" if ids == "ordinal" else "spineps_vert"
    geometry = phantom.spine.geometry
    return SpinepsOutput(
        LabelMap((both // 256).astype(np.uint16), geometry, scheme(name)),
        LabelMap((both % 256).astype(np.uint16), geometry, scheme("spineps_semantic")),
    )


def totalspineseg_like(
    phantom: SpinePhantom, errors: Sequence[Defect] = (), *, wobble_voxels: float = 0.8, seed: int = 0
) -> LabelMap:
    """Return TotalSpineSeg's view of a phantom (scheme ``totalspineseg``): vertebrae, discs, sacrum, cord, canal.

    It knows twelve thoracic vertebrae: a T13 is called L1, and the levels below it count on to L6.
    """
    draft = _with_defects(phantom, phantom.spine.array.astype(np.int16), errors)
    for defect in errors:
        value = scheme("spine").value_of(defect.structure)
        if defect.kind == "split":
            draft[draft == SPLIT + value] = _next_value(phantom, value)
        if defect.kind == "extra":
            draft[draft == EXTRA + value] = value
        if defect.kind == "shifted":
            draft = _renamed(phantom, draft, _chain_from(phantom, defect.structure), 1)
    if "T13" in phantom.skeleton.levels:
        draft = _renamed(phantom, draft, _chain_from(phantom, "vertebra_T13"), 0)
    target = scheme("totalspineseg")
    in_canal, leaked = phantom.canal.array > 0, draft > 0
    draft[in_canal & ~leaked] = target.value_of("canal_without_cord")
    draft[(phantom.cord.array > 0) & ~leaked] = target.value_of("cord")
    rng = np.random.default_rng([seed, 4])
    array = wobble(draft, phantom.spine.geometry.spacing, wobble_voxels, rng)
    return LabelMap(array.astype(np.uint8), phantom.spine.geometry, target)


def canal_like(phantom: SpinePhantom, *, wobble_voxels: float = 0.8, seed: int = 0) -> LabelMap:
    """Return what the canal model would say (scheme ``canal``)."""
    rng, spacing = np.random.default_rng([seed, 5]), phantom.spine.geometry.spacing
    return phantom.canal.with_array(wobble(phantom.canal.array, spacing, wobble_voxels, rng))


def _with_defects(phantom: SpinePhantom, draft: np.ndarray, errors: Sequence[Defect]) -> np.ndarray:
    """House values with the errors in place; new objects carry :data:`SPLIT` or :data:`EXTRA` plus the value."""
    draft = draft.copy()
    for defect in errors:
        value = scheme("spine").value_of(defect.structure)
        mask = draft == value
        if not mask.any():
            raise UsageError(f"The phantom has no {defect.structure} to spoil.", "Choose a structure inside its view.")
        if defect.kind == "missing":
            draft[mask] = 0
        elif defect.kind == "merged":
            draft[draft == _next_value(phantom, value)] = value
        elif defect.kind == "leak":
            draft[leak_into_canal(phantom, mask)] = value
        elif defect.kind == "split":
            draft[lower_half(phantom, mask, _vertebra(phantom, defect.structure).frame)] = SPLIT + value
        elif defect.kind == "extra":
            vertebra = _vertebra(phantom, defect.structure)
            draft[ball_in_front(phantom, vertebra.frame, vertebra.size.body_depth / 2 + 12.0)] = EXTRA + value
    return draft


def _semantic_after(phantom: SpinePhantom, semantic: np.ndarray, draft: np.ndarray) -> np.ndarray:
    """Sub-regions that agree with the spoilt instances: what is new is bone, what is gone is background."""
    in_canal = (phantom.canal.array > 0) & (draft == 0)
    spoilt = np.where((draft > 0) & ((semantic == 0) | (phantom.canal.array > 0)), PARTS.body, semantic)
    return np.asarray(np.where((draft == 0) & ~in_canal, 0, spoilt))


def _instance_ids(
    phantom: SpinePhantom, draft: np.ndarray, errors: Sequence[Defect], ids: Literal["ordinal", "labelled"]
) -> dict[int, int]:
    """SPINEPS id of every vertebra-like value in the draft, in order from the top."""
    seen = set(np.unique(draft).tolist())
    values: list[int] = []
    for value in _vertebra_values(phantom):
        values += [v for v in (EXTRA + value, value, SPLIT + value) if v in seen]
    if ids == "ordinal":
        return {value: FIRST_ORDINAL_ID + i for i, value in enumerate(values)}
    target, spine = scheme("spineps_vert"), scheme("spine")
    placed = {v: target.value_of(spine[v].structure.key) for v in values if v < SPLIT}
    for defect in errors:
        if defect.kind == "shifted":
            order = list(placed)
            start = order.index(spine.value_of(defect.structure))
            shifted = [*(placed[v] for v in order[start + 1 :]), placed[order[-1]] + 1]
            placed.update(zip(order[start:], shifted, strict=True))
    return {value: placed.get(value, 0) for value in values}


def _numbered(phantom: SpinePhantom, draft: np.ndarray, endplates: np.ndarray, ids: dict[int, int]) -> np.ndarray:
    """Instance map: vertebrae by ``ids``; discs and endplates by the vertebra whose centre is nearest above."""
    spine, levels = scheme("spine"), phantom.skeleton.levels
    table = np.zeros(EXTRA + 256, np.uint16)
    for value, number in ids.items():
        table[value] = number
    table[spine.value_of("sacrum")] = scheme("spineps_vert").value_of("sacrum")
    above = _ids_above(phantom, ids)
    keys = {f"vertebra_{level}" for level in levels if level[0] != "S"} | {"sacrum"}
    for level in levels:
        disc = disc_below(f"vertebra_{level}", keys) if level[0] != "S" else None
        if disc is not None:
            table[spine.value_of(disc)] = DISC + above[level][1]
    instances = table[draft]
    for vertebra in phantom.skeleton.vertebrae:
        if vertebra.region != "S" and vertebra.level != "C1":
            mask = endplates & (phantom.spine.array == spine.value_of(f"vertebra_{vertebra.level}"))
            lower = lower_half(phantom, mask, vertebra.frame)
            instances[mask] = ENDPLATE + above[vertebra.level][0]
            instances[lower] = ENDPLATE + above[vertebra.level][1]
    return np.asarray(instances)


def _ids_above(phantom: SpinePhantom, ids: dict[int, int]) -> dict[str, tuple[int, int]]:
    """Per level: the id that its upper endplate gets, and the id that its lower endplate and disc get."""
    spine = scheme("spine")
    current = max(min((number for number in ids.values() if number), default=FIRST_ORDINAL_ID) - 1, 0)
    result = {}
    for level in (level for level in phantom.skeleton.levels if level[0] != "S"):
        upper = current
        value = spine.value_of(f"vertebra_{level}")
        current = ids.get(SPLIT + value, 0) or ids.get(value, 0) or current
        result[level] = (upper, current)
    return result


def _vertebra_values(phantom: SpinePhantom) -> list[int]:
    return [scheme("spine").value_of(f"vertebra_{level}") for level in phantom.skeleton.levels if level[0] != "S"]


def _vertebra(phantom: SpinePhantom, key: str) -> Vertebra:
    return phantom.skeleton.vertebra(key.removeprefix("vertebra_"))


def _next_value(phantom: SpinePhantom, value: int) -> int:
    values = [*_vertebra_values(phantom), scheme("spine").value_of("sacrum")]
    return values[values.index(value) + 1]


def _chain_from(phantom: SpinePhantom, key: str) -> list[str]:
    """Levels from a vertebra down to the last lumbar one."""
    levels = [level for level in phantom.skeleton.levels if level[0] != "S"]
    return levels[levels.index(key.removeprefix("vertebra_")) :]


def _renamed(phantom: SpinePhantom, draft: np.ndarray, chain: list[str], by: int) -> np.ndarray:
    """Call the levels of ``chain`` by TotalSpineSeg's next names, ``by`` levels too low; discs go with them."""
    spine, target = scheme("spine"), scheme("totalspineseg")
    names = [entry.structure.key for entry in target.of_kind("vertebra")]
    above = phantom.skeleton.levels[phantom.skeleton.levels.index(chain[0]) - 1]
    start = names.index(f"vertebra_{above}") + 1 + by
    new = names[start : start + len(chain)]
    present = {*names[: start + len(chain)], "sacrum"}
    old_present = {f"vertebra_{level}" for level in phantom.skeleton.levels if level[0] != "S"} | {"sacrum"}
    table = np.arange(EXTRA + 256, dtype=np.int16)
    pairs = zip(
        [f"vertebra_{above}", *(f"vertebra_{level}" for level in chain)], [names[start - 1], *new], strict=False
    )
    for old_key, new_key in pairs:
        if old_key != f"vertebra_{above}":
            table[spine.value_of(old_key)] = target.value_of(new_key) if target.has(new_key) else 0
        old_disc, new_disc = disc_below(old_key, old_present), disc_below(new_key, present)
        if old_disc and new_disc:
            table[spine.value_of(old_disc)] = target.value_of(new_disc) if target.has(new_disc) else 0
    return np.asarray(table[draft])
