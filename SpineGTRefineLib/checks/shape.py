"""Rules on each structure's shape: in one piece, of a likely size, alike on both sides, whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from scipy import ndimage

from .problem import Problem, Severity
from .survey import Region, Survey

ONE_PIECE_SHARE = 0.95
"""A structure counts as one piece if its largest piece holds this share of its voxels; specks are left to cleaning."""

TORN_SHARE = 0.80
"""Below this share the pieces are no thin bridge lost to a thick slice, but different objects."""

VOLUME_Z = 4.0
"""Robust z-score (against the neighbours) from which a volume is suspicious."""

VOLUME_SPREAD = (0.17, 0.22)
"""Least and largest spread of the logarithm of volumes about what the neighbours suggest. Levels grow by up to 10 %
from one to the next, and raters differ as much; in a short row one bad level must not widen the spread."""

LARGEST_GROWTH = 0.15
"""Largest likely growth of the logarithm of the volume from one level to the next."""

VOLUME_NEIGHBOURS = 3
"""Levels on either side that a level is compared with; three, so that at the ends of the row one bad level among them
does not matter."""

ASYMMETRY = 0.5
"""Largest likely (right - left) / (right + left) of a vertebra's voxels about the midline of its neighbours."""

_WHOLE_KINDS = ("vertebra", "disc", "sacrum")


def one_piece(survey: Survey) -> Iterator[Problem]:
    """Find levels that are not one connected piece."""
    kinds = (*_WHOLE_KINDS, "canal_whole", "canal_without_cord", "cord")
    for region in survey.of_kind(*kinds):
        if region.truncated and region.structure.kind in _WHOLE_KINDS:
            continue
        numbered, count = ndimage.label(region.mask, structure=np.ones((3, 3, 3)))
        if count < 2:
            continue
        sizes = np.bincount(numbered.ravel())[1:]
        share = sizes.max() / region.voxels
        if share >= ONE_PIECE_SHARE:
            continue
        second = int(np.argsort(sizes, kind="stable")[-2]) + 1
        severity: Severity = "error" if share < TORN_SHARE else "warning"
        yield survey.problem(
            "one_piece",
            severity,
            region,
            f"{region.name} lies in {count} pieces; the largest holds only {share:.0%} of it.",
            "Join the pieces if they belong together, or give the stray one its own label (or erase it).",
            index=survey.shown(numbered == second, region.box),
        )


def likely_volume(survey: Survey) -> Iterator[Problem]:
    """Find whole levels whose volume does not fit those of their neighbours."""
    for kind, skipped in (("vertebra", {"vertebra_C1", "vertebra_C2"}), ("disc", set())):
        chain = [r for r in survey.of_kind(kind) if not r.truncated and r.structure.key not in skipped]
        yield from _outliers(survey, chain)


def alike_on_both_sides(survey: Survey) -> Iterator[Problem]:
    """Find vertebrae that are far larger on one side of the midline."""
    chain = [r for r in survey.of_kind("vertebra") if not r.truncated]
    if len(chain) < 3:
        return
    for place, region in enumerate(chain):
        if region.faces & set("RL"):
            continue
        near = [other for other in chain[max(0, place - 2) : place + 3] if other is not region]
        line = _midline(near, region.middle[2])
        voxels = survey.geometry.to_world(np.argwhere(region.mask) + [part.start for part in region.box])
        offset = voxels[:, 0] - line
        right, left = int((offset > 0).sum()), int((offset < 0).sum())
        balance = (right - left) / max(right + left, 1)
        if abs(balance) > ASYMMETRY:
            missing = "left" if balance > 0 else "right"
            yield survey.problem(
                "alike_on_both_sides",
                "warning",
                region,
                f"{region.name} is much smaller on the {missing} side ({min(left, right)} against {max(left, right)} "
                "voxels).",
                f"Complete the {missing} side, unless the bone is really missing there.",
            )


def cut_off(survey: Survey) -> Iterator[Problem]:
    """Say which levels the edge of the image cuts; normal at both ends of a scan."""
    for region in survey.of_kind(*_WHOLE_KINDS):
        if region.truncated:
            edges = " and ".join(_EDGES[letter] for letter in "SIAP" if letter in region.faces)
            yield survey.problem(
                "cut_off",
                "info",
                region,
                f"{region.name} is cut off by the {edges} edge of the image.",
                "Nothing to do; its volume and shape are not judged.",
            )


_EDGES = {"S": "upper", "I": "lower", "A": "front", "P": "back"}


def _outliers(survey: Survey, chain: Sequence[Region]) -> Iterator[Problem]:
    if len(chain) < 3:
        return
    logs = np.log([region.voxels for region in chain])
    expected = np.array([_expected(logs, place) for place in range(len(chain))])
    residual = logs - expected
    spread = float(np.clip(1.4826 * np.median(np.abs(residual - np.median(residual))), *VOLUME_SPREAD))
    for region, off, wanted in zip(chain, residual, expected, strict=True):
        if abs(off) / spread < VOLUME_Z:
            continue
        volume = survey.geometry.voxel_volume / 1000.0
        size = "small" if off < 0 else "large"
        yield survey.problem(
            "likely_volume",
            "warning",
            region,
            f"{region.name} is unusually {size}: {region.voxels * volume:.1f} ml, where its neighbours suggest about "
            f"{float(np.exp(wanted)) * volume:.1f} ml.",
            "Look whether part of it is missing, carries another level's label, or belongs to a neighbour.",
        )


def _expected(logs: np.ndarray, place: int) -> float:
    """Size that the neighbours suggest: their median, or their trend where that is nearer.

    The trend is made of medians too, so that one bad level does not matter; at the ends of the row it may lead astray.
    """
    near = [n for n in range(len(logs)) if 0 < abs(n - place) <= VOLUME_NEIGHBOURS]
    slopes = [(logs[b] - logs[a]) / (b - a) for a, b in combinations(near, 2)]
    slope = float(np.clip(np.median(slopes), -LARGEST_GROWTH, LARGEST_GROWTH))
    suggestions = [float(np.median([logs[n] - step * (n - place) for n in near])) for step in (0.0, slope)]
    return min(suggestions, key=lambda suggestion: abs(suggestion - logs[place]))


def _midline(near: Sequence[Region], height: float) -> float:
    """Left-right position of the neighbours' line at a height; the median where a line would be a guess."""
    z = np.array([region.middle[2] for region in near])
    x = np.array([region.middle[0] for region in near])
    if z.min() < height < z.max() and len(near) > 2:
        slope, offset = np.polyfit(z - height, x, 1)
        return float(offset) if abs(slope) < 1.0 else float(np.median(x))
    return float(np.median(x))
