"""The vertebrae of a map of parts, one by one, from head to tail, with what each looks like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..imaging import Geometry, LabelMap
from .components import label_components
from .level_names import Looks
from .slices import Slices
from .spread import spread

BODIES = {"body_C2": "C2", "bodies_cervical": "C", "bodies_thoracic": "T", "bodies_lumbar": "L"}
"""Parts that are vertebral bodies, and the region that each looks like."""

CORE_MM = 2.0
"""Bodies that touch are told apart by their cores: what lies deeper than this."""

SMALLEST = 0.12
"""A body is real if it has at least this part of the usual volume, or is cut off by the edge of the image."""

ATLAS_MM3 = 400.0
"""A piece of C1 below this volume says nothing."""

ATLAS_MM = 45.0
"""Pieces of C1 lie within this distance of its largest one."""

TOO_FAR, TOO_NEAR = 1.6, 0.5
"""Neighbours further apart than this (in terms of the distances around) have one between them; nearer ones are one."""


STRAY = 2.8
"""A first or last one that is further from the next one than this (in usual distances) is no part of the chain."""


@dataclass(frozen=True, eq=False)
class Member:
    """One vertebra of the chain.

    Parameters
    ----------
    label
        Its value in :attr:`Column.labels`, 0 for one that was not found but must be there.
    center
        Of its body, RAS mm.
    looks
        See :data:`.level_names.Looks`.
    """

    label: int
    center: np.ndarray
    looks: Looks


@dataclass(frozen=True, eq=False)
class Column:
    """All vertebrae of a map.

    Parameters
    ----------
    members
        From head to tail, without gaps.
    labels
        int32 array: the member's number for every voxel of its body, C1 included.
    """

    members: tuple[Member, ...]
    labels: np.ndarray

    @property
    def found(self) -> tuple[Member, ...]:
        """Those that were found."""
        return tuple(member for member in self.members if member.label)


def find_column(parts: LabelMap) -> Column:
    """Find the vertebrae of a map in the scheme ``spine_parts``."""
    region = np.zeros(parts.array.shape, dtype=np.uint8)
    regions = list(BODIES.values())
    for number, key in enumerate(BODIES, start=1):
        region[parts.array == parts.scheme.value_of(key)] = number
    bodies = _separated(region > 0, parts)
    counts = _histogram(bodies, region, len(regions))
    centers = _centers(bodies, counts.shape[0] - 1, parts)
    members = [
        Member(n, centers[n - 1], dict(zip(regions, counts[n, 1:] / counts[n, 1:].sum(), strict=True)))
        for n in range(1, counts.shape[0])
        if counts[n].any()
    ]
    members, joined = chained(members)
    for number, other in joined.items():
        bodies[bodies == number] = other
    atlas = _atlas(parts, members, int(bodies.max()) + 1)
    if atlas is not None:
        member, voxels = atlas
        bodies[voxels] = member.label
        members = [member, *members]
    return Column(tuple(members), bodies)


def chained(members: Iterable[Member]) -> tuple[list[Member], dict[int, int]]:
    """Put vertebrae in order from head to tail, join what was split in two, and put in what is missing between them.

    Returns
    -------
    members
        Without gaps and strays; those that were put in have the label 0.
    joined
        Labels of members that are parts of another one, and that one's label.
    """
    kept, joined = _without_doubles(sorted(members, key=lambda member: -member.center[2]))
    return _with_gaps(_without_strays(kept)), joined


def room_above(grid: Geometry, point: np.ndarray) -> float:
    """Millimetres between a point and the head end of the image."""
    slices = Slices.of(grid)
    return float(abs(slices.head - grid.to_index(point)[slices.axis]) * grid.spacing[slices.axis])


def _separated(mask: np.ndarray, parts: LabelMap) -> np.ndarray:
    """Give each body a number: by their cores where they touch, and without specks."""
    if not mask.any():
        return np.zeros(mask.shape, dtype=np.int32)
    spacing = parts.geometry.spacing
    depth = ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1, 1:-1]
    cores, _ = label_components(depth > CORE_MM, 1)
    bodies = spread(cores, mask)
    sizes = np.bincount(bodies.ravel(), minlength=2)
    usual = np.median(np.sort(sizes[1:])[::-1][: max(1, (sizes.size - 1) // 2)]) if sizes.size > 1 else 0
    edge = np.zeros(mask.shape, dtype=bool)
    for axis in range(mask.ndim):
        edge[(slice(None),) * axis + ([0, -1],)] = True
    cut = np.zeros(sizes.size, dtype=bool)
    cut[np.unique(bodies[edge])] = True
    real = (sizes >= SMALLEST * usual) | (cut & (sizes >= 0.25 * SMALLEST * usual))
    real[0] = False
    numbers = np.zeros(sizes.size, dtype=np.int32)
    numbers[real] = np.arange(1, np.count_nonzero(real) + 1)
    return np.asarray(numbers[bodies])


def _histogram(bodies: np.ndarray, region: np.ndarray, regions: int) -> np.ndarray:
    """Voxels of each body (rows) in each region (columns, 0 for none)."""
    inside = bodies > 0
    flat = bodies[inside].astype(np.int64) * (regions + 1) + region[inside]
    count = int(bodies.max()) + 1
    return np.asarray(np.bincount(flat, minlength=count * (regions + 1)).reshape(count, regions + 1))


def _centers(bodies: np.ndarray, count: int, parts: LabelMap) -> np.ndarray:
    if count == 0:
        return np.zeros((0, 3))
    middles = ndimage.center_of_mass(bodies > 0, bodies, range(1, count + 1))
    return np.asarray(parts.geometry.to_world(np.array(middles)))


def _distances(members: list[Member], *, sagittal: bool = False) -> np.ndarray:
    """Distances between neighbours, or what is seen of them from the side."""
    centers = np.array([member.center for member in members]).reshape(-1, 3)[:, 1 if sagittal else 0 :]
    return np.asarray(np.linalg.norm(np.diff(centers, axis=0), axis=1))


def _usual_distance(distances: np.ndarray, position: int) -> float:
    """Median of the distances around one, which does not count itself."""
    around = [distances[n] for n in range(max(0, position - 2), min(len(distances), position + 3)) if n != position]
    return float(np.median(around)) if around else float("inf")


def _without_doubles(members: list[Member]) -> tuple[list[Member], dict[int, int]]:
    """Join what was split in two: the members that are left, and the label that each of the others takes.

    Left and right do not count: the halves of a body may lie far apart.
    """
    kept: list[Member] = []
    joined: dict[int, int] = {}
    distances = _distances(members, sagittal=True)
    for position, member in enumerate(members):
        usual = _usual_distance(distances, position - 1) if position else float("inf")
        if position and np.isfinite(usual) and distances[position - 1] < TOO_NEAR * usual:
            joined[member.label] = kept[-1].label
        else:
            kept.append(member)
    return kept, joined


def _without_strays(members: list[Member]) -> list[Member]:
    """Leave out a first or last one that lies far off all others: it is something else."""
    if len(members) < 4:
        return members
    distances = _distances(members)
    limit = STRAY * float(np.median(distances))
    return members[1 if distances[0] > limit else 0 : -1 if distances[-1] > limit else None]


def _with_gaps(members: list[Member]) -> list[Member]:
    """Put in those that are missing between neighbours that are too far apart."""
    if len(members) < 3:
        return members
    distances = _distances(members)
    chain = members[:1]
    for position, member in enumerate(members[1:]):
        usual = _usual_distance(distances, position)
        missing = round(distances[position] / usual) - 1 if distances[position] > TOO_FAR * usual else 0
        step = (member.center - chain[-1].center) / (missing + 1)
        chain += [Member(0, chain[-1].center + step * (n + 1), {}) for n in range(missing)]
        chain.append(member)
    return chain


def _atlas(parts: LabelMap, members: list[Member], label: int) -> tuple[Member, np.ndarray] | None:
    """Find C1 above all others: it has no body, so its ring may be drawn in several pieces."""
    pieces, sizes = label_components(parts.array == parts.scheme.value_of("vertebra_C1"))
    if not sizes.size or sizes.max() * parts.geometry.voxel_volume < ATLAS_MM3:
        return None
    centers = parts.geometry.to_world(np.array(ndimage.center_of_mass(pieces > 0, pieces, range(1, sizes.size + 1))))
    largest = centers[sizes.argmax()]
    if members and largest[2] < members[0].center[2]:
        return None
    chosen = np.zeros(sizes.size + 1, dtype=bool)
    chosen[1:] = np.linalg.norm(centers - largest, axis=1) < ATLAS_MM
    return Member(label, largest, {"C1": 1.0}), chosen[pieces]
