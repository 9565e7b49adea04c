"""The spine from output folders: every case stands for itself, keeps its sources, and never takes the place of work."""

import json

import nibabel as nib
import numpy as np
import pytest
from tool_lab import expected, moved, outputs, voxels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.bids.pairs import OWN_KEY
from SpineGTRefineLib.errors import MissingFileError, PartialFailureError, UsageError
from SpineGTRefineLib.imaging import read_image, read_labels, reorient
from SpineGTRefineLib.recipes.spine_from_outputs import refine_spine_folders
from SpineGTRefineLib.refine import SpineInputs, refine_spine


def test_a_case_is_refined_and_saved_on_the_images_grid_with_its_sources_and_report(lab):
    lab.add()
    before = lab.hashes()
    result = lab.refine()
    (case,) = result.cases
    assert case.error is None
    assert case.saved.path.is_relative_to(lab.images / "derivatives" / "spine-gt-refine")
    np.testing.assert_array_equal(voxels(case), expected())
    sidecar = json.loads(case.saved.sidecar.read_text())
    assert set(sidecar[OWN_KEY]["SourceHashes"].values()) == set(before.values())
    assert {"SPINEPS", "TotalSpineSeg"} <= {tool["Name"] for tool in sidecar["GeneratedBy"]}
    report = json.loads(case.report.read_text())
    assert report["SHA256"] == case.saved.sha256
    assert {line["action"] for line in report["Decisions"]} == {name for name, _ in case.actions}
    assert lab.hashes() == before


@pytest.mark.parametrize("policy", ["anatomical", "compatible"])
def test_both_policies_give_what_the_pure_function_gives(lab, policy):
    lab.add()
    (case,) = lab.refine(policy=policy, output=lab.root / "out", profile="neuropoly").cases
    np.testing.assert_array_equal(voxels(case), expected(policy))
    assert case.saved.path == lab.root / "out" / "sub-01" / "anat" / "sub-01_T2w_label-spine_dseg.nii.gz"


def test_sessions_acquisitions_and_other_contrasts_are_kept_apart(lab):
    lab.add("01", "_ses-M0_acq-sag", "T1w")
    lab.add("01", "_ses-M12_acq-sag", "T2w")
    lab.add("02", "_acq-ax_run-1", "T2w")
    result = lab.refine()
    assert [case.error for case in result.cases] == [None] * 3
    assert {case.key for case in result.cases} == {
        "sub-01_ses-M0_acq-sag_T1w",
        "sub-01_ses-M12_acq-sag_T2w",
        "sub-02_acq-ax_run-1_T2w",
    }
    assert len({case.saved.path for case in result.cases}) == 3


def test_only_the_cases_that_were_asked_for_are_refined(lab):
    for subject in ("01", "02", "03"):
        lab.add(subject)
    assert [case.key for case in lab.refine(cases=["sub-02"]).cases] == ["sub-02_T2w"]
    assert [case.key for case in lab.refine(cases=["01", "sub-03_T2w"]).cases] == ["sub-01_T2w", "sub-03_T2w"]
    with pytest.raises(UsageError, match="sub-09"):
        lab.refine(cases=["sub-09"])


def test_one_failing_case_never_stops_the_others(lab):
    vert, labels, _ = outputs()
    lab.add("01")
    lab.add("02", canal=None)
    lab.add("03", totalspineseg=moved(labels, 20.0))
    lab.add("04", vert=vert.with_array(np.zeros_like(vert.array)))
    lab.add("05")
    (lab.spineps / "sub-05_mod-T2w_seg-vert_msk.nii.gz").write_bytes(b"no gzip")
    lab.add("06")
    result = lab.refine()
    assert [case.key for case in result.succeeded] == ["sub-01_T2w", "sub-06_T2w"]
    causes = {case.key[4:6]: case.error for case in result.failed}
    assert "no file for sub-02_T2w" in causes["02"].cause
    assert "20.0 mm away" in causes["03"].cause
    assert "empty" in causes["04"].cause
    assert all(error.cause and error.remedy for error in causes.values())
    assert not any("sub-03" in str(p) for p in (lab.images / "derivatives").rglob("*.nii.gz"))
    summary = json.loads(json.dumps(result.as_dict()))
    assert [case["succeeded"] for case in summary["cases"]] == [True, False, False, False, False, True]
    with pytest.raises(PartialFailureError, match="4 of 6"):
        result.raise_if_failed()


def test_a_case_that_spineps_left_out_fails_by_name_instead_of_being_absent(lab):
    lab.add("01")
    lab.add("02", vert=None)
    lab.add("03", contrast="T1w", vert=None)
    result = lab.refine()
    assert [case.key for case in result.succeeded] == ["sub-01_T2w"]
    assert {case.key: case.error.cause.split(" in ")[0] for case in result.failed} == {
        "sub-02_T2w": "SPINEPS left no file for sub-02_T2w",
        "sub-03_T1w": "SPINEPS left no file for sub-03_T1w",
    }
    assert [case.key for case in lab.refine(cases=["01"]).cases] == ["sub-01_T2w"]


def test_a_canal_that_leaves_nothing_of_the_spine_is_refused_and_an_empty_one_is_told(lab):
    canal = outputs()[2]
    lab.add("01", canal=canal.with_array(np.ones_like(canal.array)))
    lab.add("02", canal=canal.with_array(np.zeros_like(canal.array)))
    everything, nothing = lab.refine().cases
    assert "Nothing is left of the spine" in everything.error.cause
    assert "canal" in everything.error.remedy
    assert not list((lab.images / "derivatives").rglob("sub-01*.nii.gz"))
    assert any("canal: the mask is empty" in note for note in nothing.notes)


def test_files_of_two_tools_with_one_name_are_two_sources(lab):
    lab.add()
    plain = lab.canal / "sub-01_T2w.nii.gz"
    (lab.canal / "sub-01_T2w_label-canal_seg.nii.gz").rename(plain)
    before = lab.hashes()
    (case,) = lab.refine().cases
    sidecar = json.loads(case.saved.sidecar.read_text())
    assert set(sidecar[OWN_KEY]["SourceHashes"].values()) == set(before.values())
    sources = json.loads(case.report.read_text())["Sources"]
    assert sources["canal"] == {"File": plain.name, "SHA256": before[plain]}
    assert sources["TotalSpineSeg"]["SHA256"] != before[plain]


def test_a_defect_of_our_own_is_one_failed_case_too(lab, monkeypatch):
    lab.add("01")
    lab.add("02")
    calls = []

    def breaks_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise ZeroDivisionError("surprise")
        return refine_spine(*arguments)

    monkeypatch.setattr("SpineGTRefineLib.recipes.spine_from_outputs.refine_spine", breaks_once)
    result = lab.refine()
    assert [case.succeeded for case in result.cases] == [False, True]
    assert "surprise" in result.failed[0].error.cause


def test_step_one_of_totalspineseg_is_recognized(lab):
    labels = outputs()[1]
    vertebrae = np.isin(labels.array, [entry.value for entry in labels.scheme.of_kind("vertebra")])
    lab.add(totalspineseg=labels.with_array(np.where(vertebrae, 50, labels.array).astype(np.uint8)))
    (case,) = lab.refine().cases
    assert "step 1" in case.error.cause


def test_a_second_run_gives_the_same_bytes(lab):
    lab.add()
    first, second = lab.refine().cases[0], lab.refine().cases[0]
    assert first.saved.sha256 == second.saved.sha256
    assert not second.saved.difference.edited


def test_a_mask_of_a_person_stays_and_the_user_is_told_that_the_new_one_lies_beside_it(lab):
    lab.add()
    (first,) = lab.refine().cases
    assert first.notes == ()
    dataset = Dataset.open(lab.images)
    case, kind = dataset.case(first.key), mask_type("spine")
    labels = load_mask(dataset, case, kind)
    array = labels.array.copy()
    array[array == labels.values()[0]] = 0
    corrected = labels.with_array(array)
    save_mask(dataset, case, kind, corrected, image=read_image(case.image), rater="AB", status="corrected")
    content = first.saved.path.read_bytes()
    (second,) = lab.refine().cases
    assert second.saved.path != first.saved.path
    assert first.saved.path.read_bytes() == content
    assert any("beside it" in note for note in second.notes)


def test_an_empty_or_missing_folder_is_an_error_not_a_silent_success(lab):
    lab.add()
    with pytest.raises(MissingFileError, match="no SPINEPS instance mask"):
        refine_spine_folders(lab.canal, lab.totalspineseg, lab.canal, lab.images)
    with pytest.raises(MissingFileError, match="does not exist"):
        refine_spine_folders(lab.root / "nowhere", lab.totalspineseg, lab.canal, lab.images)
    with pytest.raises(UsageError, match="policy"):
        lab.refine(policy="best")


def test_progress_is_told_before_each_case(lab):
    lab.add("01")
    lab.add("02")
    told = []
    lab.refine(progress=lambda number, total, key: told.append((number, total, key)))
    assert told == [(0, 2, "sub-01_T2w"), (1, 2, "sub-02_T2w")]


@pytest.mark.parametrize("name", ["real_c5c7", "small_edge", "small_iso2"])
def test_compatible_files_equal_the_originals_files(shared_data, tmp_path, name):
    folder = shared_data / "spineps_refine" / name
    result = refine_spine_folders(
        folder / "spineps", folder / "step2_output", folder / "canal", None, tmp_path, "compatible", profile="neuropoly"
    )
    (case,) = result.cases
    reference = next((folder / "ref_out").glob("*/anat/*_dseg.nii.gz"))
    assert case.saved.path.relative_to(tmp_path) == reference.relative_to(folder / "ref_out")
    ours = reorient(read_labels(case.saved.path, scheme("spine")), "LAS")
    np.testing.assert_array_equal(ours.array, np.asanyarray(nib.load(reference).dataobj))


def test_without_totalspineseg_the_levels_are_counted_and_every_doubt_is_told(lab):
    lab.add(totalspineseg=None)
    (case,) = refine_spine_folders(lab.spineps, None, lab.canal, lab.images).cases
    assert case.error is None
    inputs = SpineInputs(outputs()[0], None, outputs()[2])
    np.testing.assert_array_equal(voxels(case), refine_spine(inputs).labels.array)
    tools = {tool["Name"]: tool for tool in json.loads(case.saved.sidecar.read_text())["GeneratedBy"]}
    assert "TotalSpineSeg" not in tools
    assert "counted" in tools["refine spine"]["Description"]
    sacrum = outputs()[0].array == 26
    lab.add("02", vert=outputs()[0].with_array(np.where(sacrum, 0, outputs()[0].array)))
    case = next(c for c in refine_spine_folders(lab.spineps, None, lab.canal, lab.images).cases if "02" in c.key)
    assert any("No landmark is in view" in note for note in case.notes)


def test_without_totalspineseg_the_images_are_needed(lab):
    lab.add()
    with pytest.raises(UsageError, match="images"):
        refine_spine_folders(lab.spineps, None, lab.canal, output=lab.root / "out")
