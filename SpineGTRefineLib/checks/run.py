"""`check_labels`: all rules that apply to a mask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..imaging import LabelMap
from . import canal as canal_rules
from . import chain, matter, rootlets, shape, values
from .problem import SEVERITIES, Problem
from .survey import Survey, aligned

_LABEL_RULES = (
    values.empty_mask,
    values.known_values,
    chain.consecutive,
    chain.transitional,
    chain.in_order,
    chain.disc_between,
    chain.disc_present,
    chain.sacrum_last,
    shape.one_piece,
    shape.likely_volume,
    shape.alike_on_both_sides,
    shape.cut_off,
    rootlets.in_order,
    rootlets.no_level_left_out,
    matter.grey_inside_white,
)
"""Rules that need the mask alone; each finds nothing in masks without its structures."""


def check_labels(labels: LabelMap, canal: LabelMap | None = None, cord: LabelMap | None = None) -> tuple[Problem, ...]:
    """Say what in a mask breaks the rules of anatomy.

    Parameters
    ----------
    labels
        Any mask: spine, canal, cord, sacrum, rootlets, grey and white matter. Rules are chosen by what it holds.
    canal
        Mask of the whole canal (cord included) of the same image; every value that is not 0 counts. Where it is not
        given, canal and cord among the labels themselves are used.
    cord
        Mask of the cord of the same image.

    Returns
    -------
    tuple of Problem
        Errors first, then warnings, then remarks; within these in the order of the rules.

    Raises
    ------
    GeometryError
        ``canal`` or ``cord`` lies on another grid (flipped or swapped axes are fine).
    """
    survey = Survey(labels)
    found = [problem for rule in _LABEL_RULES for problem in rule(survey)]
    found += _with_partners(survey, _partner(survey, canal, "canal"), _partner(survey, cord, "cord"))
    return tuple(sorted(found, key=lambda problem: SEVERITIES.index(problem.severity)))


def _partner(survey: Survey, given: LabelMap | None, name: str) -> np.ndarray | None:
    """Return the mask that was given, or the one among the labels; for the canal that is canal and cord together."""
    if given is not None:
        return aligned(given, survey.geometry)
    if name == "cord":
        return canal_rules.region_mask(survey, "cord")
    if not survey.of_kind("canal_whole", "canal_without_cord"):
        return None
    return canal_rules.region_mask(survey, "canal_whole", "canal_without_cord", "cord")


def _with_partners(survey: Survey, canal: np.ndarray | None, cord: np.ndarray | None) -> Iterator[Problem]:
    if canal is not None and canal.any():
        yield from canal_rules.bone_in_canal(survey, canal)
        yield from canal_rules.canal_in_one_piece(survey, canal, "canal_whole")
        yield from canal_rules.levels_along_canal(survey, canal)
    if cord is not None and cord.any():
        yield from canal_rules.canal_in_one_piece(survey, cord, "cord")
        yield from canal_rules.conus_level(survey, cord)
        yield from rootlets.near_cord(survey, cord)
    if canal is not None and cord is not None:
        yield from canal_rules.cord_in_canal(survey, cord, canal)
        yield from canal_rules.canal_along_cord(survey, cord, canal)
    yield from rootlets.on_both_sides(survey, cord)
