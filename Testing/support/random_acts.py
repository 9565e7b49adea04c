"""Acts that do the same in a review session and to a plain array, which they return; chosen at random by tests."""

import numpy as np
from review_world import LEVELS, SHAPE, SPINE

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
