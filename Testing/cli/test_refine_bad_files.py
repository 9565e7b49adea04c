"""``refine STEP`` with files that are damaged, empty, or not what they are taken for: what happened, and what to do."""

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_labels, write_image, write_labels

L1 = 41


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """A folder with a good spine mask and canal, and others that are not good."""
    monkeypatch.chdir(tmp_path)
    spine, canal = np.zeros((9, 9, 14), np.uint8), np.zeros((9, 9, 14), np.uint8)
    spine[1:8, 1:8, 2:13], canal[3:5, 3:5] = L1, 1
    good = label_map(spine, "spine")
    write_labels(tmp_path / "spine.nii.gz", good)
    write_labels(tmp_path / "canal.nii.gz", label_map(canal, "canal"))
    write_labels(tmp_path / "empty.nii.gz", label_map(np.zeros_like(canal), "canal"))
    noise = np.random.default_rng(1).integers(0, 900, spine.shape)
    write_image(tmp_path / "image.nii.gz", Image(noise.astype(np.int16), good.geometry))
    affine = good.geometry.affine.copy()
    affine[0, 3] += 20
    moved = Geometry(spine.shape, affine)
    write_labels(tmp_path / "moved_canal.nii.gz", LabelMap(canal, moved, scheme("canal")))
    write_labels(tmp_path / "short_canal.nii.gz", label_map(canal[:, :, :5], "canal"))
    whole = (tmp_path / "spine.nii.gz").read_bytes()
    (tmp_path / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    return tmp_path


@pytest.mark.parametrize("file", ["image", "spine"])
def test_a_file_that_is_no_canal_takes_nothing_away(program, files, file):
    outcome = program("refine", "subtract-canal", "spine.nii.gz", "--canal", f"{file}.nii.gz")
    assert outcome.code == 14
    assert f"{file}.nii.gz: The values [" in outcome.err
    assert "scheme 'canal'" in " ".join(outcome.err.split())
    assert not list(files.glob("*_subtract-canal*"))


def test_an_image_that_is_taken_for_a_mask_is_named_and_its_thousand_values_are_not(program):
    outcome = program("refine", "largest-component", "image.nii.gz")
    assert outcome.code == 14
    said = " ".join(outcome.err.split())
    assert "image.nii.gz: The values [3, 5, 6, 7, 10, 18, 19, 20, 34, 35 and" in said
    assert "may also be those of an image" in said
    assert len(said) < 400
    assert program("refine", "decompose", "image.nii.gz", "--output", "parts").code == 14
    assert program("refine", "compose", "--canal", "image.nii.gz", "--output", "all.nii.gz").code == 14


def test_grids_that_look_alike_are_told_apart_by_their_distance(program):
    shifted = program("refine", "subtract-canal", "spine.nii.gz", "--canal", "moved_canal.nii.gz")
    assert shifted.code == 13
    assert "up to 20 mm apart" in " ".join(shifted.err.split())
    shorter = program("refine", "subtract-canal", "spine.nii.gz", "--canal", "short_canal.nii.gz")
    assert shorter.code == 13
    assert "9x9x5 voxels" in shorter.err
    assert "against 9x9x14 voxels" in " ".join(shorter.err.split())
    checked = program("check", "spine.nii.gz", "--canal", "moved_canal.nii.gz")
    assert "but up to 20 mm apart" in " ".join(checked.err.split())


def test_an_empty_mask_is_said_to_be_empty(program):
    whole = program("refine", "fill-holes", "empty.nii.gz", "--json").json["masks"][0]
    assert whole["remarks"] == ["The mask is empty."]
    beside = program("refine", "subtract-canal", "spine.nii.gz", "--canal", "empty.nii.gz", "--json").json["masks"][0]
    assert (beside["changed_voxels"], beside["remarks"]) == (0, ["The canal is empty."])
    apart = program("refine", "decompose", "empty.nii.gz", "--output", "parts")
    assert apart.code == 14
    assert "nothing to take apart" in apart.err


def test_a_damaged_file_fails_alone_and_by_name(program, files):
    outcome = program("refine", "fill-holes", "cut.nii.gz", "spine.nii.gz", "--output", "out", "--json")
    assert outcome.code == 3
    assert [mask["mask"] for mask in outcome.json["masks"]] == ["spine.nii.gz"]
    assert "cut.nii.gz: The compressed data end too early" in outcome.json["failed"][0]["cause"]


def test_two_masks_of_one_name_never_replace_each_other(program, files):
    for folder in ("a", "b"):
        (files / folder).mkdir()
        (files / folder / "spine.nii.gz").write_bytes((files / "spine.nii.gz").read_bytes())
    words = ["a/spine.nii.gz", "b/spine.nii.gz", "--output", "out", "--overwrite"]
    outcome = program("refine", "fill-holes", *words)
    assert outcome.code == 2
    assert "2 of the masks would be saved as one file, spine_fill-holes.nii.gz" in " ".join(outcome.err.split())
    assert not (files / "out").exists()


def test_a_structure_by_half_its_name_is_understood_enough_to_help(program):
    outcome = program("refine", "shift-levels", "spine.nii.gz", "--from", "L1", "--by", "1")
    assert "vertebra_L1" in outcome.err
    only = program("refine", "expand", "spine.nii.gz", "--mm", "1", "--only", "vertebra_l1")
    assert "Did you mean vertebra_L1?" in " ".join(only.err.split())
    swapped = program(
        "refine", "swap-levels", "spine.nii.gz", "--one", "vertebra_L1", "--other", "vertebra_C1", "--json"
    )
    assert swapped.json["masks"][0]["remarks"] == ["There was no C1 vertebra."]
    assert read_labels(swapped.json["masks"][0]["output"], scheme("spine")).values() == (11,)
