"""Steps after the network, as the publishers of the models do them."""

import numpy as np
import pytest

from SpineGTRefineLib.models import registry
from SpineGTRefineLib.models.postprocessing import apply_post_steps, keep_largest


@pytest.fixture
def labels():
    """Value 1: four voxels, and three that touch them at a corner only. Value 2: two voxels far away."""
    array = np.zeros((8, 8, 8), np.uint8)
    array[0, 0, :4] = 1
    array[1, 1, 4:7] = 1
    array[6, 6, 6:8] = 2
    return array


def test_the_canal_keeps_one_piece_of_face_neighbours(labels):
    kept = apply_post_steps(labels, registry()["canal_r20260406"].postprocessing)
    assert (np.count_nonzero(kept == 1), np.count_nonzero(kept == 2)) == (4, 0)


def test_the_sacrum_keeps_one_piece_of_each_value_of_corner_neighbours(labels):
    kept = apply_post_steps(labels, registry()["sacrum_dataset300"].postprocessing)
    assert (np.count_nonzero(kept == 1), np.count_nonzero(kept == 2)) == (7, 2)


def test_rootlets_keep_all_pieces(labels):
    assert np.array_equal(apply_post_steps(labels, registry()["rootlets_r20250318"].postprocessing), labels)


def test_the_input_is_not_changed_and_an_empty_mask_stays_empty(labels):
    before = labels.copy()
    keep_largest(labels, connectivity=6, each_label=False)
    assert np.array_equal(labels, before)
    assert not keep_largest(np.zeros_like(labels), connectivity=6, each_label=True).any()
