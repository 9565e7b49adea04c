"""What was replaced can be listed and brought back."""

import json

import numpy as np
import pytest
from bids_world import make_labels

from SpineGTRefineLib.bids import history, load_mask, locks, mask_type, save_mask
from SpineGTRefineLib.bids.events import current_status, read_events
from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.errors import CorruptFileError, LockedError, UsageError

CANAL = mask_type("canal")


def save(world, stop, rater="AB", status="corrected"):
    return save_mask(
        world.dataset, world.case, CANAL, make_labels(stop=stop), image=world.image, rater=rater, status=status
    )


def listed(world):
    return history.versions(world.dataset.output, world.case.key, "canal")


def test_a_new_mask_has_no_history(world):
    save(world, 3)
    assert listed(world) == ()


def test_every_replaced_mask_is_listed_oldest_first_with_who_replaced_it(world):
    saved = [save(world, stop) for stop in (3, 4, 5)]
    assert [version.sha256 for version in listed(world)] == [saved[0].sha256, saved[1].sha256]
    assert {version.replaced_by for version in listed(world)} == {"AB"}
    assert history.versions(world.dataset.output, world.case.key, "spine") == ()


def test_restoring_brings_back_voxels_and_provenance_and_keeps_what_it_replaces(world):
    first, second = save(world, 3), save(world, 5)
    path = history.restore(world.dataset, world.case, CANAL, first.sha256[:8], rater="CD")
    assert path == first.path
    loaded = load_mask(world.dataset, world.case, CANAL)
    assert np.array_equal(loaded.array, make_labels(stop=3).array)
    own = json.loads(first.sidecar.read_text())["SpineGTRefine"]
    assert (own["SHA256"], own["Rater"], own["Restored"]["Rater"]) == (first.sha256, "AB", "CD")
    assert listed(world)[-1].sha256 == second.sha256
    assert current_status(read_events(world.dataset.output))[world.case.key, "canal"].sha256 == first.sha256
    history.restore(world.dataset, world.case, CANAL, second.sha256)
    assert read_pair(first.path).sha256 == second.sha256


def test_nothing_is_restored_under_the_hands_of_another_rater(world):
    first, second = save(world, 3), save(world, 5)
    locks.acquire(world.dataset.output, world.case.key, "canal", "AB")
    with pytest.raises(LockedError, match="AB"):
        history.restore(world.dataset, world.case, CANAL, first.sha256, rater="CD")
    assert read_pair(second.path).sha256 == second.sha256
    history.restore(world.dataset, world.case, CANAL, first.sha256, rater="AB")
    assert read_pair(second.path).sha256 == first.sha256


def test_a_restored_proposal_is_flagged_because_nobody_stands_for_it(world):
    proposal = save(world, 3, rater="", status="proposed")
    save(world, 4)
    history.restore(world.dataset, world.case, CANAL, proposal.sha256, rater="CD")
    assert read_pair(proposal.path).own["Status"] == "flagged"


def test_an_unknown_or_ambiguous_hash_changes_nothing(world):
    save(world, 3)
    last = save(world, 4)
    for text in ("", "ffff-not-a-hash", "../../x"):
        with pytest.raises(UsageError):
            history.restore(world.dataset, world.case, CANAL, text)
    assert read_pair(last.path).sha256 == last.sha256


def test_a_damaged_version_is_refused_and_the_present_mask_stays(world):
    first, last = save(world, 3), save(world, 4)
    stored = next(world.dataset.output.rglob(first.sha256))
    stored.write_bytes(b"damaged")
    with pytest.raises(CorruptFileError):
        history.restore(world.dataset, world.case, CANAL, first.sha256)
    assert read_pair(last.path).sha256 == last.sha256


def test_a_damaged_entry_does_not_hide_the_others(world):
    first = save(world, 3)
    save(world, 4)
    folder = next(path for path in world.dataset.output.rglob("cases") if path.is_dir()) / world.case.key
    (folder / "0000.json").write_text("{")
    (folder / "0001.json").write_text('{"something": "else"}')
    assert [version.sha256 for version in listed(world)] == [first.sha256]


@pytest.mark.parametrize("place", ["bids:raw:sub-01/anat/x.nii.gz", "bids::../../x.nii.gz", "/etc/x", "bids:raw:../x"])
def test_a_forged_entry_cannot_make_restore_write_elsewhere(world, place):
    first = save(world, 3)
    save(world, 4)
    entry = next((world.dataset.output / ".spine-gt-refine/history/cases" / world.case.key).iterdir())
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "place": place}))
    before = sorted(path for path in world.root.rglob("*") if "spine-gt-refine" not in path.parts)
    with pytest.raises(Exception, match=r"place|outside"):
        history.restore(world.dataset, world.case, CANAL, first.sha256)
    assert sorted(path for path in world.root.rglob("*") if "spine-gt-refine" not in path.parts) == before


def test_the_same_content_is_stored_once(world):
    for stop in (3, 4, 3, 4, 3):
        save(world, stop)
    objects = world.dataset.output / ".spine-gt-refine" / "history" / "objects"
    masks = [path for path in objects.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"\x1f\x8b"]
    assert len(masks) == 2
    assert len(listed(world)) == 4
