"""Two hundred random acts in the scene, strokes among them, equal the same acts on plain numpy arrays."""

import random

import numpy as np
import pytest
from random_acts import live_through
from review_world import SPINE
from scene_helpers import GRIDS
from scene_world import KEYS, VALUES, Desk, GridWorld, painted, rearrange, scattered

from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.review import operations as act
from SpineGTRefineLib.review.proposals import Proposal, Scope


def paint(chance, desk, array):
    key, index = chance.choice((*KEYS, "vertebra_T12")), scattered(desk.session.image.geometry, 5, chance.random_seed())
    after = painted(array, index, key)
    if not np.array_equal(after, array):  # Slicer's undo does not always count a stroke that changes nothing
        desk.paint(key, index)
    return after


def erase(chance, desk, array):
    key, index = chance.choice(KEYS), scattered(desk.session.image.geometry, 12, chance.random_seed())
    hit = index[array[tuple(index.T)] == SPINE.scheme.value_of(key)]
    if len(hit):
        desk.erase(key, index)
    array[tuple(hit.T)] = 0
    return array


def swap(chance, desk, array):
    one, other = chance.sample(("vertebra_L3", "vertebra_L4", "vertebra_T12"), 2)
    desk.session.apply(act.swap_levels(one, other))
    values = [SPINE.scheme.value_of(key) for key in (one, other)]
    first, second = (array == value for value in values)
    array[first], array[second] = values[1], values[0]
    return array


def adopt_slice(chance, desk, array):
    index = chance.randrange(array.shape[1])
    suggested = np.random.default_rng(chance.random_seed()).choice([0, *VALUES], array.shape).astype(np.uint8)
    proposal = Proposal(LabelMap(suggested, desk.session.image.geometry, SPINE.scheme), "a model")
    desk.session.adopt(proposal, Scope(axis=1, first=index, last=index))
    array[:, index] = suggested[:, index]
    return array


def clear(chance, desk, array):
    index = chance.randrange(array.shape[1])
    desk.session.apply(act.clear_slices(1, index, index))
    array[:, index] = 0
    return array


def fiddle(chance, desk, array):
    """Paint, then hide the segment, rename it and move it: no more is saved than what was painted."""
    after = paint(chance, desk, array)
    if not np.array_equal(after, array):
        rearrange(desk, chance.choice(desk.segmentation().GetSegmentIDs()))
    return after


ACTS = (paint, paint, paint, erase, erase, swap, adopt_slice, clear, fiddle)


class Chance(random.Random):
    def random_seed(self) -> int:
        return self.randrange(2**31)


@pytest.mark.parametrize("name", ["oblique", "oblique, anisotropic, left-handed", "one sagittal slice"])
def test_two_hundred_random_acts_in_the_scene_equal_the_same_acts_on_plain_arrays(tmp_path, name):
    world = GridWorld(tmp_path / "data", GRIDS[name])
    chance, desk = Chance(name), Desk(world, outlines=())
    desk.open_first()
    start = world.mask().array
    live_through(chance, desk.session, start, lambda array: chance.choice(ACTS)(chance, desk, array))
    world.close()
