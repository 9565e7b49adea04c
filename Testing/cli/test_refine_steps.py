"""``refine STEP FILE``: one step on any masks; the masks themselves stay as they are."""

from pathlib import Path

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import read_labels, write_labels

L1, L2, DISC = 41, 42, 92


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder; masks lie elsewhere."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def saved(path, array, name="spine"):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_labels(path, label_map(array, name))
    return path


@pytest.fixture
def spine():
    """L1 with a hole and a speck, L2 below it."""
    array = np.zeros((9, 9, 14), np.uint8)
    array[1:8, 1:8, 8:13], array[1:8, 1:8, 2:7] = L1, L2
    array[4, 4, 10] = 0
    array[0, 0, 0] = L1
    return array


@pytest.fixture
def mask(tmp_path, spine):
    return saved(tmp_path / "in" / "sub-01_T2w_label-spine_dseg.nii.gz", spine)


def test_a_step_writes_a_new_file_here_and_leaves_the_mask_alone(program, here, mask):
    before = sha256_of_file(mask)
    outcome = program("refine", "fill-holes", mask, "--json")
    assert outcome.code == 0, outcome.err
    (result,) = outcome.json["masks"]
    assert result["output"] == "sub-01_T2w_label-spine_dseg_fill-holes.nii.gz"
    assert result["changed_voxels"] == 1
    assert read_labels(here / result["output"], scheme("spine")).array[4, 4, 10] == L1
    assert sha256_of_file(mask) == before
    assert [path.name for path in mask.parent.iterdir()] == [mask.name]


def test_what_exists_is_replaced_only_if_asked_for(program, here, mask):
    before = sha256_of_file(mask)
    refused = program("refine", "fill-holes", mask, "--output", mask)
    assert refused.code == 2
    assert "is the mask itself" in refused.err
    assert sha256_of_file(mask) == before
    assert program("refine", "fill-holes", mask, "--output", mask, "--overwrite").code == 0
    assert sha256_of_file(mask) != before


def test_many_masks_go_into_a_folder_and_a_damaged_one_stops_nobody(program, here, mask, tmp_path, spine):
    second = saved(tmp_path / "in" / "other.nii.gz", spine)
    broken = tmp_path / "in" / "broken.nii.gz"
    broken.write_bytes(mask.read_bytes()[:60])
    outcome = program("refine", "largest-component", mask, broken, second, "--output", "clean", "--json")
    assert outcome.code == 3
    assert [Path(result["mask"]).name for result in outcome.json["masks"]] == [mask.name, "other.nii.gz"]
    assert [failure["class"] for failure in outcome.json["failed"]] == ["CorruptFileError"]
    assert sorted(path.name for path in (here / "clean").iterdir()) == [
        "other_largest-component.nii.gz",
        "sub-01_T2w_label-spine_dseg_largest-component.nii.gz",
    ]


def test_many_masks_do_not_fit_into_one_file(program, here, mask):
    outcome = program("refine", "fill-holes", mask, mask, "--output", "one.nii.gz")
    assert outcome.code == 2
    assert not list(here.iterdir())


def test_the_name_of_a_mask_says_its_scheme_and_an_unknown_structure_is_explained(program, here, tmp_path):
    canal = np.zeros((7, 7, 3), np.uint8)
    canal[1:6, 1:6] = 1
    canal[3, 3] = 0
    file = saved(tmp_path / "in" / "sub-01_T2w_label-canal_seg.nii.gz", canal, "canal")
    assert program("refine", "fill-canal", file, "--output", "full.nii.gz").code == 0
    assert read_labels(here / "full.nii.gz", scheme("canal")).array[3, 3].all()
    outcome = program("refine", "expand", file, "--mm", "1", "--only", "vertebra_L1")
    assert outcome.code == 14
    assert "vertebra_L1" in outcome.err


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["largest-component", "--connectivity", "6"], 1),
        (["remove-small", "--minimum-mm3", "3"], 1),
        (["expand", "--mm", "1", "--only", "vertebra_L2"], 4 * 35 + 2 * 49),
        (["shrink", "--mm", "1", "--only", "vertebra_L2"], 245 - 75),
        (["smooth", "--sigma-mm", "0.6"], None),
        (["shift-levels", "--from", "vertebra_L1", "--by", "1"], None),
        (["swap-levels", "--one", "vertebra_L1", "--other", "vertebra_L2"], None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_step_on_one_mask(program, here, mask, words, changed):
    outcome = program("refine", words[0], mask, *words[1:], "--json")
    assert outcome.code == 0, outcome.err
    (result,) = outcome.json["masks"]
    assert result["changed_voxels"] > 0
    assert changed is None or result["changed_voxels"] == changed


def test_steps_with_a_second_mask(program, here, tmp_path, mask, spine):
    canal = np.zeros(spine.shape, np.uint8)
    canal[3:5, 3:5] = 1
    canal_file = saved(tmp_path / "in" / "canal.nii.gz", canal, "canal")
    assert program("refine", "subtract-canal", mask, "--canal", canal_file, "--output", "cut.nii.gz").code == 0
    assert not read_labels(here / "cut.nii.gz", scheme("spine")).array[3:5, 3:5].any()

    cord = np.zeros(spine.shape, np.uint8)
    cord[3:6, 3] = 1
    cord_file = saved(tmp_path / "in" / "cord.nii.gz", cord, "cord")
    inside = program("refine", "cord-inside-canal", cord_file, "--canal", canal_file, "--output", "inside.nii.gz")
    assert inside.code == 0, inside.err
    assert not read_labels(here / "inside.nii.gz", scheme("cord")).array[5].any()

    shapes = saved(tmp_path / "in" / "shapes.nii.gz", np.where(spine == L1, 2, 0), "spineps_vert_ordinal")
    words = ["--names", mask, "--scheme", "spineps_vert_ordinal", "--output", "named.nii.gz"]
    assert program("refine", "transfer-labels", shapes, *words).code == 0
    np.testing.assert_array_equal(read_labels(here / "named.nii.gz", scheme("spine")).array == L1, spine == L1)


def test_spinal_levels_and_what_is_odd_about_them(program, here, tmp_path):
    cord, rootlets = np.zeros((7, 7, 40), np.uint8), np.zeros((7, 7, 40), np.uint8)
    cord[2:5, 2:5] = 1
    rootlets[1, 3, 30:35], rootlets[1, 3, 10:15] = 5, 7
    cord_file = saved(tmp_path / "in" / "cord.nii.gz", cord, "cord")
    file = saved(tmp_path / "in" / "rootlets.nii.gz", rootlets, "rootlets")
    outcome = program("refine", "spinal-levels", file, "--cord", cord_file, "--output", "levels.nii.gz", "--json")
    assert outcome.code == 0, outcome.err
    assert ["C6" in remark for remark in outcome.json["masks"][0]["remarks"]] == [True]
    assert read_labels(here / "levels.nii.gz", scheme("spinal_levels")).values() == (5, 7)
    words = ["--scheme", "rootlets", "--structure", "spinal_level_C5", "--landmarks", "levels.nii.gz"]
    words += ["--landmarks-scheme", "spinal_levels", "--output", "upper.nii.gz"]
    assert program("refine", "zero-below", file, *words).code == 0
    assert read_labels(here / "upper.nii.gz", scheme("rootlets")).values() == (5,)


def test_composing_and_taking_apart(program, here, tmp_path, mask):
    sacrum = np.zeros((9, 9, 14), np.uint8)
    sacrum[2:5, 2:5, 0:2] = 1
    sacrum_file = saved(tmp_path / "in" / "sacrum.nii.gz", sacrum, "sacrum")
    words = ["compose", "--spine", mask, "--sacrum", sacrum_file, "--output", "all.nii.gz"]
    assert program("refine", *words).code == 0
    assert read_labels(here / "all.nii.gz", scheme("totalspineseg")).values() == (L1, L2, 50)
    assert program("refine", *words).code == 2
    assert program("refine", "decompose", "all.nii.gz", "--output", "parts", "--json").json["parts"].keys() == {
        "spine",
        "sacrum",
    }
    assert read_labels(here / "parts" / "sacrum.nii.gz", scheme("sacrum")).counts() == {1: 18}


def test_the_one_map_of_every_case_is_brought_up_to_date(program, dataset, save):
    save("sub-01_T2w")
    first = program("refine", "recompose", dataset, "--json")
    assert first.code == 0, first.err
    assert [one["case"] for one in first.json["composed"]] == ["sub-01_T2w", "sub-02_T2w"]
    assert program("refine", "recompose", dataset, "--json").json["up_to_date"] == 2
    save("sub-01_T2w", without="vertebra_L3")
    plan = program("refine", "recompose", dataset, "--dry-run", "--json").json
    assert [one["case"] for one in plan["wanted"]] == ["sub-01_T2w"]
    assert plan["composed"] == []
    again = program("refine", "recompose", dataset, "--only-stale")
    assert "changed since" in " ".join(again.out.split())
    assert "Composed now: 1." in again.out
    assert program("refine", "recompose", dataset, "--json").json["up_to_date"] == 2
