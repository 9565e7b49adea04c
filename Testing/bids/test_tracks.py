"""Raters who share one mask, and raters who each have their own."""

import numpy as np
import pytest
from bids_world import make_labels

from SpineGTRefineLib.bids import Remarks, load_mask, locks, mask_type, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.bids.tracks import Track, is_released, rater_desc, release, review_mode, set_review_mode
from SpineGTRefineLib.errors import LockedError, UsageError
from SpineGTRefineLib.imaging import read_labels

CANAL = mask_type("canal")


def save(world, labels, **options):
    return save_mask(world.dataset, world.case, CANAL, labels, image=world.image, **options)


def test_raters_share_one_mask_unless_the_dataset_says_otherwise(tmp_path):
    assert review_mode(tmp_path) == "single"
    set_review_mode(tmp_path, "independent")
    assert review_mode(tmp_path) == "independent"
    with pytest.raises(UsageError, match="review mode"):
        set_review_mode(tmp_path, "double")


def test_a_damaged_setting_counts_as_none(tmp_path):
    set_review_mode(tmp_path, "independent")
    next(tmp_path.rglob("review.json")).write_text("{")
    assert review_mode(tmp_path) == "single"


@pytest.mark.parametrize("rater", ["A B", "Zoé", "refined", "proposal", "../x", "-"])
def test_any_name_gives_a_valid_and_distinct_file_name(rater):
    desc = rater_desc(rater)
    assert desc.isascii()
    assert desc.isalnum()
    assert desc not in ("refined", "proposal", "AB", "Zo", "x", "")
    assert rater_desc("AB") == "AB"


def test_a_rater_without_a_name_cannot_work_alone():
    with pytest.raises(UsageError, match="name"):
        Track(" ", "independent").desc  # noqa: B018


def test_each_rater_has_a_mask_and_a_lease_of_their_own(world):
    for rater, stop in (("AB", 5), ("CD", 6)):
        track = Track(rater, "independent")
        with locks.acquire(world.dataset.output, world.case.key, "canal", rater, track=track.lock):
            save(world, make_labels(stop=stop), rater=rater, status="corrected", desc=track.desc)
    held = locks.acquire(world.dataset.output, world.case.key, "canal", "AB", track="AB")
    with pytest.raises(LockedError, match="AB"):
        save(world, make_labels(), rater="EF", status="corrected", desc="AB")
    held.release()
    for rater, stop in (("AB", 5), ("CD", 6)):
        labels = read_labels(world.dataset.mask_path(world.case, CANAL, rater), CANAL.scheme)
        assert np.array_equal(labels.array, make_labels(stop=stop).array)
    assert np.array_equal(load_mask(world.dataset, world.case, CANAL).array, make_labels().array), "still the lab's"


def test_masks_are_released_once_and_for_this_mask_only(tmp_path):
    assert not is_released(tmp_path, "sub-01_T2w", "spine")
    release(tmp_path, "sub-01_T2w", "spine", "AB")
    release(tmp_path, "sub-01_T2w", "spine", "CD")
    assert is_released(tmp_path, "sub-01_T2w", "spine")
    assert not is_released(tmp_path, "sub-01_T2w", "canal")
    assert '"AB"' in next(tmp_path.rglob("sub-01_T2w__spine.json")).read_text()


def test_a_model_that_ends_while_a_rater_holds_the_mask_leaves_its_proposal_beside_it(world):
    with locks.acquire(world.dataset.output, world.case.key, "canal", "AB"):
        saved = save(world, make_labels(stop=6))
    assert "desc-proposal" in saved.path.name
    assert "desc-refined" in save(world, make_labels(stop=6)).path.name


def test_an_unedited_lab_mask_is_compared_with_itself_and_not_with_a_proposal_at_its_place(world):
    save(world, make_labels(stop=6), generated_by=[{"Name": "some model"}])
    lab = read_labels(world.lab_mask, CANAL.scheme)
    saved = save(world, lab, rater="AB", status="corrected")
    assert (saved.status, saved.difference.changed_voxels) == ("accepted-unchanged", 0)
    assert "some model" not in saved.sidecar.read_text()
    assert "sct_deepseg" in saved.sidecar.read_text()


def test_a_rater_who_flagged_their_edits_and_then_accepts_them_has_corrected_the_mask(world):
    save(world, make_labels(stop=5), rater="AB", status="flagged")
    read = load_mask(world.dataset, world.case, CANAL)
    assert save(world, read, rater="CD", status="corrected").status == "accepted-unchanged"
    read = load_mask(world.dataset, world.case, CANAL)
    save(world, read.with_array(make_labels(stop=6).array), rater="AB", status="flagged")
    assert save(world, make_labels(stop=6), rater="AB", status="corrected").status == "corrected"


def test_remarks_reach_sidecar_and_event_and_free_text_only_the_event(world):
    remarks = Remarks("J. Doe moved", "blurred", 3, {"Structures": ["canal_whole"]})
    saved = save(world, make_labels(stop=6), rater="AB", status="flagged", remarks=remarks)
    own = read_pair(saved.path).own
    assert (own["Grade"], own["Verified"]) == (3, {"Structures": ["canal_whole"]})
    event = read_events(world.dataset.output)[-1]
    assert (event.note, event.reason, event.grade) == ("J. Doe moved", "blurred", 3)
    assert "Doe" not in saved.sidecar.read_text()
    assert "blurred" not in saved.sidecar.read_text()
