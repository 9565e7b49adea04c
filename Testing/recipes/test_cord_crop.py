"""The box around the cord: where it lies, what the network sees in it, and that the mask comes back exactly."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, reorient, resample_image
from SpineGTRefineLib.recipes.cord_crop import (
    box_around,
    centerline_of,
    cut_faces,
    cut_image,
    cut_labels,
    restore_native,
)


def tilted(shape, spacing, degrees=9.0) -> Geometry:
    turn, affine = np.radians(degrees), np.eye(4)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    affine[:3, :3] = rotation * spacing
    affine[:3, 3] = (-20.0, 13.0, 400.0)
    return Geometry(shape, affine)


def tube(grid: Geometry, radius=5.0, top=0.15, bottom=0.75) -> LabelMap:
    """A straight cord along the third axis, between two parts of it."""
    i, j, k = np.meshgrid(*map(np.arange, grid.shape), indexing="ij")
    dx = (i - grid.shape[0] * 0.45) * grid.spacing[0]
    dy = (j - grid.shape[1] * 0.55) * grid.spacing[1]
    inside = (dx**2 + dy**2 < radius**2) & (k >= top * grid.shape[2]) & (k < bottom * grid.shape[2])
    return LabelMap(inside.astype(np.uint8), grid, scheme("cord"))


def center(labels: LabelMap) -> np.ndarray:
    return labels.geometry.to_world(np.argwhere(labels.array).mean(axis=0))


GRIDS = {
    "isotropic": tilted((40, 44, 60), (1.0, 1.0, 1.0)),
    "sagittal": tilted((14, 60, 80), (3.3, 0.7, 0.7)),
    "axial": tilted((70, 70, 20), (0.6, 0.6, 4.0)),
    "odd numbers": tilted((41, 37, 53), (0.83, 1.17, 1.31)),
}


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("letters", ["RAS", "LPS", "PIR"])
def test_a_mask_goes_into_the_box_and_back_without_moving_by_half_a_voxel(kind, letters):
    """Into the box and back every voxel is what it was, but for a few at the rim of the mask."""
    cord = reorient(tube(GRIDS[kind]), letters)
    box = box_around(cord.geometry, centerline_of(cord), across_mm=12, along_mm=12)
    back = restore_native(cut_labels(cord, box), cord.geometry)
    assert back.geometry.matches(cord.geometry)
    shift = cord.geometry.to_index(center(back)) - cord.geometry.to_index(center(cord))
    assert np.abs(shift).max() < 0.1
    rim = binary_dilation(cord.array) & ~binary_erosion(cord.array)
    wrong = back.array != cord.array
    assert not (wrong & ~rim).any()
    assert wrong.sum() <= 0.06 * cord.array.sum()


def test_a_finer_grid_than_the_box_comes_back_exactly_where_the_box_has_its_voxels():
    cord = tube(tilted((60, 60, 60), (0.5, 0.5, 0.5)))
    box = box_around(cord.geometry, [cord.geometry.to_world((27, 33, 30))], across_mm=12, along_mm=25)
    aligned = cord.geometry.to_index(box.affine[:3, 3])
    assert np.allclose(aligned, np.round(aligned))
    assert np.array_equal(restore_native(cut_labels(cord, box), cord.geometry).array, cord.array)


def test_the_box_is_a_true_part_of_the_scan_and_its_affine_tells_where():
    """A value that depends only on the place in the scanner is found at the same place in the box."""
    grid = GRIDS["sagittal"]
    places = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)
    height = grid.to_world(places)[..., 2].astype(np.float32)
    cord = tube(grid)
    box = box_around(grid, centerline_of(cord), across_mm=10, along_mm=5)
    cut = resample_image(Image(height, grid), box)
    wanted = box.to_world(np.stack(np.meshgrid(*map(np.arange, box.shape), indexing="ij"), -1))[..., 2]
    assert np.abs(cut.array - wanted).max() < 1e-2


def test_images_are_interpolated_and_masks_are_not():
    grid = tilted((20, 20, 20), (2.0, 2.0, 2.0), 0)
    ramp = np.broadcast_to(np.arange(20, dtype=np.int16)[:, None, None] * 10, grid.shape).copy()
    box = box_around(grid, [grid.to_world((10, 10, 10))], across_mm=8, along_mm=8)
    assert len(np.unique(cut_image(Image(ramp, grid), box).array)) > 20
    cord = LabelMap((ramp > 90).astype(np.uint8), grid, scheme("cord"))
    assert set(np.unique(cut_labels(cord, box).array)) == {0, 1}


def test_nothing_is_padded_so_gray_values_do_not_depend_on_how_far_the_box_would_reach():
    """The cord at the rim of the image: a box that would reach beyond ends there, and holds no invented voxel."""
    grid = GRIDS["isotropic"]
    image = Image(np.random.default_rng(1).normal(500, 50, grid.shape).astype(np.float32), grid)
    points = [grid.to_world((1, 1, 30))]
    near, far = (box_around(grid, points, across_mm=60, along_mm=reach) for reach in (300, 3000))
    assert near.matches(far)
    stretched = cut_image(image, near).array
    assert stretched.min() == 0
    assert stretched.max() == 255
    assert 0.015 < (stretched == 0).mean() < 0.025


def test_native_slices_stay_the_images_own():
    grid = GRIDS["axial"]
    box = box_around(grid, centerline_of(tube(grid)), across_mm=10, along_mm=6, native_slices=True)
    assert np.allclose(box.spacing, (0.5, 0.5, 4.0))
    first = grid.to_index(box.affine[:3, 3])[2]
    assert first == pytest.approx(round(first), abs=1e-6)


def test_the_course_is_smooth_and_stays_on_the_cord():
    grid = GRIDS["isotropic"]
    cord = tube(grid)
    ragged = cord.with_array(cord.array * (np.random.default_rng(0).random(grid.shape) < 0.5))
    course = grid.to_index(centerline_of(ragged))
    assert np.abs(course[:, :2] - (18, 24.2)).max() < 0.7
    assert np.abs(np.diff(course[:, :2], axis=0)).max() < 0.15
    assert len(course) == len(np.unique(np.argwhere(ragged.array)[:, 2]))


def test_an_empty_mask_and_points_outside_are_told():
    grid = GRIDS["isotropic"]
    with pytest.raises(InputError, match="no cord to follow"):
        centerline_of(LabelMap(np.zeros(grid.shape, np.uint8), grid, scheme("cord")))
    with pytest.raises(InputError, match="None of the 1 point"):
        box_around(grid, [(9999, 0, 0)], across_mm=10, along_mm=10)


@pytest.mark.parametrize(("letters", "name"), [("RAS", "foot"), ("LPI", "foot"), ("PIR", "foot")])
def test_a_mask_that_is_cut_by_the_box_is_told_but_not_where_the_image_ends(letters, name):
    grid = GRIDS["isotropic"]
    cord = reorient(tube(grid, top=0.0, bottom=1.0), letters)
    middle = grid.to_world((18, 24, 45))
    box = box_around(cord.geometry, [middle], across_mm=10, along_mm=25)
    assert cut_faces(cut_labels(cord, box), cord.geometry) == (name,)
