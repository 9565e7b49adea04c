"""Growing, shrinking and smoothing in millimetres: no structure takes a voxel of another."""

import numpy as np
import pytest
from small_masks import grid, label_map, random_labels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.refine import expand, growth, shrink, smooth

L1, L2 = 41, 42


def squared_distances(shape, spacing):
    voxels = np.argwhere(np.ones(shape)) * np.array(spacing)
    return np.round(((voxels[:, None] - voxels[None]) ** 2).sum(axis=-1), 6)


@pytest.mark.parametrize("seed", range(40))
def test_every_voxel_within_reach_goes_to_the_nearest_structure_the_lowest_label_of_equals(seed):
    labels, rng = random_labels(seed), np.random.default_rng(seed)
    spacing, reach = tuple(rng.choice([0.5, 0.7, 1.0, 2.5], 3)), float(rng.choice([0.4, 1.0, 1.7, 3.0]))
    distance, flat = squared_distances(labels.shape, spacing), np.ascontiguousarray(labels).ravel()
    grown, peeled = flat.copy(), flat.copy()
    for voxel, value in enumerate(flat):
        near = distance[voxel] <= reach**2 + 1e-6
        if value:
            peeled[voxel] = 0 if (near & (flat != value)).any() else value
        elif (near & (flat != 0)).any():
            nearest = distance[voxel][near & (flat != 0)].min()
            grown[voxel] = flat[near & (flat != 0) & (distance[voxel] == nearest)].min()
    np.testing.assert_array_equal(growth.expand(labels, spacing, reach).ravel(), grown)
    np.testing.assert_array_equal(growth.shrink(labels, spacing, reach).ravel(), peeled)


def test_millimetres_mean_the_same_on_thick_slices():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 4] = L1
    grown = expand(label_map(labels, spacing=(1, 1, 3)), 2.0).array
    assert grown[2, 4, 4] == grown[6, 4, 4] == L1
    assert grown[4, 4, 3] == grown[4, 4, 5] == 0


def test_only_the_structures_asked_for_grow_or_shrink():
    labels = np.zeros((12, 5, 5), np.uint8)
    labels[2:5, 1:4, 1:4], labels[6:9, 1:4, 1:4] = L1, L2
    spine = label_map(labels)
    grown = expand(spine, 1, only=["vertebra_L1"])
    assert grown.counts()[L2] == spine.counts()[L2]
    assert grown.counts()[L1] > spine.counts()[L1]
    peeled = shrink(spine, 1, only=["vertebra_L2"])
    assert peeled.counts() == {L1: 27, L2: 1}


def test_a_structure_that_the_image_cuts_off_does_not_draw_back_from_the_edge():
    labels = np.zeros((6, 5, 5), np.uint8)
    labels[:4] = L1
    assert shrink(label_map(labels), 1).array[:3].all()
    assert not shrink(label_map(labels), 1).array[3:].any()


@pytest.fixture
def two_blocks():
    """L1 and L2 lie on each other; L1 has a spike, L2 a dent on its outside."""
    labels = np.zeros((16, 16, 20), np.uint8)
    labels[3:13, 3:13, 2:10], labels[3:13, 3:13, 10:18] = L1, L2
    labels[13:15, 8, 6] = L1
    labels[12, 8, 14] = 0
    return label_map(labels)


def test_smoothing_takes_spikes_fills_dents_and_leaves_the_border_between_two_structures(two_blocks):
    smoothed = smooth(two_blocks, 1.0)
    assert smoothed.array[14, 8, 6] == 0
    assert smoothed.array[12, 8, 14] == L2
    np.testing.assert_array_equal(smoothed.array[4:12, 4:12, 8:12], two_blocks.array[4:12, 4:12, 8:12])
    changed = smoothed.array != two_blocks.array
    assert not (changed & (smoothed.array != 0) & (two_blocks.array != 0)).any()


def test_smoothing_one_structure_moves_no_voxel_of_the_others(two_blocks):
    smoothed = smooth(two_blocks, 1.0, only=["vertebra_L1"]).array
    assert smoothed[14, 8, 6] == 0
    np.testing.assert_array_equal(smoothed == L2, two_blocks.array == L2)


def test_smoothing_takes_nothing_from_a_structure_that_the_image_cuts_off():
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[:, :, :5] = L1
    np.testing.assert_array_equal(smooth(label_map(labels), 1.0).array, labels)


def test_smoothing_makes_no_structure_disappear():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 4], labels[1:3, 1:8, 1:8] = L1, L2
    assert smooth(label_map(labels), 2.0).counts().keys() == {L1, L2}


def test_a_distance_must_be_a_distance():
    labels = LabelMap(np.ones((2, 2, 2), np.uint8), grid((2, 2, 2)), scheme("spine"))
    for step in (expand, shrink, smooth):
        for distance in (0, -1, float("inf"), float("nan")):
            with pytest.raises(UsageError, match="above 0"):
                step(labels, distance)


def test_a_distance_below_the_voxel_size_is_refused_since_nothing_would_change():
    labels = label_map(np.ones((2, 2, 2), np.uint8), spacing=(1.5, 2, 2))
    for step in (expand, shrink):
        with pytest.raises(UsageError, match=r"1\.5 mm apart"):
            step(labels, 1.0)
        step(labels, 1.5)
