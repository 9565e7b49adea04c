import gzip
import hashlib
import json
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.bids.pairs import OWN_KEY
from SpineGTRefineLib.errors import MissingFileError, PartialFailureError, UsageError
from SpineGTRefineLib.imaging import (
    Geometry,
    LabelMap,
    read_image,
    read_labels,
    reorient,
    resample_labels,
    write_image,
    write_labels,
)
from SpineGTRefineLib.phantoms import canal_like, make_spine, spineps_like, totalspineseg_like
from SpineGTRefineLib.recipes.spine_from_outputs import refine_spine_folders
from SpineGTRefineLib.refine import SpineInputs, refine_spine


@cache
def phantom():
    return make_spine(5, spacing=3.0, width=48.0, rootlets=False, region="lumbar", axcodes="LAS")


@cache
def outputs():
    person = phantom()
    return spineps_like(person).vert, totalspineseg_like(person), canal_like(person)


def expected(policy="anatomical"):
    return refine_spine(SpineInputs(*outputs()), policy).labels.array


class Lab:
    """A folder with images and what three tools made of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images, self.spineps, self.canal = root / "bids", root / "spineps", root / "canal"
        self.totalspineseg = root / "tss"

    def add(self, subject="01", entities="", contrast="T2w", **replaced):
        person, (vert, labels, canal) = phantom(), outputs()
        stem = f"sub-{subject}{entities}"
        session = next((e for e in entities.split("_") if e.startswith("ses-")), "")
        image = self.images / f"sub-{subject}" / session / "anat" / f"{stem}_{contrast}.nii.gz"
        write_image(image, person.image)
        files = {
            "vert": (self.spineps / f"{stem}_mod-{contrast}_seg-vert_msk.nii.gz", vert),
            "totalspineseg": (self.totalspineseg / "step2_output" / f"{stem}_{contrast}.nii.gz", labels),
            "canal": (self.canal / f"{stem}_{contrast}_label-canal_seg.nii.gz", canal),
        }
        for name, (path, labels) in files.items():
            chosen = replaced.get(name, labels)
            path.parent.mkdir(parents=True, exist_ok=True)
            if chosen is not None:
                write_labels(path, chosen)
        return stem

    def refine(self, **options):
        options.setdefault("images", self.images)
        return refine_spine_folders(self.spineps, self.totalspineseg, self.canal, **options)

    def hashes(self):
        inputs = (self.images, self.spineps, self.canal, self.totalspineseg)
        files = [p for folder in inputs for p in folder.rglob("*") if p.is_file() and "derivatives" not in p.parts]
        return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def voxels(outcome):
    return np.asanyarray(nib.load(outcome.saved.path).dataobj)


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


def moved(labels, millimetres):
    affine = labels.geometry.affine.copy()
    affine[2, 3] += millimetres
    return LabelMap(labels.array, Geometry(labels.geometry.shape, affine), labels.scheme)


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


def test_what_is_odd_about_a_header_reaches_the_user_and_the_report(lab):
    lab.add()
    path = lab.images / "sub-01/anat/sub-01_T2w.nii.gz"
    image = nib.load(path)
    other = image.affine.copy()
    other[2, 3] += 5
    image.set_qform(other, code=1)
    path.write_bytes(gzip.compress(image.to_bytes()))
    (case,) = lab.refine().cases
    assert any("image:" in note and "qform" in note for note in case.notes)
    assert json.loads(case.report.read_text())["Notes"] == list(case.notes)


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


def test_masks_stored_in_another_axis_order_are_turned_not_resampled(lab):
    vert, _, canal = outputs()
    lab.add(vert=reorient(vert, "PIR"), canal=reorient(canal, "RAS"))
    (case,) = lab.refine().cases
    np.testing.assert_array_equal(voxels(case), expected())
    assert case.notes == ()


def test_a_mask_on_another_grid_is_resampled_and_the_report_says_so(lab):
    labels = outputs()[1]
    shape = tuple(2 * n for n in labels.geometry.shape)
    affine = labels.geometry.affine.copy()
    affine[:3, :3] /= 2
    finer = resample_labels(labels, Geometry(shape, affine))
    lab.add(totalspineseg=finer)
    (case,) = lab.refine().cases
    assert voxels(case).shape == labels.array.shape
    assert any("TotalSpineSeg: resampled" in note for note in case.notes)
    assert any("resampled" in note for note in json.loads(case.report.read_text())["Notes"])
    assert np.mean(voxels(case) == expected()) > 0.99


def test_rounding_of_a_position_is_accepted_and_told(lab):
    lab.add(totalspineseg=moved(outputs()[1], 0.01))
    (case,) = lab.refine().cases
    np.testing.assert_array_equal(voxels(case), expected())
    assert any("0.01 mm" in note for note in case.notes)


def test_a_mask_of_another_part_of_the_body_is_refused(lab):
    labels = outputs()[1]
    shape = (*labels.geometry.shape[:2], labels.geometry.shape[2] + 1)
    affine = labels.geometry.affine.copy()
    affine[2, 3] += 500
    lab.add(canal=LabelMap(np.ones(shape, np.uint8), Geometry(shape, affine), scheme("canal")))
    (case,) = lab.refine().cases
    assert "share only 0%" in case.error.cause


def test_without_images_the_totalspineseg_grid_is_used_and_the_sidecar_says_so(lab):
    lab.add()
    (case,) = lab.refine(images=None, output=lab.root / "out").cases
    assert case.error is None
    np.testing.assert_array_equal(voxels(case), expected())
    assert "No image was given" in case.saved.sidecar.read_text()
    with pytest.raises(UsageError, match="no place"):
        lab.refine(images=None)


def test_a_flat_folder_of_images_serves_as_well(lab):
    lab.add()
    flat = lab.root / "flat"
    flat.mkdir()
    (flat / "sub-01_T2w.nii.gz").write_bytes((lab.images / "sub-01/anat/sub-01_T2w.nii.gz").read_bytes())
    (case,) = lab.refine(images=flat, output=lab.root / "out").cases
    assert case.error is None
    np.testing.assert_array_equal(voxels(case), expected())


def test_an_image_that_the_dataset_lacks_is_named(lab):
    lab.add()
    lab.add("02")
    (lab.images / "sub-02/anat/sub-02_T2w.nii.gz").unlink()
    result = lab.refine()
    assert [case.succeeded for case in result.cases] == [True, False]
    assert "no image sub-02_T2w" in result.failed[0].error.cause


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
