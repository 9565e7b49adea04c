"""Two hundred random acts at the station equal the same acts on plain numpy arrays, voxel for voxel."""

import os
import random

import numpy as np
import pytest
import random_acts
from random_acts import VALUES, box, live_through, region_of
from review_world import LEVELS, SPINE, spine

from SpineGTRefineLib.imaging import LabelMap, reorient_to_grid

pytestmark = pytest.mark.slow
SEEDS = int(os.environ.get("SPINEGTREFINE_SEEDS", "1"))


def select(station, level):
    """Select a structure, which is added where it is gone."""
    station.display.case.segmentation.add_segment(VALUES[level])
    station.choose(LEVELS[level])


def stroke(station, tool, place, level):
    """What a stroke of paint or erase comes to: its voxels, handed to trame-slicer's editor."""
    from SpineGTRefineLib.scene.grids import array_of, right_handed

    select(station, level)
    station.tools.use(tool)
    brush = station.tools.editor.create_modifier_labelmap()
    grid = station.session.image.geometry
    region = LabelMap(region_of(place).astype(np.uint8), grid, SPINE.scheme)
    array_of(brush)[...] = reorient_to_grid(region, right_handed(grid)).array
    station.tools.editor.apply_labelmap(brush)


def paint(chance, station, array):
    place, level = box(chance), chance.randrange(4)
    stroke(station, "paint", place, level)
    array[place] = VALUES[level]
    return array


def erase(chance, station, array):
    place, level = box(chance), chance.randrange(4)
    stroke(station, "erase", place, level)
    array[place][array[place] == VALUES[level]] = 0
    return array


def threshold(chance, station, array):
    low, level = chance.randrange(1000), chance.randrange(4)
    select(station, level)
    station.tools.use("threshold")
    station.tools.set_threshold(low, low + 5)
    station.tools.apply_threshold()
    image = station.session.image.array
    array[(image >= low) & (image <= low + 5)] = VALUES[level]
    return array


def in_session(act):
    return lambda chance, station, array: act(chance, station.session, array)


ACTS = (paint, paint, paint, erase, erase, threshold, *map(in_session, random_acts.ACTS))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_two_hundred_random_acts_equal_the_same_acts_on_plain_arrays(station, seed):
    chance = random.Random(seed)
    live_through(
        chance,
        station.session,
        spine().array,
        lambda array: chance.choice(ACTS)(chance, station, array),
        open_again=station.open,
        shown=lambda: station.display.case.labels().array,
    )
