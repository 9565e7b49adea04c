"""Saving a mask: exact, honest about what changed, and never at the cost of a file that was there."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from bids_world import GEOMETRY, SHAPE, add_image, make_labels, tree_state

from SpineGTRefineLib.bids import load_mask, mask_type, save_mask
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.errors import ChangedOnDiskError, DatasetError, GeometryError, LabelError, UsageError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_image, read_labels

CANAL = mask_type("canal")
SPINE = mask_type("spine")


def save(world, labels, kind=CANAL, **options):
    return save_mask(world.dataset, world.case, kind, labels, image=world.image, **options)


def sidecar(saved):
    return json.loads(saved.sidecar.read_text(encoding="utf-8"))


def edited(labels, voxels=3):
    array = labels.array.copy()
    array[0, 0, :voxels] = 1
    return labels.with_array(array)


def test_the_raw_dataset_and_other_derivatives_never_change(world):
    before = tree_state(world.root)
    save(world, make_labels("spine", fill=21), SPINE)
    save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected")
    assert tree_state(world.root) == before


def test_a_saved_mask_comes_back_voxel_for_voxel_on_the_images_grid(world):
    labels = make_labels("spine", fill=21)
    saved = save(world, labels, SPINE)
    assert saved.path == world.dataset.output / (
        "sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_space-T2w_seg-spine_desc-refined_dseg.nii.gz"
    )
    loaded = load_mask(world.dataset, world.case, SPINE)
    assert np.array_equal(loaded.array, labels.array)
    assert loaded.source.notes == ()
    mask, image = nibabel.load(saved.path), nibabel.load(world.case.image)
    assert np.array_equal(mask.affine, image.affine)
    assert mask.header["qform_code"] == image.header["qform_code"]


def test_the_labs_mask_is_what_is_loaded_until_a_refined_one_exists(world):
    first = load_mask(world.dataset, world.case, CANAL)
    assert first.source.path == world.lab_mask
    save(world, edited(first), rater="AB", status="corrected")
    assert load_mask(world.dataset, world.case, CANAL).source.path != world.lab_mask
    assert load_mask(world.dataset, world.case, SPINE) is None


def test_only_the_voxels_that_the_rater_edited_differ(world):
    before = load_mask(world.dataset, world.case, CANAL)
    after = edited(before, voxels=3)
    saved = save(world, after, rater="AB", status="corrected", seconds=42)
    (row,) = saved.difference.values
    assert (saved.difference.changed_voxels, row.added, row.removed) == (3, 3, 0)
    own = sidecar(saved)["SpineGTRefine"]
    assert own["Edited"] is True
    assert own["Seconds"] == 42
    assert own["Difference"]["ChangedVoxels"] == 3
    assert own["Difference"]["Against"].endswith("label-canal_seg.nii.gz")
    n = int((before.array > 0).sum())
    assert own["Difference"]["Labels"][0]["Dice"] == pytest.approx(2 * n / (2 * n + 3), abs=1e-6)


def test_the_chain_of_tools_and_raters_goes_on_where_the_labs_sidecar_ended(world):
    saved = save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected")
    chain = sidecar(saved)["GeneratedBy"]
    assert [entry["Name"] for entry in chain] == ["sct_deepseg sc_canal_t2", "Manual", "spine-gt-refine", "Manual"]
    assert chain[1]["Author"] == "Jane"
    assert chain[3]["Author"] == "AB"
    assert sidecar(saved)["Manual"] is True


def test_sources_are_bids_uris_with_hashes(world):
    labels = load_mask(world.dataset, world.case, CANAL)
    content = sidecar(save(world, edited(labels), rater="AB", status="corrected", sources=[world.lab_mask]))
    image_uri = "bids:raw:sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_T2w.nii.gz"
    assert content["SpatialReference"] == content["Sources"][0] == image_uri
    assert content["Sources"][1].startswith("bids:raw:derivatives/labels/")
    assert len(content["Sources"]) == 2
    hashes = content["SpineGTRefine"]["SourceHashes"]
    assert hashes[image_uri] == world.image.source.sha256
    assert hashes[content["Sources"][1]] == labels.source.sha256


def test_the_image_is_recorded_as_it_was_read_for_this_save_not_for_the_one_before(world):
    labels = load_mask(world.dataset, world.case, CANAL)
    save(world, edited(labels), rater="AB", status="corrected")
    newer = replace(world.image, source=replace(world.image.source, sha256="f" * 64))
    again = edited(load_mask(world.dataset, world.case, CANAL), voxels=4)
    arguments = {"image": newer, "rater": "AB", "status": "corrected"}
    content = sidecar(save_mask(world.dataset, world.case, CANAL, again, **arguments))
    assert content["SpineGTRefine"]["SourceHashes"][content["Sources"][0]] == "f" * 64


def test_looking_without_changing_is_recorded_as_accepted_never_as_manual(world):
    labels = load_mask(world.dataset, world.case, CANAL)
    saved = save(world, labels.with_array(labels.array.copy()), rater="AB", status="corrected")
    content = sidecar(saved)
    assert saved.status == content["SpineGTRefine"]["Status"] == "accepted-unchanged"
    assert content["Manual"] is False
    assert content["SpineGTRefine"]["Edited"] is False
    assert [entry.get("Author") for entry in content["GeneratedBy"] if entry["Name"] == "Manual"] == ["Jane"]


def test_accepting_with_changed_voxels_is_recorded_as_corrected(world):
    saved = save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="accepted-unchanged")
    assert saved.status == "corrected"


def test_saving_the_same_correction_twice_keeps_what_it_says_about_the_correction(world):
    labels = edited(load_mask(world.dataset, world.case, CANAL))
    first = save(world, labels, rater="AB", status="corrected", seconds=10)
    second = save(world, labels, rater="AB", status="corrected", seconds=5)
    assert second.sha256 == first.sha256
    own = sidecar(second)["SpineGTRefine"]
    assert (second.status, own["Edited"], own["Difference"]["ChangedVoxels"], own["Seconds"]) == (
        "corrected",
        True,
        3,
        15,
    )


def test_a_second_rater_who_changes_nothing_does_not_take_the_first_ones_credit(world):
    save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected")
    labels = load_mask(world.dataset, world.case, CANAL)
    content = sidecar(save(world, labels, rater="CD", status="corrected"))
    assert content["SpineGTRefine"]["Status"] == "accepted-unchanged"
    assert content["Manual"] is True
    assert {entry.get("Author") for entry in content["GeneratedBy"]} == {None, "Jane", "AB"}


def test_a_models_new_proposal_replaces_an_unseen_one(world):
    save(world, make_labels(stop=3), generated_by=[{"Name": "old model"}])
    saved = save(world, make_labels(stop=5), generated_by=[{"Name": "new model", "Version": "2"}])
    content = sidecar(saved)
    assert "desc-refined" in saved.path.name
    assert [entry["Name"] for entry in content["GeneratedBy"]] == ["new model", "spine-gt-refine"]
    assert content["Manual"] is False


@pytest.mark.parametrize("status", ["corrected", "flagged", "draft"])
def test_a_models_new_proposal_never_replaces_what_a_person_had_a_say_in(world, status):
    mine = edited(load_mask(world.dataset, world.case, CANAL))
    save(world, mine, rater="AB", status=status)
    saved = save(world, make_labels(stop=5))
    assert "desc-proposal" in saved.path.name
    assert np.array_equal(load_mask(world.dataset, world.case, CANAL).array, mine.array)


def test_a_proposal_waiting_beside_the_mask_is_not_loaded_as_the_mask(world):
    save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected")
    save(world, make_labels(stop=5))
    world.dataset.mask_path(world.case, CANAL).unlink()
    world.open()
    assert load_mask(world.dataset, world.case, CANAL).source.path == world.lab_mask


def test_a_mask_that_somebody_else_saved_meanwhile_is_not_replaced(world):
    mine = load_mask(world.dataset, world.case, CANAL)
    theirs = save(world, edited(mine, 2), rater="CD", status="corrected")
    with pytest.raises(ChangedOnDiskError, match="replaced by CD"):
        save(world, edited(mine, 5), rater="AB", status="corrected")
    assert read_pair_hash(world) == theirs.sha256
    reloaded = load_mask(world.dataset, world.case, CANAL)
    save(world, edited(reloaded, 5), rater="AB", status="corrected")


def test_a_rater_can_save_again_and_again_without_reloading(world):
    labels = load_mask(world.dataset, world.case, CANAL)
    for voxels in (1, 2, 3):
        save(world, edited(labels, voxels), rater="AB", status="corrected")
    assert int(load_mask(world.dataset, world.case, CANAL).array[0, 0].sum()) == 3


def test_a_mask_that_another_program_changed_is_loaded_with_a_note_and_not_replaced_blindly(world):
    saved = save(world, make_labels())
    mask = nibabel.load(saved.path)
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, np.uint8), mask.affine, mask.header), saved.path)
    loaded = load_mask(world.dataset, world.case, CANAL)
    assert any("another program" in note for note in loaded.source.notes)
    with pytest.raises(ChangedOnDiskError, match="another program"):
        save(world, make_labels(stop=5), rater="AB", status="corrected")
    save(world, edited(loaded), rater="AB", status="corrected")


@pytest.mark.parametrize(
    "grid",
    [
        Geometry(SHAPE, GEOMETRY.affine + np.array([[0] * 3 + [0.1]] + [[0] * 4] * 3)),
        Geometry(SHAPE, GEOMETRY.affine @ np.diag([-1, 1, 1, 1])),
        Geometry((6, 7, 9), GEOMETRY.affine),
    ],
    ids=["shifted", "mirrored", "larger"],
)
def test_a_mask_on_another_grid_is_refused_and_nothing_is_written(world, grid):
    labels = LabelMap(np.zeros(grid.shape, np.uint8), grid, CANAL.scheme)
    with pytest.raises(GeometryError, match="grid"):
        save(world, labels)
    assert not world.dataset.output.exists()


def test_values_outside_the_scheme_and_masks_of_another_scheme_are_refused(world):
    with pytest.raises(LabelError, match=r"\[7\]"):
        save(world, make_labels(fill=7))
    with pytest.raises(LabelError, match="scheme"):
        save(world, make_labels("cord"))
    assert not world.dataset.output.exists()


def test_the_image_of_another_case_is_refused(world):
    add_image(world.root / "sub-02/anat/sub-02_T2w.nii.gz", seed=1)
    world.image = read_image(world.root / "sub-02/anat/sub-02_T2w.nii.gz")
    with pytest.raises(UsageError, match="not the image of the case"):
        save(world, make_labels())


@pytest.mark.parametrize(
    ("option", "value"), [("status", "todo"), ("status", "done"), ("desc", "../x"), ("desc", "a b")]
)
def test_a_request_that_makes_no_sense_is_refused(world, option, value):
    with pytest.raises(UsageError):
        save(world, make_labels(), **{option: value})


def test_an_empty_mask_is_a_mask(world):
    save(world, make_labels(fill=0))
    assert load_mask(world.dataset, world.case, CANAL).values() == ()


def test_an_image_made_in_memory_can_be_saved_for(world):
    world.image = Image(world.image.array, GEOMETRY)
    saved = save(world, make_labels())
    assert np.allclose(nibabel.load(saved.path).affine, GEOMETRY.affine)


def test_the_labs_style_on_request(world):
    world.open(profile="neuropoly")
    saved = save(world, make_labels())
    assert saved.path.name == "sub-01_ses-M0_acq-sag_T2w_label-canal_seg.nii.gz"
    world.open(profile="bids")
    assert load_mask(world.dataset, world.case, CANAL).source.path == saved.path


def test_an_output_elsewhere_leaves_the_whole_dataset_untouched(world, tmp_path):
    before = tree_state(world.root, leave_out="nothing")
    world.open(output=tmp_path / "results")
    saved = save(world, make_labels())
    assert saved.path.is_relative_to(tmp_path / "results")
    assert tree_state(world.root, leave_out="nothing") == before


def test_a_link_inside_the_output_that_leads_to_raw_data_is_not_written_through(world):
    world.dataset.output.mkdir(parents=True)
    (world.dataset.output / "sub-01").symlink_to(world.root / "sub-01", target_is_directory=True)
    before = tree_state(world.root)
    with pytest.raises(DatasetError, match="link"):
        save(world, make_labels())
    assert tree_state(world.root) == before


def test_no_name_date_or_path_of_a_person_leaves_in_what_is_written(world, monkeypatch, tmp_path):
    monkeypatch.setattr("socket.gethostname", lambda: "janes-laptop")
    raw_sidecar = world.case.image.with_name("sub-01_ses-M0_acq-sag_T2w.json")
    raw_sidecar.write_text('{"PatientName": "CANARY^JANE", "AcquisitionDateTime": "2019-CANARY"}')
    header = world.image.source.header.copy()
    header["descrip"], header["aux_file"], header["intent_name"] = b"CANARY", b"CANARY", b"CANARY"
    world.image = replace(world.image, source=replace(world.image.source, header=header))
    outside = tmp_path / "CANARY-home" / "model.nii.gz"
    outside.parent.mkdir()
    outside.write_bytes(world.lab_mask.read_bytes())
    generators = [{"Name": "tool", "Command": "CANARY", "Version": "1", "Description": "run in /home/CANARY/x"}]
    world.lab_sidecar.write_text(json.dumps({"GeneratedBy": generators, "Station": "CANARY"}))
    labels = read_labels(world.lab_mask, CANAL.scheme)
    saved = save(world, edited(labels), rater="AB", status="corrected", generated_by=generators, sources=[outside])
    assert "CANARY" not in repr(nibabel.load(saved.path).header)
    for path in (path for path in world.dataset.output.rglob("*") if path.is_file()):
        written = f"{path} {path.read_bytes().decode('utf-8', 'replace')}"
        for secret in ("CANARY", "janes-laptop", f"{Path.home()}/", str(tmp_path) + "/CANARY"):
            assert secret not in written.replace(str(world.root), ""), path
    names = sidecar(saved)["SpineGTRefine"]["SourceHashes"]
    assert "model.nii.gz" in names


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"[1, 2]",
        b"\xff\xfe" + '{"GeneratedBy": [{"Name": "X"}]}'.encode("utf-16-le"),
        b'\xef\xbb\xbf{"GeneratedBy": [{"Name": "X"}]}',
        b'{"GeneratedBy": "text", "GeneratedBy": null}',
        b"[" * 100_000,
        b"\x00\xff" * 50,
    ],
    ids=["cut", "empty", "a list", "UTF-16", "BOM", "twice", "deep", "binary"],
)
def test_case_55_a_broken_sidecar_of_the_lab_never_stops_a_save_and_stays_as_it_is(world, content):
    world.lab_sidecar.write_bytes(content)
    save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected")
    assert world.lab_sidecar.read_bytes() == content


@pytest.mark.parametrize("content", [b"{", b'{"SpineGTRefine": 3}', b"\xff\xfe{\x00"])
def test_case_55_a_broken_sidecar_of_ours_is_kept_before_it_is_replaced(world, content):
    saved = save(world, make_labels())
    saved.sidecar.write_bytes(content)
    labels = load_mask(world.dataset, world.case, CANAL)
    assert labels.source.notes
    save(world, edited(labels), rater="AB", status="corrected")
    assert sidecar(saved)["Manual"] is True
    kept = [path.read_bytes() for path in world.dataset.output.rglob("*") if path.is_file()]
    assert content in kept


def test_the_output_describes_itself(world):
    save(world, make_labels("spine", fill=21), SPINE)
    description = json.loads((world.dataset.output / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["Name"] in world.dataset.output.name
    assert description["DatasetLinks"] == {"raw": "../.."}
    table = (world.dataset.output / "seg-spine_dseg.tsv").read_text().splitlines()
    assert table[0] == "index\tname\tcolor"
    assert len(table) == len(SPINE.scheme.entries) + 2
    assert all(len(row.split("\t")) == 3 and row.split("\t")[2].startswith("#") for row in table[1:])


def test_a_far_away_output_does_not_tell_the_way_to_the_dataset(world, tmp_path):
    world.open(output=tmp_path / "a" / "b" / "c" / "results")
    save(world, make_labels())
    assert "DatasetLinks" not in json.loads((world.dataset.output / "dataset_description.json").read_text())


def test_every_save_is_an_event(world):
    saved = save(world, edited(load_mask(world.dataset, world.case, CANAL)), rater="AB", status="corrected", seconds=7)
    (event,) = read_events(world.dataset.output)
    assert (event.case, event.mask_type, event.status, event.rater) == (world.case.key, "canal", "corrected", "AB")
    assert (event.sha256, event.seconds) == (saved.sha256, 7)


def read_pair_hash(world):
    return load_mask(world.dataset, world.case, CANAL).source.sha256
