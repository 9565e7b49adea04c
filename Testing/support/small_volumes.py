"""Small volumes with exact labels in every storage that scanners and labs produce."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from SpineGTRefineLib.anatomy import LabelEntry, LabelScheme, structures
from SpineGTRefineLib.imaging import Geometry, LabelMap

LABELS = (0, 1, 2, 14, 41, 92, 100)


def scheme_of(values: Iterable[int], name: str = "test") -> LabelScheme:
    """A scheme that knows exactly these values; what they stand for does not matter here."""
    any_structure = next(iter(structures().values()))
    return LabelScheme(name, tuple(LabelEntry(int(v), f"label {v}", any_structure, (1, 2, 3)) for v in values if v))


def affine_of(
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0),
    signs: tuple[int, int, int] = (1, 1, 1),
    order: tuple[int, int, int] = (0, 1, 2),
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> np.ndarray:
    """Affine from voxel size (mm), Euler angles (degrees), axis directions and order, and origin (RAS mm)."""
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ np.diag(signs)
    affine = np.eye(4)
    affine[:3, :3] = axes[:, order] * spacing
    affine[:3, 3] = origin
    return affine


STORAGES = {
    "isotropic": affine_of(),
    "anisotropic sagittal": affine_of((0.6, 0.6, 3.3), order=(1, 2, 0), signs=(1, -1, -1), origin=(-30, 95, 200)),
    "oblique": affine_of((0.8, 0.8, 4.0), (12, -7, 25), origin=(10, -20, 30)),
    "left-handed": affine_of((1, 1, 2), signs=(-1, 1, 1), origin=(60, -40, -300)),
    "left-handed oblique": affine_of((0.5, 0.7, 2), (-5, 3, 40), signs=(1, 1, -1), order=(2, 0, 1)),
    "mouse": affine_of((0.05, 0.05, 0.05), origin=(1, 2, 3)),
}


def label_map(shape: tuple[int, int, int] = (5, 6, 7), affine: np.ndarray | None = None, seed: int = 0) -> LabelMap:
    """Random labels of ``LABELS``, so that every flip or shift shows."""
    array = np.random.default_rng(seed).choice(np.array(LABELS, np.uint8), size=shape)
    return LabelMap(array, Geometry(shape, np.eye(4) if affine is None else affine), scheme_of(LABELS))


def contains(whole: LabelMap, part: LabelMap) -> bool:
    """Whether each labelled voxel of ``part`` is one of ``whole``: same place in the world, same value."""
    of_whole, of_part = np.argwhere(whole.array), np.argwhere(part.array)
    if not len(of_part) or not len(of_whole):
        return not len(of_part)
    tree = cKDTree(whole.geometry.to_world(of_whole))
    distance, nearest = tree.query(part.geometry.to_world(of_part))
    same_value = whole.array[tuple(of_whole[nearest].T)] == part.array[tuple(of_part.T)]
    return bool(distance.max() < 1e-6 and same_value.all())


def same_in_world(one: LabelMap, other: LabelMap) -> bool:
    """Whether two maps label the same places with the same values, however they are stored."""
    return contains(one, other) and contains(other, one)


@st.composite
def geometries(draw: st.DrawFn, max_size: int = 6) -> Geometry:
    """Any grid a scanner can produce, one-slice and left-handed ones included."""
    shape = tuple(draw(st.integers(1, max_size)) for _ in range(3))
    return Geometry(
        shape,
        affine_of(
            spacing=tuple(draw(st.floats(0.05, 6).map(lambda x: round(x, 3))) for _ in range(3)),
            angles=tuple(draw(st.integers(-180, 180)) for _ in range(3)),
            signs=tuple(draw(st.sampled_from([1, -1])) for _ in range(3)),
            order=draw(st.permutations((0, 1, 2))),
            origin=tuple(draw(st.integers(-500, 500)) for _ in range(3)),
        ),
    )


@st.composite
def label_maps(draw: st.DrawFn, largest: int = 65535) -> LabelMap:
    """Labels up to ``largest`` in any of the integer types that hold them."""
    geometry = draw(geometries())
    top = draw(st.sampled_from([n for n in (1, 255, 256, 32767, 40000, 65535) if n <= largest]))
    kinds = [k for k in (np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64) if np.iinfo(k).max >= top]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    array = rng.integers(0, top + 1, geometry.shape).astype(draw(st.sampled_from(kinds)))
    array.flat[0] = top
    return LabelMap(array, geometry, scheme_of(np.unique(array).tolist()))
