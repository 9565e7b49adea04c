"""Everything that is painted: soft tissue around the spine, the spine itself, canal, cord and rootlets."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from ..anatomy import scheme
from ..anatomy.order import disc_below
from ..errors import UsageError
from .painter import Distance, Solid, capsule, tube
from .skeleton import Skeleton, Vector
from .vertebra import PARTS, disc_solids, sacrum_solids, vertebra_solids

ROOTLET_RADIUS_MM = 0.8
"""Half the thickness of a painted rootlet, on grids fine enough for it."""

ROOTLETS_PER_LEVEL = 3
"""Threads of one level on each of the four sides (left and right, dorsal and ventral)."""

THREAD_DROP_MM = 5.0
"""How far a thread sinks on its way from the cord to the wall of the canal."""


def all_solids(skeleton: Skeleton, *, rootlets: bool, finest_mm: float = 1.0) -> Iterator[Solid]:
    """Yield all solids in the order of painting; ``finest_mm`` is the voxel size that rootlets must survive."""
    yield from _soft_tissue(skeleton)
    yield from _bones(skeleton)
    yield from _canal(skeleton)
    if rootlets:
        yield from _rootlets(skeleton, max(ROOTLET_RADIUS_MM, 0.6 * finest_mm))


def vertebra_key(level: str) -> str:
    """Structure key of a level; all sacral segments are one structure."""
    return "sacrum" if level.startswith("S") else f"vertebra_{level}"


def disc_key(above: str, levels: Collection[str]) -> str:
    """Structure key of the disc below a level, in a person who has ``levels``."""
    key = disc_below(vertebra_key(above), {vertebra_key(level) for level in levels})
    if key is None:
        raise UsageError(f"There is no disc below {above}.")
    return key


def _soft_tissue(skeleton: Skeleton) -> Iterator[Solid]:
    canal = skeleton.canal

    def behind_skin(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(canal.sample("y", z) - 62.0 - y + 0.0 * x)

    def in_front(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(canal.sample("y", z) + 48.0 - y + 0.0 * x)

    yield Solid(behind_skin, "fat")
    yield Solid(in_front, "viscera")
    yield Solid(tube(canal, shift=(-8.0, 54.0), scale=0.0, grow=8.0), "vessel")
    for side in (-24.0, 24.0):
        yield Solid(tube(canal, shift=(side, -24.0), scale=0.0, grow=21.0), "muscle")
        yield Solid(tube(canal, shift=(side * 1.5, 22.0), scale=0.0, grow=15.0), "muscle")
    # Ligaments and epidural fat line the canal.
    yield Solid(tube(canal, grow=2.4), "ligament")
    yield Solid(tube(canal, shift=(0.0, -1.0), grow=1.2), "fat")


def _bones(skeleton: Skeleton) -> Iterator[Solid]:
    spine = scheme("spine")
    for disc in skeleton.discs:
        yield from disc_solids(disc, spine.value_of(disc_key(disc.above, skeleton.levels)))
    for vertebra in reversed(skeleton.vertebrae):
        solids = sacrum_solids if vertebra.region == "S" else vertebra_solids
        yield from solids(vertebra, spine.value_of(vertebra_key(vertebra.level)))


def _canal(skeleton: Skeleton) -> Iterator[Solid]:
    canal, cord = skeleton.canal, skeleton.cord
    yield Solid(tube(canal), "csf", level=0, part=PARTS.canal)
    yield Solid(_below(tube(canal, shift=(0.0, -2.5), scale=0.55), skeleton.conus_z + 8.0), "root")
    yield Solid(tube(cord), "white", level=0, part=PARTS.cord)
    yield Solid(tube(cord, scale=0.45), "gray")


def _below(distance: Distance, height: float) -> Distance:
    def cut(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.maximum(distance(x, y, z), z - height))

    return cut


def _rootlets(skeleton: Skeleton, thickness: float) -> Iterator[Solid]:
    """Yield threads from the cord's four corners down to the wall of the canal, numbered by spinal level."""
    rootlets = scheme("rootlets")
    for level, (top, bottom) in skeleton.segment_heights().items():
        if not rootlets.has(f"rootlets_{level}"):
            continue
        value = rootlets.value_of(f"rootlets_{level}")
        for step in range(ROOTLETS_PER_LEVEL):
            z = top + (bottom - top) * (step + 0.5) / ROOTLETS_PER_LEVEL
            for side in (-1.0, 1.0):
                for face in (-1.0, 1.0):
                    start, end = _thread(skeleton, z, side, face)
                    distance, center, radius = capsule(start, end, thickness)
                    inside = _inside_canal(skeleton, distance)
                    yield Solid(inside, "root", center, radius, rootlet=value)


def _thread(skeleton: Skeleton, z: float, side: float, face: float) -> tuple[Vector, Vector]:
    def corner(curve_name: str, height: float, u: float, v: float) -> Vector:
        curve = getattr(skeleton, curve_name)
        x, y, w, d = (float(curve.sample(name, height)) for name in ("x", "y", "half_width", "half_depth"))
        return x + u * w, y + v * d, height

    return corner("cord", z, 0.72 * side, 0.75 * face), corner("canal", z - THREAD_DROP_MM, 0.9 * side, 0.3 * face)


def _inside_canal(skeleton: Skeleton, thread: Distance) -> Distance:
    canal, cord = tube(skeleton.canal), tube(skeleton.cord)

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.maximum(np.maximum(thread(x, y, z), canal(x, y, z)), -cord(x, y, z)))

    return distance
