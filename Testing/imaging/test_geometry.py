"""One object knows where each voxel lies, and refuses positions that no scanner can produce."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_volumes import STORAGES, affine_of, geometries

from SpineGTRefineLib.errors import GeometryError
from SpineGTRefineLib.imaging import Geometry

INDEX = st.tuples(*[st.floats(-100, 100)] * 3)


@given(geometries(), INDEX)
def test_world_and_index_are_inverse(geometry: Geometry, index: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(geometry.to_index(geometry.to_world(index)), index, atol=1e-6)


@given(geometries())
def test_spacing_and_volume_come_from_the_affine(geometry: Geometry) -> None:
    origin = geometry.to_world((0, 0, 0))
    steps = [np.linalg.norm(geometry.to_world(axis) - origin) for axis in np.eye(3)]
    np.testing.assert_allclose(geometry.spacing, steps, rtol=1e-9)
    assert geometry.voxel_volume == pytest.approx(abs(np.linalg.det(geometry.affine)))


@given(geometries(), st.tuples(*[st.integers(-5, 5)] * 3))
def test_a_part_of_a_grid_lies_on_the_same_voxels(geometry: Geometry, origin: tuple[int, int, int]) -> None:
    part = geometry.with_shape_and_origin((2, 3, 4), origin)
    np.testing.assert_allclose(part.to_world((1, 1, 1)), geometry.to_world(np.add(origin, 1)), atol=1e-9)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize(("shift_mm", "same"), [(0, True), (5e-4, True), (2e-3, False)])
def test_grids_are_the_same_up_to_a_thousandth_of_a_millimetre(storage: str, shift_mm: float, same: bool) -> None:
    affine = STORAGES[storage].copy()
    affine[1, 3] += shift_mm
    assert Geometry((5, 6, 7), affine).matches(Geometry((5, 6, 7), STORAGES[storage])) is same


def test_a_small_turn_that_adds_up_over_the_image_is_another_grid() -> None:
    one, other = Geometry((300, 300, 1), np.eye(4)), Geometry((300, 300, 1), affine_of(angles=(0, 0, 0.001)))
    assert not one.matches(other)


def test_one_slice_of_another_thickness_or_shape_is_another_grid() -> None:
    slice_ = Geometry((4, 4, 1), np.eye(4))
    assert not slice_.matches(Geometry((4, 4, 1), np.diag([1.0, 1, 3, 1])))
    assert not slice_.matches(Geometry((4, 4, 2), np.eye(4)))


@pytest.mark.parametrize("storage", STORAGES)
def test_left_handed_storage_is_recognised(storage: str) -> None:
    assert Geometry((2, 2, 2), STORAGES[storage]).is_left_handed == (np.linalg.det(STORAGES[storage][:3, :3]) < 0)


@pytest.mark.parametrize(
    "affine",
    [
        np.full((4, 4), np.nan),
        np.diag([1.0, np.inf, 1, 1]),
        np.diag([1.0, 0, 1, 1]),
        np.array([[1.0, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        np.array([[1.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
        np.eye(3),
    ],
    ids=["nan", "infinite", "zero voxel", "sheared", "parallel axes", "3 x 3"],
)
def test_a_position_that_no_scanner_produces_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(GeometryError):
        Geometry((3, 3, 3), affine)


@pytest.mark.parametrize("shape", [(0, 3, 3), (-1, 3, 3), (3, 3), (3, 3, 3, 1)])
def test_a_shape_that_is_no_volume_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError):
        Geometry(shape, np.eye(4))


def test_a_grid_cannot_be_changed_through_the_matrix_it_was_made_from() -> None:
    affine = np.eye(4)
    geometry = Geometry((3, 3, 3), affine)
    affine[0, 3] = 100
    assert geometry.affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        geometry.affine[0, 3] = 100
