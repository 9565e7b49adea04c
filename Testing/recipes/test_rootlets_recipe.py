"""The recipe rootlets, from the image on disk to the saved rootlets, spinal levels and soft maps."""

from types import SimpleNamespace

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.procedures import rootlets
from SpineGTRefineLib.recipes.work import RecipeWork


def work_with(cord, found, *, canal=None, **settings):
    """A recipe's work with a model that finds ``found`` (an array on the image's grid), and the notes it took.

    With ``canal``, the levels along it, the model draws rootlets without levels.
    """
    grid = cord.geometry
    image = Image(np.zeros(grid.shape, dtype=np.float32), grid)
    unnamed = canal is not None
    labels = LabelMap((found > 0).astype(np.uint8), grid, scheme("rootlets_unnamed"))
    labels = labels if unnamed else LabelMap(found, grid, scheme("rootlets"))

    def predict(images, *, model=None, outputs=("labels",), roi=None):
        if model == "cord":
            return SimpleNamespace(labels=cord)
        [seen] = images
        start = np.rint(grid.to_index(seen.geometry.affine[:3, 3])).astype(int)
        part = tuple(slice(a, a + n) for a, n in zip(start, seen.geometry.shape, strict=True))
        if model == "demo_spinal_levels":
            return SimpleNamespace(labels=LabelMap(canal[part], seen.geometry, scheme("spinal_levels")))
        soft = np.stack([(labels.array[part] == value).astype(np.float32) for value in range(10)])
        return SimpleNamespace(
            labels=LabelMap(labels.array[part], seen.geometry, labels.scheme),
            probabilities=soft if "probabilities" in outputs else None,
        )

    notes = []
    work = RecipeWork(
        image, recipe("rootlets"), None, predict, lambda _: None, {**rootlets.SETTINGS, **settings}, notes.append
    )
    return work, notes


@pytest.fixture
def cord():
    """A cord along the third axis of a small grid with voxels of half a millimeter."""
    array = np.zeros((40, 40, 60), dtype=np.uint8)
    array[16:24, 16:24, 5:55] = 1
    return LabelMap(array, Geometry(array.shape, np.diag([0.5, 0.5, 0.5, 1])), scheme("cord"))


@pytest.fixture
def found(cord):
    """Four threads beside the cord, two of level C5 above two of level C6."""
    array = np.zeros(cord.array.shape, dtype=np.uint8)
    for side in (14, 25):
        array[side, 18:20, 35:48] = 5
        array[side, 18:20, 15:28] = 6
    return array


def test_every_small_piece_is_kept(cord, found):
    found[14, 30, 40] = 5  # one voxel, far from all others
    work, _ = work_with(cord, found)
    assert np.array_equal(rootlets.run(work).labels.array, found)


def test_the_cord_gets_its_levels_and_the_cord_mask_is_never_taken_for_level_c1(cord, found):
    work, _ = work_with(cord, found)
    [levels] = rootlets.run(work).extras
    assert levels.mask_type.name == "levels"
    assert set(np.unique(levels.labels.array)) == {0, 5, 6}
    assert not levels.labels.array[cord.array == 0].any()


@pytest.mark.parametrize("spacing", [0.25, 0.5, 1.0])
def test_how_near_to_the_cord_counts_is_said_in_millimeters(cord, found, spacing):
    """Threads lie one voxel beside the cord: within a reach of 0.6 mm only where a voxel is no larger."""
    fine = LabelMap(cord.array, Geometry(cord.array.shape, np.diag([spacing] * 3 + [1])), cord.scheme)
    work, _ = work_with(fine, found, reach_mm=1.2)
    assert bool(rootlets.run(work).extras) == (2 * spacing <= 1.2)


def test_rootlets_of_a_model_that_leaves_them_unnamed_get_the_levels_that_another_model_sees(cord, found):
    canal = np.zeros_like(found)
    canal[10:30, 14:24, 30:50], canal[10:30, 14:24, 12:30] = 5, 6
    found[20, 10, 5:8] = 7  # where no level is seen
    work, notes = work_with(cord, found, canal=canal)
    outcome = rootlets.run(work)
    assert np.array_equal(outcome.labels.array, np.where(found == 7, 0, found))
    assert outcome.labels.scheme.name == "rootlets"
    assert any("3 voxels of rootlets lie where demo_spinal_levels saw no level" in note for note in notes)
    maps = {soft.label: soft.values for soft in outcome.soft_maps}
    assert set(maps) == {"rootletsC5", "rootletsC6"}
    assert np.array_equal(maps["rootletsC5"], (found == 5).astype(np.float32))


def test_rootlets_where_no_level_is_in_view_are_told_and_not_called_absent(cord, found):
    work, notes = work_with(cord, found, canal=np.zeros_like(found))
    outcome = rootlets.run(work)
    assert not outcome.labels.array.any()
    assert not outcome.extras
    assert notes[-1] == "None of the rootlets has a level, so there are no spinal levels."


def test_levels_below_the_last_believed_one_are_removed(cord, found):
    work, _ = work_with(cord, found, last_level="C5")
    outcome = rootlets.run(work)
    assert set(np.unique(outcome.labels.array)) == {0, 5}
    assert [soft.label for soft in outcome.soft_maps] == ["rootletsC5"]


def test_there_is_a_soft_map_for_each_level_on_the_image_s_grid(cord, found):
    work, _ = work_with(cord, found)
    maps = {soft.label: soft.values for soft in rootlets.run(work).soft_maps}
    assert set(maps) == {"rootletsC5", "rootletsC6"}
    assert np.array_equal(maps["rootletsC6"], (found == 6).astype(np.float32))


def test_an_image_without_a_cord_is_refused_with_what_to_do(cord, found):
    nothing = LabelMap(np.zeros_like(cord.array), cord.geometry, cord.scheme)
    work, _ = work_with(nothing, found)
    with pytest.raises(InputError, match="no cord") as refused:
        rootlets.run(work)
    assert "cord mask" in refused.value.remedy


def test_no_rootlets_is_said_and_gives_no_levels(cord, found):
    work, notes = work_with(cord, np.zeros_like(found))
    outcome = rootlets.run(work)
    assert not outcome.extras
    assert any("No rootlets were found" in note for note in notes)


def test_thick_slices_bring_a_warning(cord, found):
    thick = LabelMap(cord.array, Geometry(cord.array.shape, np.diag([0.5, 0.5, 3.0, 1])), cord.scheme)
    work, notes = work_with(thick, found)
    rootlets.run(work)
    assert any("3.0 mm" in note for note in notes)


def test_levels_out_of_order_are_pointed_out(cord, found):
    swapped = np.select([found == 5, found == 6], [6, 5], 0).astype(np.uint8)
    work, notes = work_with(cord, swapped)
    outcome = rootlets.run(work)
    said = [*notes, *(problem.message for problem in outcome.problems)]
    assert any("C5" in text and "C6" in text for text in said), said
