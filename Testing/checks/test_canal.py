"""Canal and cord: what lies in the canal that should not, and where one of the two is missing."""

from dataclasses import replace

import numpy as np
import pytest
from rule_findings import center, edited, findings, the_one, v
from scipy import ndimage

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.errors import GeometryError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.phantoms import storage_variant


def test_bone_deep_in_the_canal_is_an_error_a_thin_overlap_a_warning(lumbar):
    depth = ndimage.distance_transform_edt(lumbar.canal.array, sampling=2.0)
    height = np.indices(lumbar.spine.array.shape)[2]
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "L2"))[2].round())
    slab = (np.abs(height - level) <= 2) & (depth > 0)
    deep = edited(lumbar.spine, lambda array: np.putmask(array, slab, v("vertebra_L2")))
    thin = edited(lumbar.spine, lambda array: np.putmask(array, slab & (depth <= 2.0), v("vertebra_L2")))
    for labels, severity in ((deep, "error"), (thin, "warning")):
        problem = the_one(check_labels(labels, lumbar.canal, lumbar.cord), "bone_in_canal")
        assert (problem.structure, problem.severity) == ("vertebra_L2", severity)
        assert abs(problem.position[2] - center(lumbar, "L2")[2]) < 6


def test_cord_outside_the_canal_is_found(lumbar):
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "T12"))[2].round())
    cord = edited(lumbar.cord, lambda array: array.__setitem__((slice(10, 20), slice(20, 26), level), 1))
    problem = the_one(check_labels(lumbar.spine, lumbar.canal, cord), "cord_in_canal")
    assert problem.severity == "error"
    assert problem.slice == (2, level)


def test_slices_with_cord_but_without_canal_are_named(lumbar):
    level = int(lumbar.spine.geometry.to_index(center(lumbar, "T12"))[2].round())
    canal = edited(
        lumbar.canal, lambda array: array.__setitem__((slice(None), slice(None), slice(level, level + 3)), 0)
    )
    problem = the_one(check_labels(lumbar.spine, canal, lumbar.cord), "canal_along_cord")
    assert f"slices {level} to {level + 2}" in problem.message
    assert problem.severity == "error"
    assert the_one(check_labels(lumbar.spine, canal), "tube_in_one_piece").structure == "canal_whole"


def test_a_canal_far_above_the_topmost_label_hints_at_levels_without_label(lumbar):
    upper = [v(f"vertebra_{level}") for level in ("T8", "T9", "T10", "T11", "T12", "L1")]
    labels = edited(lumbar.spine, lambda array: np.putmask(array, np.isin(array, upper), 0))
    assert the_one(check_labels(labels, lumbar.canal), "levels_along_canal").structure == "vertebra_L2"


def test_a_cord_that_ends_at_l4_hints_at_shifted_levels(lumbar):
    cord = edited(lumbar.cord, lambda array: np.putmask(array, lumbar.canal.array > 0, 1))
    low = int(lumbar.spine.geometry.to_index(center(lumbar, "L4"))[2])
    cord.array[:, :, :low] = 0
    assert the_one(check_labels(lumbar.spine, lumbar.canal, cord), "conus_level").structure == "cord"


def test_a_canal_on_another_grid_is_refused_and_a_flipped_one_is_understood(lumbar):
    flipped = storage_variant(lumbar.canal, "LPS")
    assert check_labels(lumbar.spine, flipped) == check_labels(lumbar.spine, lumbar.canal)
    moved = lumbar.canal.geometry.affine.copy()
    moved[0, 3] += 5.0
    with pytest.raises(GeometryError):
        check_labels(lumbar.spine, replace(lumbar.canal, geometry=Geometry(lumbar.canal.array.shape, moved)))


def test_canal_and_cord_among_the_labels_are_used_where_no_other_are_given(lumbar):
    target = scheme("totalspineseg")
    array = lumbar.spine.array.astype(np.int32)
    array[lumbar.canal.array > 0] = target.value_of("canal_without_cord")
    array[lumbar.cord.array > 0] = target.value_of("cord")
    low = int(lumbar.spine.geometry.to_index(center(lumbar, "L4"))[2])
    array[:, :, low:][lumbar.canal.array[:, :, low:] > 0] = target.value_of("cord")
    found = findings(LabelMap(array, lumbar.spine.geometry, target))
    assert found == {("conus_level", "cord")}
