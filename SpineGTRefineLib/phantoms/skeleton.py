"""Where everything lies: a spine of natural curvature as a chain of frames, and the curve of its canal.

World axes are RAS millimetres; the centre of C1 is the origin. Only sums, products and square roots reach the labels
(no random normals, no BLAS), so a seed gives the same masks on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator

from .tables import VertebraSize, levels_of_variant, segment_lengths, vertebra_sizes

Vector = tuple[float, float, float]

CANAL_GAP_MM = 1.5
"""Between the back of a vertebral body and the dural sac: ligament and epidural fat."""

SAC_END_LEVEL = "S2"
"""The dural sac ends at this level."""

CONUS_TAPER_MM = 35.0
"""Length over which the cord thins out to its tip."""


@dataclass(frozen=True)
class Frame:
    """A place and three directions at right angles, in RAS millimetres."""

    center: Vector
    right: Vector
    anterior: Vector
    superior: Vector

    def at(self, right: float, anterior: float, superior: float) -> Vector:
        """World position of a point given in this frame."""
        moves = zip(self.center, self.right, self.anterior, self.superior, strict=True)
        x, y, z = (c + right * r + anterior * a + superior * s for c, r, a, s in moves)
        return x, y, z


@dataclass(frozen=True)
class Vertebra:
    """One level of the skeleton: its own sizes and its frame (centre of the body)."""

    size: VertebraSize
    frame: Frame

    @property
    def level(self) -> str:
        """Name of the level, ``C1`` ... ``S5``."""
        return self.size.level

    @property
    def canal_offset(self) -> float:
        """Position of the canal's centre along the frame's anterior axis (negative: behind the body)."""
        return -(self.size.body_depth / 2 + CANAL_GAP_MM + self.size.canal_depth / 2)

    @property
    def region(self) -> str:
        """``C``, ``T``, ``L`` or ``S``."""
        return self.level[0]


@dataclass(frozen=True)
class Disc:
    """A disc: the levels above and below, half-sizes in millimetres, and its frame."""

    above: str
    below: str
    half_width: float
    half_depth: float
    half_height: float
    frame: Frame


@dataclass(frozen=True, eq=False)
class Tube:
    """A tube of elliptic cross-section along the spine, given at descending heights ``z``.

    ``x`` and ``y`` are its centre, ``half_width`` and ``half_depth`` its half-axes in the axial plane (mm); half-axes
    of 0 mean that it is closed there.
    """

    z: np.ndarray
    x: np.ndarray
    y: np.ndarray
    half_width: np.ndarray
    half_depth: np.ndarray

    def sample(self, name: str, z: np.ndarray | float) -> np.ndarray:
        """Value of one of the columns at the heights ``z``."""
        return np.asarray(np.interp(z, self.z[::-1], getattr(self, name)[::-1]))


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The whole spine: vertebrae head to tail (sacral segments included), discs, dural sac and cord."""

    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    canal: Tube
    cord: Tube
    conus_z: float

    def vertebra(self, level: str) -> Vertebra:
        """Return the vertebra of a level."""
        return next(vertebra for vertebra in self.vertebrae if vertebra.level == level)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels head to tail."""
        return tuple(vertebra.level for vertebra in self.vertebrae)

    def segment_heights(self) -> dict[str, tuple[float, float]]:
        """Top and bottom (z, mm) of every spinal cord segment: they share the cord from C1 to the conus."""
        lengths = segment_lengths()
        top = self.vertebrae[0].frame.center[2]
        unit = (top - self.conus_z) / sum(lengths.values())
        heights, z = {}, top
        for level, length in lengths.items():
            heights[level] = (z, z - unit * length)
            z -= unit * length
        return heights


def build_skeleton(rng: np.random.Generator, variant: str, scale: float = 1.0) -> Skeleton:
    """Draw one person's spine.

    Parameters
    ----------
    rng
        Source of the variation between people.
    variant
        Row of ``variants.csv``: how many thoracic and lumbar vertebrae.
    scale
        Size of the person; 1 is an average adult.
    """
    levels = levels_of_variant(variant)
    stature = scale * _between(rng, 0.92, 1.07)
    canal_factor, cord_factor = _between(rng, 0.92, 1.12), _between(rng, 0.92, 1.08)
    sizes = [_person_size(vertebra_sizes()[level], rng, stature, canal_factor, cord_factor) for level in levels]
    vertebrae = _stack(sizes, rng)
    discs = tuple(_disc(a, b) for a, b in pairwise(vertebrae) if _has_disc(a, b))
    first_lumbar = next(v for v in vertebrae if v.level == "L1")
    conus_z = first_lumbar.frame.center[2] + _between(rng, -1.0, 0.6) * first_lumbar.size.body_height
    canal, cord = _tubes(vertebrae, conus_z)
    return Skeleton(vertebrae, discs, canal, cord, conus_z)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def _person_size(
    size: VertebraSize, rng: np.random.Generator, stature: float, canal: float, cord: float
) -> VertebraSize:
    height, width, depth, disc = (stature * _between(rng, 0.97, 1.03) for _ in range(4))
    return replace(
        size,
        body_height=size.body_height * height,
        body_width=size.body_width * width,
        body_depth=size.body_depth * depth,
        disc_below=size.disc_below * disc * _between(rng, 0.9, 1.05),
        canal_width=size.canal_width * canal * stature,
        canal_depth=size.canal_depth * canal * stature,
        cord_width=size.cord_width * cord * stature,
        cord_depth=size.cord_depth * cord * stature,
        spinous=size.spinous * stature,
        spinous_drop=size.spinous_drop * stature,
        transverse=size.transverse * stature,
    )


def _stack(sizes: list[VertebraSize], rng: np.random.Generator) -> tuple[Vertebra, ...]:
    """Put the bodies under each other along their own leaning axes."""
    bend = {region: _between(rng, 0.55, 1.2) for region in "CTLS"}
    bend["S"] = 0.5 + 0.5 * bend["L"]
    lean, sway = _between(rng, -2.0, 2.0), _between(rng, -4.0, 4.0)
    vertebrae: list[Vertebra] = []
    for index, size in enumerate(sizes):
        position = index / (len(sizes) - 1)
        # A gentle S in the coronal plane: a cubic with zeros at both ends and in the middle.
        roll = sway * 10.4 * position * (position - 0.5) * (position - 1.0) * 2
        axes = _axes(math.radians(size.tilt * bend[size.level[0]] + lean), math.radians(roll))
        center = (0.0, 0.0, 0.0) if not vertebrae else _below(vertebrae[-1], size, axes)
        vertebrae.append(Vertebra(size, Frame(center, *axes)))
    return tuple(vertebrae)


def _axes(tilt: float, roll: float) -> tuple[Vector, Vector, Vector]:
    sin_t, cos_t, sin_r, cos_r = math.sin(tilt), math.cos(tilt), math.sin(roll), math.cos(roll)
    superior = (sin_r * cos_t, sin_t, cos_r * cos_t)
    right = (cos_r, 0.0, -sin_r)
    anterior = (-sin_r * sin_t, cos_t, -cos_r * sin_t)
    return right, anterior, superior


def _below(above: Vertebra, size: VertebraSize, axes: tuple[Vector, Vector, Vector]) -> Vector:
    half_above, half_below, disc = above.size.body_height / 2, size.body_height / 2, above.size.disc_below
    up, down = above.frame.superior, axes[2]
    moves = zip(above.frame.center, up, down, strict=True)
    x, y, z = (c - u * (half_above + disc / 2) - d * (half_below + disc / 2) for c, u, d in moves)
    return x, y, z


def _has_disc(above: Vertebra, below: Vertebra) -> bool:
    return above.level != "C1" and not (above.region == below.region == "S")


def _disc(above: Vertebra, below: Vertebra) -> Disc:
    top = above.frame.at(0, 0, -above.size.body_height / 2)
    bottom = below.frame.at(0, 0, below.size.body_height / 2)
    x, y, z = ((a + b) / 2 for a, b in zip(top, bottom, strict=True))
    axes = (
        _middle(getattr(above.frame, name), getattr(below.frame, name)) for name in ("right", "anterior", "superior")
    )
    half_width = 0.5 * min(above.size.body_width, below.size.body_width) * 0.97
    half_depth = 0.5 * min(above.size.body_depth, below.size.body_depth) * 0.98
    return Disc(above.level, below.level, half_width, half_depth, above.size.disc_below / 2, Frame((x, y, z), *axes))


def _middle(a: Vector, b: Vector) -> Vector:
    total = [p + q for p, q in zip(a, b, strict=True)]
    length = math.sqrt(sum(t * t for t in total))
    x, y, z = (t / length for t in total)
    return x, y, z


def _tubes(vertebrae: tuple[Vertebra, ...], conus_z: float) -> tuple[Tube, Tube]:
    """Dural sac and cord through the points behind the bodies, from 60 mm above C1 down to the sac's end."""
    last = next(i for i, v in enumerate(vertebrae) if v.level == SAC_END_LEVEL)
    chain = vertebrae[: last + 1]
    knots = [_knot(v) for v in chain]
    top = knots[0]
    knots.insert(0, (top[0] + 60.0, top[1], top[2] + 4.0, *top[3:]))
    columns = np.array(knots)
    heights = columns[::-1, 0]
    z = np.arange(heights[-1], heights[0], -0.5)
    x, y, width, depth, cord_width, cord_depth = (
        PchipInterpolator(heights, columns[::-1, i])(z) for i in range(1, columns.shape[1])
    )
    closing = np.sqrt(np.clip((z - z[-1]) / 14.0, 0.0, 1.0))
    taper = np.sqrt(np.clip((z - conus_z) / CONUS_TAPER_MM, 0.0, 1.0))
    canal = Tube(z, x, y, width / 2 * closing, depth / 2 * closing)
    return canal, Tube(z, x, y + 0.04 * depth, cord_width / 2 * taper, cord_depth / 2 * taper)


def _knot(vertebra: Vertebra) -> tuple[float, ...]:
    """Height, centre, and the sizes of sac and cord as an axial plane cuts them (a leaning tube looks deeper)."""
    x, y, z = vertebra.frame.at(0, vertebra.canal_offset, 0)
    size, lean = vertebra.size, 1.0 / vertebra.frame.anterior[1]
    return (z, x, y, size.canal_width, size.canal_depth * lean, size.cord_width, size.cord_depth * lean)
