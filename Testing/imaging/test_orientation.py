"""However a volume is stored, its voxels stay where they are in the patient."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibabel.orientations import aff2axcodes
from small_volumes import STORAGES, affine_of, geometries, label_map, label_maps, same_in_world

from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, reorient, reorient_to_grid

ALL_ORIENTATIONS = ["".join(c) for pairs in permutations(["LR", "PA", "IS"]) for c in product(*pairs)]


@given(label_maps(largest=255), st.sampled_from(ALL_ORIENTATIONS))
def test_turning_moves_no_voxel_in_the_world_and_turning_back_is_exact(labels: LabelMap, axcodes: str) -> None:
    turned = reorient(labels, axcodes)
    assert same_in_world(turned, labels)
    back = reorient(turned, labels.geometry.axcodes)
    np.testing.assert_array_equal(back.array, labels.array)
    assert back.geometry.distance_to(labels.geometry) < 1e-9


@pytest.mark.parametrize("angles", [(0, 0, 45), (45, 0, 0), (45, 45, 45), (0, 2, 135), (0, 35.26438968, 45)])
@pytest.mark.parametrize("axcodes", ALL_ORIENTATIONS)
def test_turning_back_is_exact_where_an_axis_lies_between_two_directions(angles, axcodes: str) -> None:
    labels = label_map(affine=affine_of(angles=angles))
    back = reorient(reorient(labels, axcodes), labels.geometry.axcodes)
    np.testing.assert_array_equal(back.array, labels.array)
    assert back.geometry.distance_to(labels.geometry) < 1e-9


@given(geometries())
def test_the_letters_are_those_of_nibabel(geometry: Geometry) -> None:
    directions = np.sort(np.abs(geometry.affine[:3, :3] / geometry.spacing), axis=None)
    if np.diff(directions).min() > 1e-6:  # else nibabel's answer hangs on rounding
        assert geometry.axcodes == "".join(aff2axcodes(geometry.affine))


@pytest.mark.parametrize("axcodes", ALL_ORIENTATIONS)
def test_a_turned_volume_has_the_orientation_that_was_asked_for(axcodes: str) -> None:
    assert reorient(label_map(), axcodes).geometry.axcodes == axcodes


@pytest.mark.parametrize("storage", STORAGES)
def test_storage_flips_give_the_same_world_voxels(storage: str) -> None:
    labels = label_map(affine=STORAGES[storage])
    for axis in range(3):
        flip = np.eye(4)
        flip[axis, axis], flip[axis, 3] = -1, labels.geometry.shape[axis] - 1
        affine = labels.geometry.affine @ flip
        stored_flipped = LabelMap(np.flip(labels.array, axis), Geometry(labels.geometry.shape, affine), labels.scheme)
        assert same_in_world(stored_flipped, labels)
        np.testing.assert_array_equal(reorient_to_grid(stored_flipped, labels.geometry).array, labels.array)


def test_turning_is_a_view_and_works_for_images() -> None:
    image = Image(np.arange(24.0).reshape(2, 3, 4), Geometry((2, 3, 4), np.eye(4)))
    turned = reorient(image, "PIR")
    assert isinstance(turned, Image)
    assert np.shares_memory(turned.array, image.array)


@pytest.mark.parametrize("axcodes", ["LL", "LRS", "RAX", "ras", "RASS", ""])
def test_letters_that_are_no_orientation_are_refused(axcodes: str) -> None:
    with pytest.raises(UsageError):
        reorient(label_map(), axcodes)


def test_voxels_that_lie_elsewhere_are_not_forced_onto_a_grid() -> None:
    labels = label_map()
    for other in (
        labels.geometry.with_shape_and_origin(labels.geometry.shape, (0.3, 0, 0)),
        Geometry((7, 6, 5), np.eye(4)),
    ):
        with pytest.raises(GeometryError, match="Resample"):
            reorient_to_grid(labels, other)
