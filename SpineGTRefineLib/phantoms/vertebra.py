"""The solids of one vertebra, of a disc and of the sacrum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .painter import Distance, Solid, capsule, ellipsoid, local
from .skeleton import Disc, Frame, Vertebra

CORTICAL_MM = 1.0
"""Thickness of the dark shell of bone."""

ENDPLATE_MM = 1.3
"""Thickness of the endplates (dark, SPINEPS class 62)."""


@dataclass(frozen=True)
class Parts:
    """Values of the ``part`` array: SPINEPS' semantic classes."""

    arch: int = 41
    spinous: int = 42
    costal_left: int = 43
    costal_right: int = 44
    superior_left: int = 45
    superior_right: int = 46
    inferior_left: int = 47
    inferior_right: int = 48
    body: int = 49
    cord: int = 60
    canal: int = 61
    endplate: int = 62
    disc: int = 100
    sacrum: int = 26


PARTS = Parts()


def vertebra_solids(vertebra: Vertebra, value: int) -> Iterator[Solid]:
    """Yield body, endplates, arch and processes of C1 ... L6, the body last so that it wins."""
    yield from _posterior_elements(vertebra, value)
    if vertebra.level == "C1":
        yield from _atlas_ring(vertebra, value)
        return
    yield from body_solids(vertebra, value, PARTS.body)
    if vertebra.level == "C2":
        yield from _dens(vertebra, value)


def body_solids(vertebra: Vertebra, value: int, part: int) -> Iterator[Solid]:
    """Yield a vertebral body: dark shell, marrow, and the two endplates (not for the sacrum)."""
    size, frame = vertebra.size, vertebra.frame
    radius = 0.5 * (size.body_height**2 + size.body_width**2 + size.body_depth**2) ** 0.5
    shell = _body(vertebra, 0.0, 0.0)
    yield Solid(shell, "cortical", frame.center, radius, level=value, part=part)
    if part == PARTS.body:
        yield Solid(_endplates(vertebra, shell), "cortical", frame.center, radius, part=PARTS.endplate)
    yield Solid(_body(vertebra, CORTICAL_MM, ENDPLATE_MM), "marrow", frame.center, radius, part=part)


def disc_solids(disc: Disc, value: int) -> Iterator[Solid]:
    """Yield a disc; it reaches into the hollow endplates, which are painted over it afterwards."""
    half_height = disc.half_height + 1.6
    radius = (disc.half_width**2 + disc.half_depth**2 + half_height**2) ** 0.5
    for tissue, inner in (("annulus", 1.0), ("nucleus", 0.72)):
        distance = _barrel(disc.frame, disc.half_width * inner, disc.half_depth * inner, half_height)
        yield Solid(distance, tissue, disc.frame.center, radius, level=value, part=PARTS.disc)


def sacrum_solids(vertebra: Vertebra, value: int) -> Iterator[Solid]:
    """Yield one sacral segment: its wings, its crest, and the body fused to its neighbours."""
    size, frame = vertebra.size, vertebra.frame
    height, depth = size.body_height, size.body_depth
    wings = ellipsoid(frame, (0, -0.12 * depth, -0.05 * height), (size.transverse, 0.42 * depth, 0.6 * height))
    yield from _bone(wings, value, PARTS.sacrum)
    if vertebra.level in ("S1", "S2", "S3"):
        behind = vertebra.canal_offset - size.canal_depth / 2 - 3.0
        roof = ellipsoid(frame, (0, behind, 0), (0.5 * size.canal_width + 6, 3.5, 0.6 * height))
        yield from _bone(roof, value, PARTS.sacrum)
        crest = capsule(frame.at(0, behind, 0), frame.at(0, behind - size.spinous * 0.5, -size.spinous_drop), 3.0)
        yield from _bone(crest, value, PARTS.sacrum)
        for side in (-1, 1):
            wall = side * (0.5 * size.canal_width + 4.0)
            pillar = capsule(frame.at(wall, behind, 0), frame.at(wall, -0.3 * depth, 0), 5.0)
            yield from _bone(pillar, value, PARTS.sacrum)
    # Fused: a little higher than the segment itself, so that no gap is left.
    neck = _barrel(frame, size.body_width * 0.45, depth * 0.46, height * 0.62)
    yield Solid(neck, "marrow", frame.center, size.body_width, level=value, part=PARTS.sacrum)
    yield from body_solids(vertebra, value, PARTS.sacrum)


def _posterior_elements(vertebra: Vertebra, value: int) -> Iterator[Solid]:
    size, frame = vertebra.size, vertebra.frame
    height, canal = size.body_height, vertebra.canal_offset
    back = canal - size.canal_depth / 2
    wall = size.canal_width / 2
    thick = 2.6 if vertebra.region == "C" else 3.6
    for side in (-1, 1):
        left = side < 0
        costal = PARTS.costal_left if left else PARTS.costal_right
        superior = PARTS.superior_left if left else PARTS.superior_right
        inferior = PARTS.inferior_left if left else PARTS.inferior_right
        # Pedicle, then lamina, from the body round the canal to the midline.
        corner = frame.at(side * (wall + thick), canal - 0.15 * size.canal_depth, 0.12 * height)
        root = frame.at(side * min(wall + thick, 0.42 * size.body_width), -0.3 * size.body_depth, 0.15 * height)
        roof = frame.at(0, back - thick * 0.7, -0.12 * height)
        transverse = frame.at(side * size.transverse, canal - 0.1 * size.canal_depth, 0.05 * height)
        yield from _bone(capsule(corner, transverse, thick * 0.85), value, costal, behind=True)
        facet = (0.32 * thick + 2.0, 0.3 * thick + 1.6, 0.22 * height + 1.0)
        high = (side * (wall + thick + 2.0), canal - 0.30 * size.canal_depth, 0.42 * height)
        low = (side * (wall + thick - 0.5), back - 1.5, -0.42 * height)
        yield from _bone(ellipsoid(frame, high, facet), value, superior, behind=True)
        yield from _bone(ellipsoid(frame, low, facet), value, inferior, behind=True)
        yield from _bone(capsule(root, corner, thick), value, PARTS.arch, behind=True)
        yield from _bone(capsule(corner, roof, thick), value, PARTS.arch, behind=True)
    tip = frame.at(0, back - size.spinous, -0.12 * height - size.spinous_drop)
    start = frame.at(0, back - thick, -0.12 * height)
    yield from _bone(capsule(start, tip, thick), value, PARTS.spinous, behind=True)


def _atlas_ring(vertebra: Vertebra, value: int) -> Iterator[Solid]:
    """Front arch and lateral masses of C1, which has no body (the dens of C2 stands in its place)."""
    size, frame = vertebra.size, vertebra.frame
    front = 0.5 * size.body_depth + 3.0
    for side in (-1, 1):
        mass = (side * (size.canal_width / 2 + 5.0), -0.2 * size.body_depth, 0.0)
        yield from _bone(ellipsoid(frame, mass, (5.5, 8.0, 5.5)), value, PARTS.arch)
        yield from _bone(capsule(frame.at(*mass), frame.at(0, front, 0), 3.2), value, PARTS.arch)


def _dens(vertebra: Vertebra, value: int) -> Iterator[Solid]:
    size, frame = vertebra.size, vertebra.frame
    tip = frame.at(0, 0, size.body_height / 2 + 11.0)
    yield from _bone(capsule(frame.at(0, 0, 0.2 * size.body_height), tip, 4.6), value, PARTS.body)


def _bone(
    shape: tuple[Distance, tuple[float, float, float], float], value: int, part: int, *, behind: bool = False
) -> Iterator[Solid]:
    """Yield a dark shell that carries the labels, and marrow inside it that only changes the signal."""
    distance, center, radius = shape
    yield Solid(distance, "cortical", center, radius, level=value, part=part, behind=behind)
    if not behind:
        yield Solid(lambda x, y, z: distance(x, y, z) + CORTICAL_MM, "marrow", center, radius)


def _body(vertebra: Vertebra, rim: float, plate: float) -> Distance:
    """Waisted cylinder of rounded cross-section with hollow ends, ``rim`` and ``plate`` mm inside its surface."""
    size, frame = vertebra.size, vertebra.frame
    width, depth, height = size.body_width / 2 - rim, size.body_depth / 2 - rim, size.body_height / 2

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        r, a, s = local(frame, x, y, z)
        u2, v2, w2 = (r / width) ** 2, (a / depth) ** 2, (s / height) ** 2
        waist = 0.9 + 0.1 * np.minimum(w2, 1.0)
        round_ = (np.sqrt(u2 + v2 - 0.35 * u2 * v2 * (u2 + v2 < 2.0)) / waist - 1.0) * min(width, depth)
        ends = np.abs(s) - height * (0.93 + 0.07 * np.minimum(u2 + v2, 1.0)) + plate
        return np.asarray(np.maximum(round_, ends))

    return distance


def _endplates(vertebra: Vertebra, shell: Distance) -> Distance:
    inside = _body(vertebra, 0.0, ENDPLATE_MM)
    frame, middle = vertebra.frame, vertebra.size.body_height * 0.3

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        _, _, s = local(frame, x, y, z)
        return np.asarray(np.maximum(np.maximum(shell(x, y, z), -inside(x, y, z)), middle - np.abs(s)))

    return distance


def _barrel(frame: Frame, half_width: float, half_depth: float, half_height: float) -> Distance:
    """Upright cylinder with the rounded cross-section of a vertebral body."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        r, a, s = local(frame, x, y, z)
        u2, v2 = (r / half_width) ** 2, (a / half_depth) ** 2
        round_ = (np.sqrt(u2 + v2 - 0.35 * u2 * v2 * (u2 + v2 < 2.0)) - 1.0) * min(half_width, half_depth)
        return np.asarray(np.maximum(round_, np.abs(s) - half_height))

    return distance
