"""Preparation: what is cut out keeps its place in space, comes back exactly, and no file is touched."""

from dataclasses import replace

import numpy as np
import pytest
from bids_world import tree_state
from version_world import GEOMETRY, SHAPE, VersionWorld

from SpineGTRefineLib.bids import Dataset, load_mask
from SpineGTRefineLib.errors import InputError, MissingFileError, UsageError
from SpineGTRefineLib.imaging import Box, Geometry, LabelMap, read_image, read_labels, reorient
from SpineGTRefineLib.learning.exchange import ExportRecord, ExportSettings, export_version, read_back, save_back
from SpineGTRefineLib.learning.preparation import Preparation, boxes_of, prepared_labels, read_ends
from SpineGTRefineLib.learning.versions import build_version
from SpineGTRefineLib.recipes import cord_crop
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.straighten import CordWindow

SETTINGS = ExportSettings(778, "Prepared", orientation="LPI")
HEAD_FOOT = 1  # voxel axis of the test grid that runs from head to foot


@pytest.fixture
def mouse(tmp_path):
    """Three volumes with gray and white matter, labeled in slices 1, 2 and 5 only."""
    world = VersionWorld(tmp_path / "dataset", 3, "gmwm")
    for number, case in enumerate(world.dataset.cases()):
        array = np.zeros(SHAPE, np.uint8)
        array[2:4, [1, 2, 5], 2:6] = 1 + (np.arange(4) + number) % 2
        world.save(case.key, labels=LabelMap(array, GEOMETRY, world.kind.scheme))
    return world


def export(world, tmp_path, preparation):
    version = build_version(world.dataset, world.kind)
    folder = export_version(version, tmp_path / "raw", replace(SETTINGS, preparation=preparation))
    return version, folder, ExportRecord.read(folder)


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation("slices"),
        Preparation("mask", margin_mm=1.0),
        Preparation(ends={"sub-01_T2w": (1, 5), "sub-02_T2w": (0, 6)}),
        Preparation("mask", margin_mm=100.0, ends={"sub-01_T2w": (1, 5)}),
    ],
    ids=["slices", "mask", "ends", "both"],
)
def test_every_label_returns_to_its_voxel_and_no_file_is_touched(mouse, tmp_path, preparation):
    before = tree_state(mouse.root, leave_out=".spine-gt-refine")
    version, folder, record = export(mouse, tmp_path, preparation)
    fresh = Dataset.open(mouse.root, tmp_path / "fresh")
    results = [*save_back(fresh, record, folder / "labelsTr"), *save_back(fresh, record, folder / "labelsTs")]
    assert not [result.error for result in results if result.error]
    assert len(results) == 3
    for row in version.rows:
        back = load_mask(fresh, fresh.case(row.case), mouse.kind)
        original = read_labels(version.path_of(row.mask), mouse.kind.scheme)
        assert np.array_equal(back.array, original.array)
        assert back.geometry.matches(original.geometry)
    assert tree_state(mouse.root, leave_out=".spine-gt-refine") == before


def test_a_slice_knows_where_in_the_volume_it_lies(mouse, tmp_path):
    version, folder, record = export(mouse, tmp_path, Preparation("slices"))
    assert len(record.cases) == 9
    image = read_image(version.path_of(version.rows[0].image))
    for case, depth in zip(record.cases[:3], (1, 2, 5), strict=True):
        part = read_image(folder / case.folders[0] / f"{case.name}_0000.nii.gz")
        assert sorted(part.geometry.shape) == [1, 6, 8]
        corner = image.geometry.to_index(part.geometry.affine[:3, 3])
        assert corner[HEAD_FOOT] == pytest.approx(depth, abs=1e-4)
        start, stop = case.box
        assert np.array_equal(np.sort(part.array, None), np.sort(image.array[Box(start, stop).slices], None))


def test_slices_of_one_case_stay_on_one_side(mouse, tmp_path):
    _, _, record = export(mouse, tmp_path, Preparation("slices"))
    for key in {case.case for case in record.cases}:
        assert len({(case.split, case.fold) for case in record.cases if case.case == key}) == 1


def test_the_record_says_what_was_cut(mouse, tmp_path):
    chosen = Preparation("mask", margin_mm=2.0, ends={"sub-02_T2w": (1, 4)})
    _, _, record = export(mouse, tmp_path, chosen)
    assert record.preparation == chosen
    box = next(case.box for case in record.cases if case.case == "sub-02_T2w")
    assert (box[0][HEAD_FOOT], box[1][HEAD_FOOT]) == (1, 5)


def test_a_box_keeps_the_margin_in_millimeters(mouse):
    array = np.zeros(SHAPE, np.uint8)
    array[3, 3, 4] = 1
    labels = LabelMap(array, GEOMETRY, mouse.kind.scheme)
    (box,) = boxes_of(labels, Preparation("mask", margin_mm=1.6), "a")
    assert box == Box((1, 1, 3), (6, 6, 6))  # 0.8 mm in plane, 3 mm across


def test_the_box_around_the_cord_is_the_one_that_is_predicted_in(tmp_path):
    world = VersionWorld(tmp_path / "dataset", 0, "cord")
    grid = Geometry((24, 24, 12), np.diag([1, 1, 2, 1.0]))
    for number in range(3):
        world.add_image(f"sub-{number}/anat/sub-{number}_T2w.nii.gz", number, grid)
        array = np.zeros(grid.shape, np.uint8)
        array[9:14, 10 + number : 14 + number, 2:10] = 1
        world.save(f"sub-{number}_T2w", labels=LabelMap(array, grid, world.kind.scheme))
    preparation = Preparation("cord", across_mm=5, along_mm=2)
    version, folder, record = export(world, tmp_path, preparation)
    for exported in record.cases:
        image = read_image(version.path_of(exported.images[0]))
        mask = read_labels(version.path_of(exported.mask), world.kind.scheme)
        box = cord_crop.box_around(image.geometry, cord_crop.centerline_of(mask), across_mm=5, along_mm=2)
        written = read_image(folder / exported.folders[0] / f"{exported.name}_0000.nii.gz")
        seen = reorient(cord_crop.cut_image(image, box), "LPI")
        assert np.allclose(written.array, seen.array, atol=1e-3)
        path = folder / exported.folders[1] / f"{exported.name}.nii.gz"
        back = read_back(path, record, image, exported)
        assert np.array_equal(back.array, mask.array)  # 0.5 mm voxels hold every voxel of 1 x 1 x 2 mm
        assert back.geometry.matches(image.geometry)


OBLIQUE_LEFT_HANDED = Geometry(
    (24, 30, 16), np.array([[-0.9848, 0.1736, 0, 9], [0.1736, 0.9848, 0, -7], [0, 0, 2.0, 50], [0, 0, 0, 1]])
)


def test_a_straightened_cord_is_what_the_recipe_cuts_and_returns_as_the_box_around_it_does(tmp_path):
    assert OBLIQUE_LEFT_HANDED.is_left_handed
    world = VersionWorld(tmp_path / "dataset", 0, "cord")
    for number, grid in enumerate([Geometry((24, 30, 16), np.diag([1, 1, 2, 1.0])), *[OBLIQUE_LEFT_HANDED] * 2]):
        world.add_image(f"sub-{number}/anat/sub-{number}_T2w.nii.gz", number, grid)
        array = np.zeros(grid.shape, np.uint8)
        for depth in range(3, 13):  # a slope of 14 mm
            array[6 + depth // 2 : 11 + depth // 2, 5 + depth : 10 + depth, depth] = 1
        world.save(f"sub-{number}_T2w", labels=LabelMap(array, grid, world.kind.scheme))
    backs = {}
    for parts in ("cord", "straight"):
        version, folder, record = export(world, tmp_path / parts, Preparation(parts, across_mm=6, along_mm=4))
        assert [case.outside for case in record.cases] == [0, 0, 0]
        fresh = Dataset.open(world.root, tmp_path / parts / "fresh")
        results = [*save_back(fresh, record, folder / "labelsTr"), *save_back(fresh, record, folder / "labelsTs")]
        assert [result.error for result in results] == [None] * 3
        backs[parts] = [load_mask(fresh, fresh.case(row.case), world.kind) for row in version.rows]
    for boxed, straight in zip(backs["cord"], backs["straight"], strict=True):
        assert boxed.array.any()
        assert np.array_equal(straight.array, boxed.array)
        assert straight.geometry.matches(boxed.geometry)
    for exported in record.cases:
        image = read_image(version.path_of(exported.images[0]))
        course = cord_crop.centerline_of(read_labels(version.path_of(exported.mask), world.kind.scheme))
        box = cord_crop.box_around(image.geometry, course, across_mm=6, along_mm=4)
        seen = CordWindow.following(course, box, 6).straighten(cord_crop.cut_image(image, box))
        assert seen.geometry.shape[:2] == (24, 24)
        written = read_image(folder / exported.folders[0] / f"{exported.name}_0000.nii.gz")
        assert np.allclose(written.array, reorient(seen, "LPI").array, atol=1e-3)


def test_training_labels_can_be_thickened_and_end_below_a_structure(tmp_path):
    world = VersionWorld(tmp_path / "dataset", 3, "rootlets")
    array = np.zeros(SHAPE, np.uint8)
    array[3, 5, 4], array[3, 3, 4], array[3, 1, 4] = 5, 6, 7
    labels = LabelMap(array, GEOMETRY, world.kind.scheme)
    assert prepared_labels(labels, Preparation(zero_below="rootlets_C6")).values() == (5, 6)
    thick = prepared_labels(labels, Preparation(dilate_mm=0.8))
    assert thick.counts() == {5: 5, 6: 4, 7: 4}  # the voxel halfway between two levels goes to the upper one
    assert prepared_labels(labels, Preparation(zero_below="rootlets_T1")).values() == (5, 6, 7)


@pytest.mark.parametrize("ends", [(-1, 3), (0, 7), (4, 2)])
def test_ends_outside_of_a_volume_are_refused(mouse, tmp_path, ends):
    with pytest.raises(UsageError, match="sub-01_T2w: slices"):
        export(mouse, tmp_path, Preparation(ends={"sub-01_T2w": ends}))
    assert not list((tmp_path / "raw").glob("Dataset*"))


def test_a_case_without_a_labeled_slice_among_those_kept_is_named(mouse, tmp_path):
    with pytest.raises(UsageError, match="sub-01_T2w: no slice that is kept holds a label"):
        export(mouse, tmp_path, Preparation("slices", ends={"sub-01_T2w": (3, 4)}))


def test_the_table_of_ends_is_read_and_checked(tmp_path):
    path = tmp_path / "ends.tsv"
    path.write_text("case\tfirst\tlast\nsub-01_T1w\t20\t480\n")
    assert read_ends(path) == {"sub-01_T1w": (20, 480)}
    for text in ("a\t1\n", "a\tx\t2\n", "a\t1\t2\na\t1\t2\n"):
        path.write_text("case\tfirst\tlast\n" + text)
        with pytest.raises(InputError, match=r"ends\.tsv, line"):
            read_ends(path)
    with pytest.raises(MissingFileError):
        read_ends(tmp_path / "none.tsv")


@pytest.mark.parametrize("wrong", [{"parts": "half"}, {"slice_axis": "X"}])
def test_unknown_words_are_refused(wrong):
    with pytest.raises(UsageError):
        Preparation(**wrong)


def test_the_box_around_the_cord_reaches_as_far_as_the_recipes():
    settings = recipe("lumbosacral").settings
    chosen = Preparation("straight")
    for name in ("across_mm", "along_mm", "voxel_mm"):
        assert getattr(chosen, name) == settings[name]
