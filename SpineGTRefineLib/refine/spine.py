"""SPINEPS shapes with TotalSpineSeg's or counted levels, without the canal: all ways behind one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..anatomy import scheme
from ..errors import UsageError
from ..imaging import LabelMap
from .anatomical import refine_anatomical
from .by_order import refine_by_order
from .column import Column
from .compatible import refine_compatible
from .decisions import Decision
from .inputs import require_same_grid
from .level_names import Naming

Policy = Literal["anatomical", "compatible"]
POLICIES: tuple[str, ...] = get_args(Policy)


@dataclass(frozen=True, eq=False)
class SpineInputs:
    """The masks of one case, all on one grid.

    Parameters
    ----------
    vert
        SPINEPS instance mask (``seg-vert``), scheme ``spineps_vert`` or ``spineps_vert_ordinal``.
    totalspineseg
        TotalSpineSeg's final labels (``step2_output``), scheme ``totalspineseg`` or ``spine``. None: the levels are
        counted, see :func:`.by_order.refine_by_order`.
    canal
        Whole canal, cord included; where it is not 0, nothing is written. None cuts nothing.
    semantic
        SPINEPS semantic mask (``seg-spine``), scheme ``spineps_semantic``. Where no canal is given, its canal and cord
        are cut instead (anatomical policy).

    Raises
    ------
    GeometryError
        The grids differ.
    """

    vert: LabelMap
    totalspineseg: LabelMap | None = None
    canal: LabelMap | None = None
    semantic: LabelMap | None = None

    def __post_init__(self) -> None:
        for name in ("totalspineseg", "canal", "semantic"):
            other: LabelMap | None = getattr(self, name)
            if other is not None:
                require_same_grid(self.vert, other, f"{name} mask", "SPINEPS mask")

    def canal_mask(self) -> np.ndarray | None:
        """Boolean array of the whole canal from the best source there is, or None."""
        if self.canal is not None:
            return np.asarray(self.canal.array != 0)
        if self.semantic is not None:
            parts = self.semantic.scheme.of_kind("cord", "canal_without_cord", "canal_whole")
            return self.semantic.mask([entry.value for entry in parts])
        return None


@dataclass(frozen=True, eq=False)
class SpineRefinement:
    """A refined spine.

    Parameters
    ----------
    labels
        Vertebrae, discs and sacrum in scheme ``spine``, on the grid of the inputs.
    decisions
        Everything that was decided on the way.
    column, naming
        Where the levels were counted: the vertebrae, and their names with how sure they are.
    """

    labels: LabelMap
    decisions: tuple[Decision, ...]
    column: Column | None = None
    naming: Naming | None = None


def refine_spine(inputs: SpineInputs, policy: str = "anatomical") -> SpineRefinement:
    """Give the instances of SPINEPS the levels of TotalSpineSeg, or count them, and take the canal away.

    Parameters
    ----------
    inputs
        The masks; they are not changed.
    policy
        ``anatomical``: order and class of structures are respected and nothing is lost silently. ``compatible``: voxel
        for voxel what the original ``spineps_refine.py`` writes.

    Raises
    ------
    UsageError
        There is no such policy, or it cannot do without TotalSpineSeg.
    InputError
        TotalSpineSeg holds nothing that could give a label.
    """
    if policy not in POLICIES:
        raise UsageError(f"There is no policy {policy!r}.", f"Choose one of: {', '.join(POLICIES)}.")
    spine, geometry = scheme("spine"), inputs.vert.geometry
    if inputs.totalspineseg is None:
        if policy == "compatible":
            raise UsageError("The policy compatible takes its levels from TotalSpineSeg.", "Give its masks, too.")
        counted = refine_by_order(inputs.vert, inputs.canal_mask())
        return SpineRefinement(
            LabelMap(counted.array, geometry, spine), counted.decisions, counted.column, counted.naming
        )
    if policy == "compatible":
        canal = None if inputs.canal is None else inputs.canal.array
        array, decisions = refine_compatible(inputs.vert.array, inputs.totalspineseg.array, canal, spine)
    else:
        array, decisions = refine_anatomical(inputs.vert, inputs.totalspineseg, inputs.canal_mask())
    return SpineRefinement(LabelMap(array, geometry, spine), tuple(decisions))
