import hashlib
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from original_cases import CASES

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import read_labels, reorient
from SpineGTRefineLib.refine import SpineInputs, refine_spine
from SpineGTRefineLib.refine.compatible import refine_compatible
from SpineGTRefineLib.refine.decisions import REMOVES, WITHHOLDS, WRITES

HASHES = json.loads((Path(__file__).parent / "original_hashes.json").read_text(encoding="utf-8"))
REAL = ("real_c5c7", "sag_256x512x64", "sag_hard", "small_edge", "small_iso2")


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=np.uint16).tobytes()).hexdigest()


def compatible(vert, totalspineseg, canal=None):
    arrays = [np.asarray(a, dtype=np.uint16) for a in (vert, totalspineseg)]
    return refine_compatible(*arrays, None if canal is None else np.asarray(canal), scheme("spine"))


@pytest.mark.parametrize("name", CASES)
def test_the_result_is_voxel_for_voxel_what_the_original_wrote(name):
    case = CASES[name]()
    maps = (case.vert, case.totalspineseg, case.canal)
    inputs = hashlib.sha256("".join(digest(m.array) for m in maps).encode()).hexdigest()
    assert inputs == HASHES[name]["inputs"], "the inputs changed: run the original on them again and keep its hashes"
    refined = refine_spine(SpineInputs(*maps), "compatible")
    assert digest(refined.labels.array) == HASHES[name]["output"]


@pytest.mark.parametrize("name", REAL)
def test_the_result_equals_the_originals_file_on_the_reference_cases(shared_data, name):
    folder = shared_data / "spineps_refine" / name
    files = [
        next((folder / "spineps").glob("*_seg-vert_msk.nii.gz")),
        next((folder / "step2_output").glob("*.nii.gz")),
        next((folder / "canal").glob("*.nii.gz")),
    ]
    schemes = ("spineps_vert_ordinal", "totalspineseg", "canal")
    maps = [reorient(read_labels(f, scheme(s)), "LAS") for f, s in zip(files, schemes, strict=True)]
    refined = refine_spine(SpineInputs(*maps), "compatible")
    reference = nib.load(next((folder / "ref_out").glob("*/anat/*_dseg.nii.gz")))
    assert "".join(nib.aff2axcodes(reference.affine)) == "LAS"
    np.testing.assert_array_equal(refined.labels.array, np.asanyarray(reference.dataobj))


def test_the_first_label_with_half_a_dice_wins_although_a_later_one_is_better():
    array, _ = compatible([2] * 10, [12] * 4 + [13] * 6)
    assert array.tolist() == [12] * 10


def test_the_search_goes_on_where_it_stopped_for_the_structure_before():
    # 3 comes after 2 was found at 13: the cursor stands behind it, and 14 reaches a half before 12 is asked again.
    vert = [2] * 6 + [3] * 8
    labels = [13] * 6 + [12] * 3 + [14] * 5
    assert compatible(vert, labels)[0].tolist() == [13] * 6 + [14] * 8


def test_a_search_in_vain_moves_the_start_of_the_next_one_by_one():
    # 2 overlaps nothing; 3 reaches a half with 12 and with 13, and 13 is now asked first.
    array, _ = compatible([2] * 2 + [3] * 10, [0] * 2 + [12] * 5 + [13] * 5)
    assert array.tolist() == [0] * 2 + [13] * 10


def test_class_counts_only_below_half_a_dice():
    assert compatible([2, 2], [66, 66])[0].tolist() == [66, 66]
    array, decisions = compatible([2] * 9, [66] + [0] * 8)
    assert not array.any()
    assert [d.action for d in decisions if d.source == "spineps"] == ["dropped"]


def test_c1_is_copied_and_covered_by_instances_and_the_canal_is_cut_last():
    array, _ = compatible([0, 2, 2, 2, 0], [11, 11, 12, 12, 11], canal=[0, 0, 0, 1, 1])
    assert array.tolist() == [11, 12, 12, 0, 0]


def test_a_totalspineseg_mask_without_levels_is_an_error_not_an_empty_mask():
    with pytest.raises(InputError, match="below C1"):
        compatible([2], [11])


def test_every_voxel_of_every_instance_is_accounted_for():
    case = CASES["phantom-both-wrong-and-apart"]()
    result = refine_spine(SpineInputs(case.vert, case.totalspineseg, case.canal), "compatible")
    for value, voxels in case.vert.counts().items():
        own = [d for d in result.decisions if d.source == "spineps" and d.source_value == value]
        written = sum(d.voxels for d in own if d.action in WRITES)
        assert written + sum(d.voxels for d in own if d.action in WITHHOLDS) == voxels
        removed = sum(d.voxels for d in own if d.action in REMOVES)
        targets = {d.value for d in own if d.action in WRITES}
        left = np.isin(result.labels.array, list(targets)) & (case.vert.array == value)
        assert left.sum() == written - removed
