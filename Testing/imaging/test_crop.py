"""A crop knows where it came from; putting it back loses nothing and cuts nothing off silently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_volumes import contains, label_map, label_maps

from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.imaging import Box, Geometry, Image, LabelMap, crop, reorient, restore


@given(label_maps(), st.data())
def test_a_restored_crop_equals_the_original_inside_the_box(labels: LabelMap, data: st.DataObject) -> None:
    start = tuple(data.draw(st.integers(0, n - 1)) for n in labels.geometry.shape)
    stop = tuple(data.draw(st.integers(a + 1, n)) for a, n in zip(start, labels.geometry.shape, strict=True))
    box = Box(start, stop)
    part = crop(labels, box)
    assert part.geometry.shape == box.shape
    assert contains(labels, part)
    back = restore(part, labels.geometry)
    expected = np.zeros_like(labels.array)
    expected[box.slices] = labels.array[box.slices]
    np.testing.assert_array_equal(back.array, expected)


def test_a_crop_is_a_view_and_works_for_images() -> None:
    image = Image(np.arange(60.0).reshape(3, 4, 5), Geometry((3, 4, 5), np.eye(4)))
    part = crop(image, Box((1, 1, 1), (3, 3, 3)))
    assert isinstance(part, Image)
    assert np.shares_memory(part.array, image.array)
    np.testing.assert_array_equal(part.geometry.to_world((0, 0, 0)), [1, 1, 1])


def test_the_box_around_a_mask_is_tight_and_its_margin_stays_inside() -> None:
    mask = np.zeros((10, 11, 12), bool)
    mask[2, 3, 4] = mask[5, 3, 11] = True
    assert Box.around(mask) == Box((2, 3, 4), (6, 4, 12))
    assert Box.around(mask, margin=3) == Box((0, 0, 1), (9, 7, 12))
    assert Box.around(np.zeros((3, 3, 3))) is None


@pytest.mark.parametrize(("start", "stop"), [((0, 0, 0), (0, 1, 1)), ((-1, 0, 0), (1, 1, 1)), ((2, 0, 0), (1, 1, 1))])
def test_a_box_without_voxels_is_refused(start, stop) -> None:
    with pytest.raises(UsageError):
        Box(start, stop)


def test_a_box_beyond_the_volume_is_refused() -> None:
    with pytest.raises(GeometryError):
        crop(label_map((4, 4, 4)), Box((0, 0, 0), (5, 4, 4)))


def test_labels_that_reach_beyond_the_grid_are_refused_not_cut_off() -> None:
    whole = label_map((6, 6, 6))
    part = crop(whole, Box((2, 2, 2), (6, 6, 6)))
    smaller = whole.geometry.with_shape_and_origin((5, 6, 6), (0, 0, 0))
    later = whole.geometry.with_shape_and_origin((6, 6, 6), (3, 0, 0))
    for grid in (smaller, later):
        with pytest.raises(GeometryError, match="beyond"):
            restore(part, grid)


def test_labels_between_the_voxels_of_the_grid_are_refused() -> None:
    whole = label_map((6, 6, 6))
    part = crop(whole, Box((2, 2, 2), (4, 4, 4)))
    half = whole.geometry.with_shape_and_origin((6, 6, 6), (0.4, 0, 0))
    with pytest.raises(GeometryError, match="Reorient or resample"):
        restore(part, half)
    with pytest.raises(GeometryError):
        restore(reorient(part, "LPS"), whole.geometry)
