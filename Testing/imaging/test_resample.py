"""Resampling asks each voxel centre of the new grid what lies there; labels are never mixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from small_volumes import STORAGES, geometries, label_map, label_maps

from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, reorient, resample_image, resample_labels


def looked_up(labels: LabelMap, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The plain definition: nearest voxel of each centre; and where the answer is not a tie."""
    index = labels.geometry.to_index(geometry.to_world(np.argwhere(np.ones(geometry.shape))))
    nearest = np.rint(index).astype(int)
    inside = ((nearest >= 0) & (nearest < labels.geometry.shape)).all(axis=1)
    found = np.zeros(len(index), labels.array.dtype)
    found[inside] = labels.array[tuple(nearest[inside].T)]
    clear = (np.abs(np.abs(index - np.floor(index)) - 0.5) > 1e-4).all(axis=1)
    return found.reshape(geometry.shape), clear.reshape(geometry.shape)


@settings(max_examples=40)
@given(label_maps(), geometries())
def test_labels_are_those_of_the_nearest_voxel_on_any_pair_of_grids(labels: LabelMap, geometry: Geometry) -> None:
    origin = geometry.affine.copy()
    origin[:3, 3] = labels.geometry.affine[:3, 3]  # so that the grids overlap
    geometry = Geometry(geometry.shape, origin)
    result = resample_labels(labels, geometry)
    expected, clear = looked_up(labels, geometry)
    np.testing.assert_array_equal(result.array[clear], expected[clear])
    assert set(result.values()) <= set(labels.values())
    assert result.array.dtype == labels.array.dtype


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("axcodes", ["RAS", "LAS", "PIR", "SRA"])
def test_resampling_onto_a_turned_grid_is_turning(storage: str, axcodes: str) -> None:
    labels = label_map(affine=STORAGES[storage])
    turned = reorient(labels, axcodes)
    np.testing.assert_array_equal(resample_labels(labels, turned.geometry).array, turned.array)
    image = Image(labels.array.astype(np.float32), labels.geometry)
    np.testing.assert_allclose(resample_image(image, turned.geometry).array, turned.array, atol=1e-3)


def test_up_and_down_again_gives_the_labels_back() -> None:
    labels = label_map(affine=STORAGES["left-handed oblique"])
    fine = labels.geometry.affine @ np.diag([1 / 3, 1 / 3, 1 / 3, 1])
    fine[:3, 3] = labels.geometry.to_world((-1 / 3, -1 / 3, -1 / 3))
    up = resample_labels(labels, Geometry(tuple(3 * n for n in labels.geometry.shape), fine))
    np.testing.assert_array_equal(resample_labels(up, labels.geometry).array, labels.array)


def test_an_image_is_interpolated_linearly_and_is_zero_outside() -> None:
    ramp = np.broadcast_to(np.arange(10, dtype=np.int16)[:, None, None], (10, 4, 4))
    image = Image(ramp, Geometry((10, 4, 4), np.eye(4)))
    halfway = image.geometry.with_shape_and_origin((10, 4, 4), (0.25, 0, 0))
    result = resample_image(image, halfway).array
    np.testing.assert_allclose(result[:9, 1, 1], np.arange(9) + 0.25, atol=1e-5)
    far = image.geometry.with_shape_and_origin((3, 3, 3), (50, 0, 0))
    assert not resample_image(image, far).array.any()


def test_labels_on_the_same_grid_are_left_alone() -> None:
    labels = label_map()
    assert resample_labels(labels, labels.geometry).array is labels.array
