"""Two hundred random acts in a session equal the same acts on plain numpy arrays, voxel for voxel."""

import random

import numpy as np
import pytest
from random_acts import ACTS
from review_world import SPINE, spine

from SpineGTRefineLib.bids import load_mask


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_random_acts_equal_the_same_acts_on_plain_arrays(world, seed):
    chance = random.Random(seed)
    session = world.session(outlines=())
    session.open_first()
    item = session.item
    states, now = [spine().array], 0
    for _ in range(200):
        dice = chance.random()
        if dice < 0.15:
            session.undo()
            now = max(0, now - 1)
        elif dice < 0.25:
            session.redo()
            now = min(len(states) - 1, now + 1)
        elif dice < 0.30:  # leave with unsaved edits, come back: the draft holds them, undo begins anew
            session.close()
            session.open(item)
            states, now = [states[now]], 0
        else:
            array = chance.choice(ACTS)(chance, session, states[now].copy())
            if not np.array_equal(array, states[now]):
                states[now + 1 :] = [array]
                now += 1
        assert np.array_equal(session.bench.labels().array, states[now])
    session.viewed()
    session.save(insist=True)
    assert np.array_equal(load_mask(session.dataset, item.case, SPINE).array, states[now])
