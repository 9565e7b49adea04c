"""Two hundred random acts in a session equal the same acts on plain numpy arrays, voxel for voxel."""

import random

import pytest
from random_acts import ACTS, live_through
from review_world import spine


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_random_acts_equal_the_same_acts_on_plain_arrays(world, seed):
    chance = random.Random(seed)
    session = world.session(outlines=())
    session.open_first()
    live_through(chance, session, spine().array, lambda array: chance.choice(ACTS)(chance, session, array))
