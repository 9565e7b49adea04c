"""From parts to levels, on the exact parts of phantoms: what the network can err in is tested in Testing/recipes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import Box, Geometry, crop
from SpineGTRefineLib.learning.demos.spine_phantoms import parts_of
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.refine.column import room_above
from SpineGTRefineLib.refine.spine_from_parts import spine_from_parts
from SpineGTRefineLib.refine.spread import spread

PARTS, SPINE = scheme("spine_parts"), scheme("spine")


def lowest_dice(phantom, found):
    values = set(np.unique(phantom.spine.array)) - {0}
    scores = []
    for value in values:
        a, b = phantom.spine.array == value, found.labels.array == value
        scores.append(2 * (a & b).sum() / (a.sum() + b.sum()))
    return min(scores)


@pytest.mark.parametrize("variant", ["T13", "L6", "4-lumbar", "11-thoracic"])
def test_every_level_of_every_kind_of_spine_is_found_again(variant):
    phantom = make_spine(9201, spacing=2.5, variant=variant, rootlets=False)
    assert lowest_dice(phantom, spine_from_parts(parts_of(phantom))) > 0.85


def test_the_room_above_is_measured_towards_the_head_also_in_thick_slices_of_a_body_that_leans():
    """The long voxels of a leaning sagittal scan gain more height from side to side than the short ones upward."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("y", 20, degrees=True).as_matrix() @ np.diag([4.0, 0.9, 0.9])
    grid = Geometry((15, 200, 300), affine)
    assert abs(affine[2, 0]) > abs(affine[2, 2])
    assert room_above(grid, grid.to_world((3, 100, 249))) == pytest.approx(50 * 0.9)


@pytest.fixture(scope="module")
def lumbar():
    return make_spine(9202, spacing=2.0, region="lumbar", rootlets=False)


def without(phantom, level):
    """Parts in which a vertebra's body was not drawn."""
    parts = parts_of(phantom)
    gone = phantom.spine.array == SPINE.value_of(f"vertebra_{level}")
    return replace(parts, array=np.where(gone, 0, parts.array))


def test_a_body_that_was_not_drawn_is_counted_and_its_neighbours_keep_their_names(lumbar):
    found = spine_from_parts(without(lumbar, "L3"))
    assert found.naming.levels[-3:] == ("L3", "L4", "L5")
    assert [m.label for m in found.column.members][-3] == 0
    for level in ("L2", "L4", "L5"):
        value = SPINE.value_of(f"vertebra_{level}")
        true = lumbar.spine.array == value
        assert (found.labels.array[true] == value).mean() > 0.9


def test_the_process_of_a_vertebra_whose_body_is_out_of_view_has_its_own_name(lumbar):
    parts = parts_of(lumbar)
    top = np.argwhere(lumbar.semantic.mask([49]) & lumbar.spine.mask([SPINE.value_of("vertebra_T12")]))[:, 2].max()
    cut = Box((0, 0, 0), (*parts.array.shape[:2], int(top) + 3))
    cropped, truth = crop(parts, cut), crop(lumbar.spine, cut).array
    found = spine_from_parts(cropped)
    value = SPINE.value_of("vertebra_T11")
    drawn = found.labels.array[truth == value]
    assert drawn.size > 0
    assert (drawn == value).mean() > 0.6
    assert found.naming.levels[0] == "T12"


def test_a_false_sacrum_below_a_neck_is_left_out_and_told():
    neck = make_spine(9203, spacing=2.5, region="cervical", rootlets=False)
    parts = parts_of(neck)
    array = parts.array.copy()
    array[8:13, 10:16, :4] = PARTS.value_of("sacrum")
    found = spine_from_parts(replace(parts, array=array))
    assert not (found.labels.array == SPINE.value_of("sacrum")).any()
    assert found.sacrum.rejected > 0
    assert found.naming.levels[:2] == ("C1", "C2")


def test_an_arch_whose_pedicles_were_not_drawn_goes_to_the_body_that_has_none(lumbar):
    parts = parts_of(lumbar)
    array, l3 = parts.array.copy(), lumbar.spine.mask([SPINE.value_of("vertebra_L3")])
    arch = l3 & (array == PARTS.value_of("vertebra_part_posterior"))
    array[ndimage.binary_dilation(l3 & ~arch, iterations=3) & arch] = 0
    array[ndimage.binary_dilation(arch, iterations=2) & ~l3 & (array == PARTS.value_of("vertebra_part_posterior"))] = 0
    found = spine_from_parts(replace(parts, array=array))
    left = arch & (array > 0)
    assert left.sum() > 100
    assert (found.labels.array[left] == SPINE.value_of("vertebra_L3")).mean() > 0.9


def test_a_speck_far_below_the_spine_does_not_shift_the_levels(lumbar):
    parts = parts_of(lumbar)
    array = parts.array.copy()
    array[array == PARTS.value_of("sacrum")] = 0
    array[8:14, 30:36, :4] = PARTS.value_of("bodies_thoracic")  # where the coccyx is
    top = np.argwhere(lumbar.spine.mask([SPINE.value_of("vertebra_L3")]))[:, 2].min()
    array[:, :, 8:top] = 0
    found = spine_from_parts(replace(parts, array=array))
    assert all(member.label for member in found.column.members)
    assert found.naming.levels[-1] == "L3"


def test_an_empty_map_gives_an_empty_spine_without_names(lumbar):
    empty = replace(parts_of(lumbar), array=np.zeros(lumbar.spine.array.shape, np.uint8))
    found = spine_from_parts(empty)
    assert found.naming is None
    assert not found.labels.array.any()


def test_bodies_that_touch_are_still_two(lumbar):
    parts = parts_of(lumbar)
    array = parts.array.copy()
    disc = np.argwhere(lumbar.spine.array == SPINE.value_of("disc_L2-L3"))
    i, j, _ = disc.mean(axis=0).round().astype(int)
    column = disc[(disc[:, 0] == i) & (disc[:, 1] == j)]
    array[tuple(column.T)] = PARTS.value_of("bodies_lumbar")  # a thread of bone through the disc
    found = spine_from_parts(replace(parts, array=array))
    for level in ("L2", "L3"):
        value = SPINE.value_of(f"vertebra_{level}")
        true = lumbar.spine.array == value
        assert (found.labels.array[true] == value).mean() > 0.9


def test_a_process_goes_to_the_seed_it_hangs_on_not_to_the_nearest_one():
    seeds = np.zeros((1, 5, 9), np.int32)
    seeds[0, 0, 0], seeds[0, 4, 8] = 1, 2
    mask = np.zeros(seeds.shape, bool)
    mask[0, 0, :] = True  # hangs on 1 and ends close to 2
    mask[0, 4, 8] = True
    assert spread(seeds, mask)[0, 0, 8] == 1
    assert spread(seeds, mask)[0, 2, 4] == 0
