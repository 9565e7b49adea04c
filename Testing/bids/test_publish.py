"""Publishing writes accepted masks to the lab's folder: on request only, as planned only, keeping what it replaces."""

import json
import os

import numpy as np
import pytest
from bids_world import make_labels, tree_state

from SpineGTRefineLib.bids import history, load_mask, locks, mask_type, save_mask
from SpineGTRefineLib.bids.events import Event, record
from SpineGTRefineLib.bids.publish import publish
from SpineGTRefineLib.errors import ChangedOnDiskError, DatasetError, UsageError
from SpineGTRefineLib.imaging import read_labels

CANAL = mask_type("canal")


def correct(world, stop=5, status="corrected", kind="canal", **options):
    labels = make_labels(kind, stop=stop)
    return save_mask(
        world.dataset, world.case, mask_type(kind), labels, image=world.image, rater="AB", status=status, **options
    )


def actions(plan):
    return [(item.mask_type.name, item.action) for item in plan.items]


def as_annex_link(path, store):
    """Turn a file into what git-annex makes of it: a link to a read-only object."""
    store.mkdir(parents=True, exist_ok=True)
    key = store / f"MD5E-{path.name}"
    path.rename(key)
    key.chmod(0o444)
    path.symlink_to(os.path.relpath(key, path.parent))
    return key


def test_without_a_request_nothing_is_written(world):
    correct(world)
    before = tree_state(world.root)
    plan = publish(world.dataset)
    assert actions(plan) == [("canal", "replace")]
    assert not plan.done
    assert tree_state(world.root) == before


def test_only_masks_that_a_person_stands_for_are_published(world):
    save_mask(world.dataset, world.case, CANAL, make_labels(stop=5), image=world.image)
    plan = publish(world.dataset, dry_run=False)
    assert actions(plan) == [("canal", "skip")]
    assert "proposed" in plan.items[0].reason
    assert np.array_equal(read_labels(world.lab_mask, CANAL.scheme).array, make_labels().array)


@pytest.mark.parametrize("status", ["flagged", "excluded", "todo"])
def test_a_mask_that_was_put_aside_after_its_correction_is_not_published(world, status):
    correct(world)
    record(world.dataset.output, Event(world.case.key, "canal", status, "AB", reason="artefact"))
    expected = "replace" if status == "todo" else "skip"
    assert actions(publish(world.dataset)) == [("canal", expected)]


def test_the_published_mask_has_the_labs_name_the_voxels_and_the_whole_chain(world):
    saved = correct(world)
    correct(world, kind="sacrum")
    publish(world.dataset, dry_run=False, rater="AB")
    assert world.lab_mask.read_bytes() == saved.path.read_bytes()
    assert world.lab_mask.with_name("sub-01_ses-M0_acq-sag_T2w_label-sacrum_seg.nii.gz").is_file()
    content = json.loads(world.lab_sidecar.read_text())
    names = [(entry["Name"], entry.get("Author")) for entry in content["GeneratedBy"]]
    assert names[:2] == [("sct_deepseg sc_canal_t2", None), ("Manual", "Jane")]
    assert names[-1] == ("Manual", "AB")
    assert content["SpatialReference"] == "orig"


def test_raw_data_and_all_other_files_stay_as_they_are(world):
    correct(world)
    before = tree_state(world.root)
    publish(world.dataset, dry_run=False)
    after = tree_state(world.root)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    labels = world.lab_mask.relative_to(world.root).as_posix()
    assert changed == {labels, labels.replace(".nii.gz", ".json")}


def test_publishing_again_finds_nothing_to_do(world):
    correct(world)
    publish(world.dataset, dry_run=False)
    assert actions(publish(world.dataset, dry_run=False)) == [("canal", "same")]


def test_what_is_replaced_goes_to_the_history_and_comes_back_from_it(world):
    mask, sidecar = world.lab_mask.read_bytes(), world.lab_sidecar.read_bytes()
    correct(world)
    publish(world.dataset, dry_run=False)
    version = history.versions(world.dataset.output, world.case.key)[-1]
    assert version.reason == "publish"
    history.restore(world.dataset, world.case, CANAL, version.sha256)
    assert (world.lab_mask.read_bytes(), world.lab_sidecar.read_bytes()) == (mask, sidecar)


def test_an_annex_link_is_replaced_and_the_annexed_content_stays_whole(world):
    objects = world.root / ".git" / "annex" / "objects"
    key, sidecar_key = as_annex_link(world.lab_mask, objects), as_annex_link(world.lab_sidecar, objects)
    before = key.read_bytes(), sidecar_key.read_bytes()
    saved = correct(world)
    publish(world.dataset, dry_run=False)
    assert not world.lab_mask.is_symlink()
    assert world.lab_mask.read_bytes() == saved.path.read_bytes()
    assert (key.read_bytes(), sidecar_key.read_bytes()) == before


def test_a_mask_whose_content_is_not_fetched_is_left_alone_because_it_could_not_be_kept(world):
    key = as_annex_link(world.lab_mask, world.root / ".git" / "annex" / "objects")
    correct(world)
    key.unlink()
    plan = publish(world.dataset, dry_run=False)
    assert actions(plan) == [("canal", "skip")]
    assert "datalad get" in plan.items[0].reason
    assert world.lab_mask.is_symlink()


def test_so_is_one_of_which_git_annex_left_a_pointer(world):
    correct(world)
    world.lab_mask.write_bytes(pointer := b"/annex/objects/MD5E-s123--0123456789abcdef.nii.gz\n")
    plan = publish(world.dataset, dry_run=False)
    assert actions(plan) == [("canal", "skip")]
    assert "datalad get" in plan.items[0].reason
    assert world.lab_mask.read_bytes() == pointer


@pytest.mark.parametrize("changed", ["lab mask", "lab sidecar", "lab mask gone", "refined mask"])
def test_a_plan_is_refused_as_a_whole_when_a_file_changed_since_it_was_made(world, changed):
    correct(world, kind="spine")  # comes first in the plan and must not be written either
    saved = correct(world)
    plan = publish(world.dataset)
    victim = {"lab sidecar": world.lab_sidecar, "refined mask": saved.path}.get(changed, world.lab_mask)
    if changed.endswith("gone"):
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes() + b" ")
    before = tree_state(world.root)
    with pytest.raises(ChangedOnDiskError):
        publish(world.dataset, plan=plan, dry_run=False)
    assert tree_state(world.root) == before


def test_a_mask_changed_by_another_program_after_its_acceptance_is_not_published(world):
    saved = correct(world)
    saved.path.write_bytes(world.lab_mask.read_bytes())
    assert actions(publish(world.dataset)) == [("canal", "skip")]


def test_a_mask_that_somebody_works_on_is_not_published(world):
    correct(world)
    with locks.acquire(world.dataset.output, world.case.key, "canal", "CD"):
        plan = publish(world.dataset)
    assert actions(plan) == [("canal", "skip")]
    assert "CD" in plan.items[0].reason


def test_the_plan_can_be_restricted_to_cases_and_mask_types(world):
    correct(world)
    correct(world, kind="sacrum")
    assert actions(publish(world.dataset, mask_types=["sacrum"])) == [("sacrum", "add")]
    assert actions(publish(world.dataset, cases=["sub-99_T2w"])) == []


@pytest.mark.parametrize(
    "to", [".", "derivatives", "sub-01", "../elsewhere", "derivatives/../sub-01", "derivatives/spine-gt-refine/x"]
)
def test_masks_are_published_below_derivatives_only(world, to):
    correct(world)
    with pytest.raises(UsageError, match="cannot be published"):
        publish(world.dataset, to)


def test_another_folder_below_derivatives_is_possible(world):
    correct(world)
    publish(world.dataset, "derivatives/labels_v2", dry_run=False)
    assert list((world.root / "derivatives" / "labels_v2").rglob("*_label-canal_seg.nii.gz"))


def test_a_labels_folder_that_is_a_link_out_of_the_dataset_is_not_written_through(world, tmp_path):
    outside = tmp_path / "outside"
    (world.root / "derivatives" / "labels").rename(outside)
    (world.root / "derivatives" / "labels").symlink_to(outside, target_is_directory=True)
    correct(world)
    before = tree_state(outside)
    with pytest.raises(DatasetError, match="link"):
        publish(world.dataset, dry_run=False)
    assert tree_state(outside) == before


def test_a_broken_sidecar_of_the_lab_is_kept_beside_the_new_one(world):
    world.lab_sidecar.write_bytes(b'{"GeneratedBy": [')
    correct(world)
    publish(world.dataset, dry_run=False)
    assert world.lab_sidecar.with_name(f".{world.lab_sidecar.name}.bak").read_bytes() == b'{"GeneratedBy": ['
    assert json.loads(world.lab_sidecar.read_text())["GeneratedBy"]


def test_an_old_flat_sidecar_is_wrapped_as_manual_correction_does_it(world):
    world.lab_sidecar.write_text('{"Author": "Jane", "Label": "canal"}')
    correct(world)
    publish(world.dataset, dry_run=False)
    assert json.loads(world.lab_sidecar.read_text())["GeneratedBy"][0] == {"Author": "Jane", "Label": "canal"}


def test_a_mask_loaded_after_publication_is_still_the_refined_one(world):
    saved = correct(world)
    publish(world.dataset, dry_run=False)
    world.open()
    assert load_mask(world.dataset, world.case, CANAL).source.path == saved.path
