"""The sacrum of MR images from a CT: which number it has, and which CT is meant."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.cli.report.registration import write_registration_picture
from SpineGTRefineLib.errors import LabelError, PartialFailureError, UsageError
from SpineGTRefineLib.imaging import LabelMap, write_image, write_labels
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.recipes.carrier import Carrier
from SpineGTRefineLib.recipes.sacrum_from_ct import sacrum_from_ct, sacrum_of

SACRUM = mask_type("sacrum")


@pytest.mark.parametrize(("value", "version"), [(92, "v1"), (25, "v2"), (92, "auto"), (25, "auto")])
def test_the_sacrum_is_found_in_both_numberings(tmp_path, person, value, version):
    sacrum = person["CT"].sacrum
    array = (sacrum.array * value).astype(np.uint8)
    if version != "auto":
        array[:2, :2, :2] = 25 if value == 92 else 92
    path = tmp_path / "sub-01_CT_seg.nii.gz"
    write_labels(path, LabelMap(array, sacrum.geometry, _any_values()))
    assert np.array_equal(sacrum_of(path, version).array, sacrum.array)
    if version != "auto":
        with pytest.raises(LabelError, match=r"cannot be told from the numbers") as caught:
            sacrum_of(path)
        assert "--totalsegmentator v1 or v2" in caught.value.remedy


def test_an_empty_segmentation_is_said_to_be_empty(tmp_path, person):
    sacrum = person["CT"].sacrum
    write_labels(tmp_path / "sub-01_CT.nii.gz", sacrum.with_array(np.zeros_like(sacrum.array)))
    with pytest.raises(LabelError, match="is empty: TotalSegmentator found nothing"):
        sacrum_of(tmp_path / "sub-01_CT.nii.gz")


def _any_values():
    from SpineGTRefineLib.anatomy import LabelScheme

    both = {entry.value: entry for name in ("v1", "v2") for entry in scheme(f"totalsegmentator_{name}")}
    return LabelScheme("both", tuple(both.values()))


def test_the_sacrum_of_the_ct_reaches_the_mri_from_a_folder_of_structures(session, person, tmp_path):
    folder = tmp_path / "segmentations" / "sub-01_CT"
    folder.mkdir(parents=True)
    write_labels(folder / "sacrum.nii.gz", person["CT"].sacrum)
    drawn = []
    dataset = Dataset.open(session)
    by_header = Carrier(dataset, "header", on_carried=lambda *a: drawn.append(a))
    outcome = sacrum_from_ct(by_header, folder.parent, cases=["sub-01_T2w"])
    outcome.raise_if_failed()
    mask = load_mask(dataset.reopened(), dataset.case("sub-01_T2w"), SACRUM)
    assert dice(mask.array > 0, person["T2w"].sacrum.array > 0) > 0.75
    _case, image, carried = drawn[0]
    write_registration_picture(tmp_path / "picture.png", image, carried.image, carried.labels)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_ct_without_a_segmentation_fails_alone_and_by_name(session, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = sacrum_from_ct(Carrier(Dataset.open(session), "header"), tmp_path / "empty")
    assert len(outcome.failed) == 2
    assert "TotalSegmentator left no file for sub-01_CT" in outcome.failed[0].error.cause
    with pytest.raises(PartialFailureError):
        outcome.raise_if_failed()


def test_a_person_with_two_cts_fails_alone_and_a_misspelled_case_is_named(session, person, tmp_path):
    other = session / "sub-02" / "anat"
    other.mkdir(parents=True)
    for name in ("sub-02_T2w", "sub-02_run-1_CT", "sub-02_run-2_CT"):
        write_image(other / f"{name}.nii.gz", person["CT"].image)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no subject or case '03'"):
        sacrum_from_ct(Carrier(Dataset.open(session)), tmp_path / "empty", cases=["sub-03"])
    outcome = sacrum_from_ct(Carrier(Dataset.open(session), "header"), tmp_path / "empty")
    causes = {case.key: case.error.cause for case in outcome.failed}
    assert "left no file" in causes["sub-01_T2w"]
    assert "Several images could be meant for sub-02_T2w: sub-02_run-1_CT, sub-02_run-2_CT" in causes["sub-02_T2w"]
    told = sacrum_from_ct(Carrier(Dataset.open(session), "header"), tmp_path / "empty", ct="run-2_CT")
    assert [case.key for case in told.cases] == ["sub-02_T2w"]
    assert "left no file for sub-02_run-2_CT" in told.failed[0].error.cause
