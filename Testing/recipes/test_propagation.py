"""A mask carried to the other images of its session: from which one, as what, and that nothing is overwritten."""

import json

import pytest

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.errors import MissingFileError, UsageError
from SpineGTRefineLib.imaging import write_image, write_labels
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.recipes import carrier
from SpineGTRefineLib.recipes.carrier import Carrier
from SpineGTRefineLib.recipes.carrying import carry
from SpineGTRefineLib.recipes.propagation import propagate, ways

SPINE = mask_type("spine")


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
