"""The straightened cord: it runs through the middle of the window, and every voxel of a mask finds its way back."""

from dataclasses import replace

import numpy as np
import pytest
from scripted_models import Models, Threshold, installed

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, ModelError
from SpineGTRefineLib.imaging import FOOT_HEAD, Geometry, Image, LabelMap, reorient
from SpineGTRefineLib.recipes.cord_crop import box_around, centerline_of, cut_labels
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.model_choice import choose_model
from SpineGTRefineLib.recipes.runner import run_recipe
from SpineGTRefineLib.recipes.straighten import CordWindow

LETTERS = ["RAS", "LAS", "PIR"]  # LAS is left-handed
TURN = np.radians(9)
OBLIQUE = np.array(
    [[np.cos(TURN), 0, np.sin(TURN), -20], [0, 1, 0, 13], [-np.sin(TURN), 0, np.cos(TURN), 400], [0, 0, 0, 1]]
)
GRID = Geometry((40, 44, 50), OBLIQUE)


def bent_cord(letters="RAS") -> LabelMap:
    """A cord 8 mm wide that bends by 17 mm from front to back in an oblique image with voxels of 1 mm."""
    i, j, k = np.meshgrid(*map(np.arange, GRID.shape), indexing="ij")
    inside = (i - 20 - k / 20) ** 2 + (j - 22 - 10 * np.cos(k / 12)) ** 2 < 16
    labels = LabelMap((inside & (k >= 8) & (k < 42)).astype(np.uint8), GRID, scheme("cord"))
    return reorient(labels, letters)


def on_working_grid(cord: LabelMap, across_mm=10.0) -> tuple[LabelMap, CordWindow]:
    course = centerline_of(cord, smoothing_mm=0)
    box = box_around(cord.geometry, course, across_mm=across_mm, along_mm=5)
    return cut_labels(cord, box), CordWindow.following(course, box, across_mm)


def centers(labels: LabelMap) -> np.ndarray:
    """Center of the mask in each slice across the cord, in voxels along the axes across it."""
    along = labels.geometry.axis_along(FOOT_HEAD)
    slices = np.moveaxis(labels.array, along, 0)
    return np.array([np.argwhere(each).mean(axis=0) for each in slices if each.any()])


@pytest.mark.parametrize("letters", LETTERS)
def test_the_cord_runs_through_the_middle_of_a_window_of_fixed_size(letters):
    cord, _ = on_working_grid(bent_cord(letters))
    window = CordWindow.following(centerline_of(cord, smoothing_mm=0), cord.geometry, 10)
    straight = window.straighten(cord)
    assert sorted(straight.geometry.shape) == [40, 40, cord.geometry.shape[cord.geometry.axis_along(FOOT_HEAD)]]
    assert np.ptp(centers(cord), axis=0).max() > 30  # voxels of 0.5 mm, before
    assert np.abs(centers(straight) - 19.5).max() < 0.5 + 1e-6
    assert np.allclose(straight.geometry.spacing, 0.5)
    assert straight.geometry.axcodes == cord.geometry.axcodes


@pytest.mark.parametrize("letters", LETTERS)
def test_a_mask_within_the_window_comes_back_voxel_by_voxel(letters):
    cord, window = on_working_grid(bent_cord(letters))
    noise = np.random.default_rng(0).integers(1, 6, cord.array.shape, np.uint8)
    mask = cord.with_array(cord.array * noise)
    back = window.restore(window.straighten(mask))
    assert np.array_equal(back.array, mask.array)
    assert back.geometry.matches(mask.geometry)
    assert window.voxels_outside(mask) == 0


def test_what_the_window_does_not_hold_stays_background_and_is_counted():
    cord, window = on_working_grid(bent_cord())
    everything = cord.with_array(np.ones_like(cord.array))
    back = window.restore(window.straighten(everything))
    assert 0 < np.count_nonzero(back.array) < everything.array.size
    assert window.voxels_outside(everything) == np.count_nonzero(back.array == 0)


def test_beyond_its_ends_the_window_stays_where_it_was_and_in_gaps_it_goes_straight_on():
    grid = Geometry((60, 40, 30), np.eye(4))
    window = CordWindow.following(np.array([(30.0, 15, 20), (20, 15, 10)]), grid, 8)
    assert window.shape == (16, 16, 30)
    middle = [20] * 11 + list(range(21, 30)) + [30] * 10
    assert window.offsets == tuple((x - 7, 15 - 7, 0) for x in middle)


def test_where_the_window_leaves_the_image_gray_values_go_on_and_a_mask_is_background():
    grid = Geometry((6, 30, 9), np.eye(4))
    image = Image(np.random.default_rng(1).integers(100, 200, grid.shape).astype(np.float32), grid)
    window = CordWindow.following(np.array([[1.0, 15, 4]]), grid, 4)
    assert window.offsets[0] == (-2, 12, 0)
    straight = window.straighten(image)
    assert np.array_equal(straight.array[0], straight.array[2])
    assert straight.array.min() >= 100
    full = LabelMap(np.ones(grid.shape, np.uint8), grid, scheme("cord"))
    assert not window.straighten(full).array[:2].any()
    beyond = window.straighten(full)
    back = window.restore(beyond.with_array(np.ones_like(beyond.array)))  # a network may label what is no image
    assert np.count_nonzero(back.array) == 6 * 8 * 9


def test_a_volume_of_another_grid_is_refused():
    cord, window = on_working_grid(bent_cord())
    with pytest.raises(GeometryError, match="not lie on the grid of this window"):
        window.straighten(bent_cord())
    with pytest.raises(GeometryError, match="not lie on the grid of this window"):
        window.restore(cord)


class Looking(Threshold):
    """Keeps what the network of the recipe saw."""

    def __call__(self, images, model, **options):
        self.seen = images[0]
        return super().__call__(images, model, **options)


def lumbosacral(image, model, *settings):
    look = Looking()
    chosen = recipe("lumbosacral").with_settings(dict(settings))
    return look, run_recipe(chosen, image, model, contrast="T2w", find_model=Models().find, run=look)


def test_a_model_that_was_trained_on_straightened_cords_sees_them_and_its_mask_comes_back():
    cord = bent_cord("LAS")
    image = Image(cord.array.astype(np.float32) * 200, cord.geometry)
    plain = installed("mine", of="cord")
    straight = replace(plain, entry=replace(plain.entry, parts="straight"))
    boxed, expected = lumbosacral(image, plain)
    for look, result in (lumbosacral(image, straight), lumbosacral(image, plain, ("straight", True))):
        assert look.seen.geometry.shape[:2] == (64, 64) != boxed.seen.geometry.shape[:2]
        assert np.ptp(centers(LabelMap((look.seen.array > 100).astype(np.uint8), look.seen.geometry, cord.scheme))) < 12
        assert np.array_equal(result.labels.array, expected.labels.array)
        assert result.labels.geometry.matches(image.geometry)
        assert result.generator["Record"]["StraightenedShape"] == list(look.seen.geometry.shape)
    assert "StraightenedShape" not in expected.generator["Record"]


def test_a_recipe_that_straightens_nothing_refuses_such_a_model():
    straight = installed("mine", of="cord")
    straight = replace(straight, entry=replace(straight.entry, parts="straight"))

    class Store:
        def find(self, name):
            return straight

    with pytest.raises(ModelError, match="straightens none") as refused:
        choose_model(recipe("cord"), Store(), "mine")
    assert "--recipe lumbosacral" in refused.value.remedy
    assert choose_model(recipe("lumbosacral"), Store(), "mine") is straight
