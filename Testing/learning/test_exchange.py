"""nnU-Net and back: every voxel of every scheme returns, and nothing half-written is taken for a dataset."""

import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest
from version_world import GEOMETRY, SHAPE, VersionWorld

from SpineGTRefineLib.anatomy import scheme, scheme_names
from SpineGTRefineLib.bids import Dataset, load_mask, mask_types
from SpineGTRefineLib.errors import (
    CancelledError,
    ChangedOnDiskError,
    DatasetError,
    GeometryError,
    LabelError,
    MissingFileError,
    UsageError,
    WriteError,
)
from SpineGTRefineLib.imaging import Geometry, LabelMap, read_image, read_labels, write_labels
from SpineGTRefineLib.learning.exchange import (
    ExportRecord,
    ExportSettings,
    LabelNumbers,
    export_version,
    read_back,
    save_back,
)
from SpineGTRefineLib.learning.exchange import export as export_module
from SpineGTRefineLib.learning.exchange.partial import unverified
from SpineGTRefineLib.learning.versions import BuildSettings, Rules, build_version

SETTINGS = ExportSettings(777, "Test")
OBLIQUE = np.array([[0.6, 0.4, 2.0, 3], [-0.5, 0.7, -0.9, 4], [-0.55, -0.12, 2.2, -50], [0, 0, 0, 1]])


def build(world, **rules):
    return build_version(world.dataset, world.kind, BuildSettings(rules=Rules(**rules)))


def turned_geometry():
    """An oblique grid whose axes are permuted and flipped."""
    rotation, _ = np.linalg.qr(OBLIQUE[:3, :3])
    affine = np.eye(4)
    affine[:3, :3] = rotation[:, [2, 0, 1]] * (0.7, -1.3, 2.1)
    affine[:3, 3] = (11, -7, 5)
    return Geometry(SHAPE, affine)


@pytest.mark.parametrize("name", scheme_names())
def test_every_value_of_every_scheme_has_a_number_and_comes_back(name, tmp_path):
    values = scheme(name).values
    numbers = LabelNumbers.of(name, values)
    array = np.array([0, *values], np.uint16).reshape(-1, 1, 1)
    numbered = numbers.number(array)
    assert numbered.ravel().tolist() == list(range(len(values) + 1))
    path = tmp_path / "labels.nii.gz"
    write_labels(path, LabelMap(numbered, Geometry(array.shape, np.eye(4)), numbers.scheme))
    assert np.array_equal(numbers.value(read_labels(path, numbers.scheme).array), array)
    assert LabelNumbers.from_json(json.loads(json.dumps(numbers.as_json()))) == numbers


@pytest.mark.parametrize("kind", mask_types())
@pytest.mark.parametrize("orientation", ["RAS", "LPI"])
def test_masks_return_from_nnunet_voxel_by_voxel(kind, orientation, tmp_path):
    world = VersionWorld(tmp_path / "dataset", 3, kind)
    world.add_image("sub-09/anat/sub-09_T2w.nii.gz", 9, turned_geometry())
    world.save_all()
    version = build(world)
    folder = export_version(version, tmp_path / "raw", replace(SETTINGS, orientation=orientation))
    record = ExportRecord.read(folder)
    for case in record.cases:
        image = read_image(version.path_of(case.images[0]))
        before = read_labels(version.path_of(case.mask), world.kind.scheme)
        back = read_back(folder / case.folders[1] / f"{case.name}.nii.gz", record, image)
        assert np.array_equal(back.array, before.array)
        assert back.geometry.matches(before.geometry)
        written = read_image(folder / case.folders[0] / f"{case.name}_0000.nii.gz")
        assert written.geometry.axcodes == orientation


def test_predictions_are_saved_as_proposals_and_a_persons_mask_stays(world, tmp_path):
    version = build(world)
    folder = export_version(version, tmp_path / "raw", SETTINGS)
    before = {row.case: row.mask_sha256 for row in version.rows}
    results = save_back(world.dataset, ExportRecord.read(folder), folder / "labelsTr", model="mine")
    assert len(results) == 8
    assert not [result.error for result in results if result.error]
    version.verify()
    for result in results:
        assert "desc-proposal" in result.saved.path.name
        assert result.saved.sha256 == before[result.case]
        assert json.loads(result.saved.sidecar.read_text())["GeneratedBy"][0]["Name"] == "mine"


def test_masks_return_into_another_copy_of_the_dataset(world, tmp_path):
    version = build(world)
    folder = export_version(version, tmp_path / "raw", SETTINGS)
    copy = Dataset.open(world.root, tmp_path / "fresh")
    save_back(copy, ExportRecord.read(folder), folder / "labelsTs")
    for row in version.cases("test"):
        case = copy.case(row.case)
        assert np.array_equal(
            load_mask(copy, case, world.kind).array, read_labels(version.path_of(row.mask), world.kind.scheme).array
        )


def test_folds_and_labels_are_those_that_nnunet_reads(world, tmp_path):
    version = build(world)
    folder = export_version(version, tmp_path / "raw", SETTINGS)
    description = json.loads((folder / "dataset.json").read_text())
    assert description["labels"] == {"background": 0, "canal_whole": 1}
    assert description["numTraining"] == len(list((folder / "labelsTr").iterdir())) == 8
    assert description["channel_names"] == {"0": "T2w"}
    assert description["image_orientation"] == "LPI"  # the toolbox's name for RAS
    splits = json.loads((folder / "splits_final.json").read_text())
    assert [sorted(split["val"]) for split in splits] == [
        sorted(row.case for row in version.fold(number)[1]) for number in version.folds
    ]


def test_a_case_that_lacks_a_level_keeps_the_numbers_of_the_others(tmp_path):
    world = VersionWorld(tmp_path / "dataset", 4, "rootlets")
    world.save_all()
    few = np.zeros(SHAPE, np.uint8)
    few[2:4] = 9  # T1 alone
    world.save("sub-02_T2w", labels=LabelMap(few, GEOMETRY, world.kind.scheme))
    folder = export_version(build(world), tmp_path / "raw", SETTINGS)
    record = ExportRecord.read(folder)
    case = next(case for case in record.cases if case.case == "sub-02_T2w")
    written = read_labels(folder / case.folders[1] / "sub-02_T2w.nii.gz", record.numbers.scheme)
    assert written.values() == (record.numbers.by_name["rootlets_T1"],)
    assert record.numbers.by_name["rootlets_T1"] == 9


def test_channels_stand_beside_each_other_on_one_grid(world, tmp_path):
    for number in range(1, 11):
        world.add_image(f"sub-{number:02d}/anat/sub-{number:02d}_T1w.nii.gz", 50 + number)
    version = build(world)
    settings = replace(SETTINGS, channels=("T2w", "T1w"))
    folder = export_version(version, tmp_path / "raw", settings)
    assert json.loads((folder / "dataset.json").read_text())["channel_names"] == {"0": "T2w", "1": "T1w"}
    case = ExportRecord.read(folder).cases[0]
    for channel, contrast in enumerate(("T2w", "T1w")):
        image = read_image(world.root / f"sub-01/anat/sub-01_{contrast}.nii.gz")
        written = read_image(folder / case.folders[0] / f"{case.name}_{channel:04d}.nii.gz")
        assert sorted(written.array.ravel()) == sorted(image.array.ravel())
    world.add_image("sub-03/anat/sub-03_T1w.nii.gz", 53, turned_geometry())
    with pytest.raises(GeometryError, match="sub-03_T2w: sub-03_T1w"):
        export_version(version, tmp_path / "other", settings)
    (world.root / "sub-04/anat/sub-04_T1w.nii.gz").unlink()
    with pytest.raises(DatasetError, match="sub-04_T2w has no T1w image"):
        export_version(version, tmp_path / "other", settings)


def test_only_what_nobody_vouches_for_is_ignored(world, tmp_path):
    marks = {"Slices": [{"Axis": 2, "Indices": [1, 5]}]}
    world.save("sub-01_T2w", 5, status="flagged", reason="two slices are right", verified=marks)
    version = build(world, statuses=("corrected", "flagged"))
    folder = export_version(version, tmp_path / "raw", SETTINGS)
    record = ExportRecord.read(folder)
    assert json.loads((folder / "dataset.json").read_text())["labels"]["ignore"] == record.numbers.ignore == 2
    for case in record.cases:
        image = read_image(version.path_of(case.images[0]))
        path = folder / case.folders[1] / f"{case.name}.nii.gz"
        numbered = replace(record, numbers=LabelNumbers.of("canal", (1,)))
        if case.case != "sub-01_T2w":
            assert 2 not in read_labels(path, record.numbers.scheme).values()
            continue
        with pytest.raises(LabelError):
            read_back(path, numbered, image)
        before = read_labels(version.path_of(case.mask), world.kind.scheme).array
        back = read_back(path, record, image).array
        assert np.array_equal(back[..., [1, 5]], before[..., [1, 5]])
        assert not np.delete(back, [1, 5], axis=2).any()
        ignored = read_labels(path, record.numbers.scheme).mask(2).sum()
        assert ignored == 6 * before[..., 0].size


def test_verified_structures_count_outside_verified_slices_too():
    array = np.array([0, 11, 12, 0, 11, 12]).reshape(1, 2, 3)
    labels = LabelMap(array, Geometry(array.shape, np.eye(4)), scheme("spine"))
    slices = [{"Axis": 1, "Indices": [0]}]
    only_structures = unverified(labels, {"Structures": ["vertebra_C1"]})
    assert only_structures.ravel().tolist() == [False, False, True, False, False, True]
    both = unverified(labels, {"Structures": ["vertebra_C1"], "Slices": slices})
    assert both.ravel().tolist() == [False, False, False, True, False, True]


def test_an_export_that_was_stopped_has_no_name_and_goes_on(world, tmp_path, monkeypatch):
    version = build(world)
    raw = tmp_path / "raw"
    seen = []
    with pytest.raises(CancelledError):
        export_version(version, raw, SETTINGS, progress=lambda *step: seen.append(step), cancel=lambda: len(seen) == 4)
    assert not list(raw.glob("Dataset*"))
    written = []
    whole = export_module.write_labels
    monkeypatch.setattr(export_module, "write_labels", lambda path, labels: written.append(path) or whole(path, labels))
    folder = export_version(version, raw, SETTINGS)
    assert len(written) == 6
    assert [path.name for path in raw.iterdir()] == [folder.name]
    assert export_version(version, raw, SETTINGS) == folder
    assert len(written) == 6


def test_a_full_disk_leaves_nothing_that_looks_like_a_dataset(world, tmp_path, monkeypatch):
    calls = []

    def full(path, image):
        calls.append(path)
        if len(calls) == 3:
            raise WriteError(f"{path} could not be written: No space left on device.")
        return whole(path, image)

    whole = export_module.write_image
    monkeypatch.setattr(export_module, "write_image", full)
    with pytest.raises(WriteError):
        export_version(build(world), tmp_path / "raw", SETTINGS)
    assert not list((tmp_path / "raw").glob("Dataset*"))


def test_a_mask_that_changed_since_the_version_is_not_exported(world, tmp_path):
    version = build(world)
    world.save("sub-05_T2w", 55)
    with pytest.raises(ChangedOnDiskError, match="sub-05_space-T2w"):
        export_version(version, tmp_path / "raw", SETTINGS)


def test_what_is_left_of_another_export_is_not_mixed_in(world, tmp_path):
    version = build(world)
    seen = []
    with pytest.raises(CancelledError):
        export_version(
            version, tmp_path, replace(SETTINGS, orientation="LPI"), progress=lambda *step: seen.append(step),
            cancel=lambda: len(seen) == 4,
        )  # fmt: skip
    folder = export_version(version, tmp_path, SETTINGS)
    axes = {read_image(path).geometry.axcodes for path in folder.glob("images*/*")}
    assert axes == {"RAS"}


def test_two_datasets_never_share_a_number(world, tmp_path):
    version = build(world)
    export_version(version, tmp_path, SETTINGS)
    with pytest.raises(UsageError, match="has the number 777 already"):
        export_version(version, tmp_path, replace(SETTINGS, name="Other"))


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (1000, "A"), (5, "a_b"), (5, "")])
def test_names_that_nnunet_could_not_read_are_refused(number, name):
    with pytest.raises(UsageError):
        ExportSettings(number, name)


def test_a_foreign_label_map_or_folder_is_refused(world, tmp_path):
    version = build(world)
    folder = export_version(version, tmp_path / "raw", SETTINGS)
    record = ExportRecord.read(folder)
    foreign = tmp_path / "foreign"
    names = scheme("spine")
    case = record.cases[0]
    image = read_image(folder / case.folders[0] / f"{case.name}_0000.nii.gz")
    write_labels(
        foreign / f"{case.name}.nii.gz", LabelMap(np.full(image.array.shape, 41, np.uint8), image.geometry, names)
    )
    (result,) = save_back(world.dataset, record, foreign)
    assert "[41]" in result.error.cause
    with pytest.raises(MissingFileError):
        save_back(world.dataset, record, tmp_path)
    with pytest.raises(MissingFileError):
        ExportRecord.read(tmp_path)
    with pytest.raises(LabelError):
        LabelNumbers.of("spine", ())


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("nnunetv2") is None, reason="needs nnU-Net")
def test_nnunet_itself_takes_the_dataset_with_its_channels_and_its_ignore_label(world, tmp_path, capsys):
    from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity
    from nnunetv2.utilities.label_handling.label_handling import LabelManager

    for number in range(1, 11):
        world.add_image(f"sub-{number:02d}/anat/sub-{number:02d}_T1w.nii.gz", 50 + number)
    marks = {"Slices": [{"Axis": 2, "Indices": [1]}]}
    world.save("sub-01_T2w", 5, status="flagged", reason="one slice is right", verified=marks)
    version = build(world, statuses=("corrected", "flagged"))
    folder = export_version(version, tmp_path / "raw", replace(SETTINGS, channels=("T2w", "T1w")))
    verify_dataset_integrity(str(folder), 1)
    said = capsys.readouterr().out.lower().replace("any error messages", "")
    assert "done" in said
    assert "error" not in said
    assert "warning" not in said
    manager = LabelManager(json.loads((folder / "dataset.json").read_text())["labels"], None)
    assert (manager.ignore_label, manager.foreground_labels) == (2, [1])
