"""A label map answers for its values; it holds whole numbers on a grid of its own shape, or does not exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from small_volumes import label_map, label_maps, scheme_of

from SpineGTRefineLib.errors import GeometryError, LabelError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, present_values, value_counts


@given(label_maps())
def test_values_and_counts_are_those_of_a_plain_count(labels: LabelMap) -> None:
    values, counts = np.unique(labels.array, return_counts=True)
    expected = dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert value_counts(labels.array) == expected
    expected.pop(0, None)
    assert labels.counts() == expected
    assert labels.values() == tuple(expected)


@pytest.mark.parametrize("values", [[], [0], [-3, 0, 7], [2**31, 5, 5]])
def test_empty_negative_and_huge_values_are_counted_too(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert present_values(array).tolist() == sorted({v for v in values if v})


def test_a_mask_of_values_that_the_type_cannot_hold_is_empty_not_wrapped() -> None:
    labels = label_map()
    assert not labels.mask(300).any()
    assert not labels.mask([300, 256 + 41]).any()
    np.testing.assert_array_equal(labels.mask([41, 92, 300]), np.isin(labels.array, [41, 92]))
    np.testing.assert_array_equal(labels.mask(41), labels.array == 41)


def test_values_outside_the_scheme_are_listed() -> None:
    labels = label_map()
    assert labels.unknown_values() == ()
    assert LabelMap(labels.array, labels.geometry, scheme_of([1, 2, 14])).unknown_values() == (41, 92, 100)


@pytest.mark.parametrize("kind", [float, bool, complex])
def test_only_whole_numbers_are_labels(kind: type) -> None:
    labels = label_map()
    with pytest.raises(LabelError):
        LabelMap(labels.array.astype(kind), labels.geometry, labels.scheme)


def test_an_array_of_another_shape_than_its_grid_is_refused() -> None:
    with pytest.raises(GeometryError):
        LabelMap(label_map().array, Geometry((5, 6, 8), np.eye(4)), scheme_of([1]))
    with pytest.raises(GeometryError):
        Image(np.zeros((5, 6, 7, 1)), Geometry((5, 6, 7), np.eye(4)))
