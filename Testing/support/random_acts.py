"""Acts that do the same in a review session and to a plain array, which they return; chosen at random by tests."""

from collections.abc import Callable

import numpy as np
from review_world import LEVELS, SHAPE, SPINE

from SpineGTRefineLib.bids import load_mask
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.review import operations as act
from SpineGTRefineLib.review.proposals import Proposal, Scope

VALUES = [SPINE.scheme.value_of(key) for key in LEVELS]
SUGGESTED = np.random.default_rng(3).choice([0, *VALUES], SHAPE).astype(np.uint8)


def box(chance):
    start = [chance.randrange(n) for n in SHAPE]
    return tuple(slice(s, s + chance.randrange(1, 6)) for s in start)


def region_of(place):
    region = np.zeros(SHAPE, bool)
    region[place] = True
    return region


def paint(chance, session, array):
    place, level = box(chance), chance.randrange(4)
    session.apply(act.paint(region_of(place), LEVELS[level]))
    array[place] = VALUES[level]
    return array


def erase(chance, session, array):
    place = box(chance)
    session.apply(act.erase(region_of(place)))
    array[place] = 0
    return array


def clear_slice(chance, session, array):
    index = chance.randrange(SHAPE[2])
    session.apply(act.clear_slices(2, index, index))
    array[:, :, index] = 0
    return array


def copy_slice(chance, session, array):
    source, target = chance.sample(range(SHAPE[2]), 2)
    session.apply(act.copy_slice(2, source, target))
    array[:, :, target] = array[:, :, source]
    return array


def swap(chance, session, array):
    one, other = chance.sample(range(4), 2)
    session.apply(act.swap_levels(LEVELS[one], LEVELS[other]))
    first, second = array == VALUES[one], array == VALUES[other]
    array[first], array[second] = VALUES[other], VALUES[one]
    return array


def merge(chance, session, array):
    one, other = chance.sample(range(4), 2)
    if VALUES[one] in array:
        session.apply(act.merge(LEVELS[one], LEVELS[other]))
        array[array == VALUES[one]] = VALUES[other]
    return array


def adopt_slice(chance, session, array):
    index = chance.randrange(SHAPE[0])
    proposal = Proposal(LabelMap(SUGGESTED, session.image.geometry, SPINE.scheme), "a model")
    session.adopt(proposal, Scope(axis=0, first=index, last=index))
    array[index] = SUGGESTED[index]
    return array


ACTS = (paint, paint, erase, clear_slice, copy_slice, swap, merge, adopt_slice)


def live_through(chance, session, start: np.ndarray, act: Callable, *, open_again=None, shown=None) -> None:
    """Do two hundred acts, with undo, redo and coming back between them, and save: all as plain arrays say.

    Parameters
    ----------
    chance
        Decides what is done.
    session
        With an open mask.
    start
        Its voxels.
    act
        Does one act in the session and to an array of its own, which it returns.
    open_again
        Opens a mask; by default the session does.
    shown
        Returns what else must be the mask, such as what a screen shows.
    """
    item = session.item
    states, now = [start], 0
    for _ in range(200):
        dice = chance.random()
        if dice < 0.15:
            session.undo()
            now = max(0, now - 1)
        elif dice < 0.25:
            session.redo()
            now = min(len(states) - 1, now + 1)
        elif dice < 0.28:  # leave with unsaved edits, come back: the draft holds them, undo begins anew
            session.close()
            (open_again or session.open)(item)
            states, now = [states[now]], 0
        else:
            array = act(states[now].copy())
            if not np.array_equal(array, states[now]):
                states[now + 1 :] = [array]
                now += 1
        np.testing.assert_array_equal(session.bench.labels().array, states[now])
        if shown is not None:
            np.testing.assert_array_equal(shown(), states[now], "the screen shows something else")
    session.viewed()
    session.save(insist=True)
    np.testing.assert_array_equal(load_mask(session.dataset, item.case, SPINE).array, states[now])
