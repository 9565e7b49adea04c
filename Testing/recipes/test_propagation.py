"""Masks carried from image to image: where they land, what is said about it, and that nothing is overwritten."""

import json
from dataclasses import replace

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.cli.report.registration import write_registration_picture
from SpineGTRefineLib.errors import (
    GeometryError,
    InputError,
    LabelError,
    MissingFileError,
    PartialFailureError,
    UsageError,
)
from SpineGTRefineLib.imaging import Geometry, LabelMap, read_image, resample_labels, write_image, write_labels
from SpineGTRefineLib.imaging.registration import Registration
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes import carrier, carrying
from SpineGTRefineLib.recipes.carrier import Carrier
from SpineGTRefineLib.recipes.carrying import carry
from SpineGTRefineLib.recipes.propagation import propagate, ways
from SpineGTRefineLib.recipes.sacrum_from_ct import sacrum_from_ct, sacrum_of

SPINE, SACRUM = mask_type("spine"), mask_type("sacrum")


@pytest.fixture(scope="module")
def person():
    """One person, seen three times without moving."""
    scans = {
        "T2w": {"spacing": 4.0},
        "T1w": {"spacing": (5.0, 3.5, 3.5), "contrast": "T1w", "scan": 1},
        "CT": {"spacing": (3.5, 3.5, 4.0), "contrast": "CT", "scan": 2, "width": 80},
    }
    return {name: make_spine(4, region="lumbar", rootlets=False, **settings) for name, settings in scans.items()}


@pytest.fixture
def session(tmp_path, person):
    """A dataset with the three images, and a spine mask of the T2w."""
    anat = tmp_path / "data" / "sub-01" / "anat"
    anat.mkdir(parents=True)
    for contrast, phantom in person.items():
        write_image(anat / f"sub-01_{contrast}.nii.gz", phantom.image)
    labels = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    labels.mkdir(parents=True)
    write_labels(labels / "sub-01_T2w_label-spine_dseg.nii.gz", person["T2w"].spine)
    return tmp_path / "data"


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def test_the_spine_reaches_the_other_images_of_the_session_as_a_proposal(session, person):
    dataset = Dataset.open(session)
    chosen = ways(dataset, SPINE, "T2w", ["T1w"])
    outcome = propagate(Carrier(dataset, "header"), SPINE, chosen)
    saved = outcome.cases[0].saved
    assert [case.key for case in outcome.cases] == ["sub-01_T1w"]
    assert saved.status == "proposed"
    mask = load_mask(dataset.reopened(), dataset.case("sub-01_T1w"), SPINE)
    assert dice(mask.array > 0, person["T1w"].spine.array > 0) > 0.8
    record = json.loads(saved.sidecar.read_text())
    assert any(entry.get("Record", {}).get("Method") == "header" for entry in record["GeneratedBy"])


def test_a_mask_that_is_there_stays_and_gets_the_other_one_beside_it(session):
    dataset = Dataset.open(session)
    first = propagate(Carrier(dataset, "header"), SPINE, ways(dataset, SPINE, "T2w", ["T1w"])).cases[0].saved
    before = first.path.read_bytes()
    assert ways(dataset.reopened(), SPINE, "T2w", ()) == ways(dataset, SPINE, "T2w", ["CT"])
    again = propagate(Carrier(dataset, "header"), SPINE, ways(dataset, SPINE, "T2w", ["T1w"])).cases[0].saved
    assert first.path.read_bytes() == before
    assert "desc-proposal" in again.path.name


def test_a_contrast_without_a_mask_is_a_clear_error(session):
    with pytest.raises(MissingFileError, match="No T2star image of this dataset has a spine mask"):
        ways(Dataset.open(session), SPINE, "T2star")
    with pytest.raises(MissingFileError, match="session with a T2w spine mask is a T1ww"):
        ways(Dataset.open(session), SPINE, "T2w", ["T1ww"])


@pytest.fixture
def two_sources(session, person):
    """The session's T2w was measured twice more, and both have a spine mask."""
    labels = session / "derivatives" / "labels" / "sub-01" / "anat"
    for name in ("acq-ax", "acq-sag"):
        write_image(session / "sub-01" / "anat" / f"sub-01_{name}_T2w.nii.gz", person["T2w"].image)
        write_labels(labels / f"sub-01_{name}_T2w_label-spine_dseg.nii.gz", person["T2w"].spine)
    (labels / "sub-01_T2w_label-spine_dseg.nii.gz").unlink()
    return Dataset.open(session)


def test_where_several_masks_could_be_meant_the_user_is_asked_and_the_names_are_told(two_sources):
    outcome = propagate(Carrier(two_sources, "header"), SPINE, ways(two_sources, SPINE, "T2w", ["T1w"]))
    (error,) = [case.error for case in outcome.failed]
    assert "for sub-01_T1w: sub-01_acq-ax_T2w, sub-01_acq-sag_T2w" in error.cause
    assert "(--from acq-ax_T2w), or with all of it (--from sub-01_acq-ax_T2w)" in error.remedy
    assert not two_sources.output.exists()


def test_a_defect_of_our_own_is_one_failed_image_and_the_others_are_saved(session, monkeypatch):
    def breaks_once(labels, source, target, method, **options):
        monkeypatch.setattr(carrier, "carry", carry)
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(carrier, "carry", breaks_once)
    dataset = Dataset.open(session)
    outcome = propagate(Carrier(dataset, "header"), SPINE, ways(dataset, SPINE, "T2w"))
    assert [case.succeeded for case in outcome.cases] == [False, True]
    assert "It failed unexpectedly: ZeroDivisionError: surprise" in outcome.failed[0].error.cause


def test_the_answer_names_one_of_them_and_the_sidecar_tells_which(two_sources):
    (way,) = ways(two_sources, SPINE, "acq-sag_T2w", ["t1w"])
    (case,) = propagate(Carrier(two_sources, "header"), SPINE, [way]).cases
    assert "From sub-01_acq-sag_T2w: by header" in case.saved.sidecar.read_text()
    others = ways(two_sources.reopened(), SPINE, "acq-sag_T2w")
    assert [way.target.key for way in others] == ["sub-01_CT", "sub-01_T2w"]
    (plain,) = ways(two_sources.reopened(), SPINE, "sub-01_T1w", ["sub-01_T2w"])
    assert plain.target.key == "sub-01_T2w"


def test_a_name_that_no_image_can_have_and_an_unknown_method_are_refused_at_once(session):
    dataset = Dataset.open(session)
    with pytest.raises(UsageError, match="'T2 w' can be the name of no image"):
        ways(dataset, SPINE, "T2 w")
    with pytest.raises(UsageError, match="no method 'elastic'") as caught:
        Carrier(dataset, "elastic")
    assert "auto, header, rigid, affine" in caught.value.remedy


@pytest.mark.slow
def test_a_movement_is_found_and_told(person):
    truth = np.eye(4)
    truth[:3, 3] = (6.0, -5.0, 8.0)
    ct = person["CT"].image
    geometry = type(ct.geometry)(ct.geometry.shape, truth @ ct.geometry.affine)
    carried = carry(
        replace(person["CT"].sacrum, geometry=geometry), replace(ct, geometry=geometry), person["T2w"].image
    )
    assert carried.registration.method == "rigid"
    assert carried.shift_mm == pytest.approx(np.linalg.norm((6, -5, 8)), abs=1.0)
    assert dice(carried.labels.array > 0, person["T2w"].sacrum.array > 0) > 0.8


def contradicting(path, image):
    """Write an image whose qform is right and whose sform lies 30 mm away, as some converters leave it."""
    import nibabel

    file = nibabel.Nifti1Image(image.array, image.geometry.affine)
    file.set_qform(image.geometry.affine, 1)
    away = image.geometry.affine.copy()
    away[2, 3] += 30.0
    file.set_sform(away, 1)
    nibabel.save(file, path)
    return read_image(path)


def test_a_header_that_contradicts_itself_is_shown_and_not_guessed(tmp_path, person):
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    mask = LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum"))
    with pytest.raises(GeometryError, match=r"image it was drawn on contradicts itself: qform .* 30 mm"):
        carry(mask, ct, person["T2w"].image, "header")


def test_where_no_registration_helps_either_such_a_header_is_not_believed(tmp_path, person, monkeypatch):
    found = Registration("rigid", np.eye(4), similarity=1.1, similarity_by_header=1.2, inconsistency_mm=25.0)
    monkeypatch.setattr(carrying, "register", lambda *images, **options: found)
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    mask = LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum"))
    with pytest.raises(GeometryError, match=r"contradicts itself.*there and back ends 25\.0 mm"):
        carry(mask, ct, person["T2w"].image)
    by_header = carry(person["CT"].sacrum, person["CT"].image, person["T2w"].image)
    assert by_header.registration.method == "header"
    (doubt,) = (note for note in by_header.notes if "not to be trusted" in note)
    assert "look less alike than by their headers (similarity 1.100 after 1.200). The headers are used." in doubt


def test_where_the_registration_fails_the_headers_are_used_and_it_is_said(person, monkeypatch):
    def fails(*images, **options):
        raise InputError("The two images could not be registered: they share too little.")

    monkeypatch.setattr(carrying, "register", fails)
    carried = carry(person["CT"].sacrum, person["CT"].image, person["T2w"].image)
    assert carried.registration.method == "header"
    assert any("registration failed" in note and "The headers are used." in note for note in carried.notes)


def test_a_mask_on_a_grid_of_its_own_is_not_related_to_such_an_image(tmp_path, person):
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    finer = Geometry(tuple(2 * n for n in ct.geometry.shape), ct.geometry.affine @ np.diag([0.5, 0.5, 0.5, 1]))
    mask = resample_labels(LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum")), finer)
    with pytest.raises(GeometryError, match="only headers relate the two"):
        carry(mask, ct, person["T2w"].image, "rigid")


def test_an_empty_mask_is_not_carried(person):
    empty = person["CT"].sacrum.with_array(np.zeros_like(person["CT"].sacrum.array))
    with pytest.raises(InputError, match="mask is empty"):
        carry(empty, person["CT"].image, person["T2w"].image, "header")


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
