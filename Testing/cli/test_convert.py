"""``convert``: numbers change, meaning stays, and what a scheme cannot express is never lost silently."""

import gzip

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import Geometry, LabelMap, read_labels, write_labels

USUAL = ("vertebra_T12", "disc_T12-L1", "vertebra_L1", "sacrum")


def mask_file(path, *keys, scheme_name="spine"):
    """A mask with one voxel of each structure along i."""
    numbers = scheme(scheme_name)
    array = np.array([numbers.value_of(key) for key in keys], dtype=np.uint8).reshape(-1, 1, 1)
    write_labels(path, LabelMap(array, Geometry(array.shape, np.eye(4)), numbers))
    return path


def structures_in(path, scheme_name):
    labels = read_labels(path, scheme(scheme_name))
    return [labels.scheme[int(value)].structure.key for value in labels.array.ravel()]


def test_the_same_structures_under_other_numbers(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", *USUAL)
    outcome = program("convert", mask, "--from", "spine", "--to", "totalspineseg", "--output", tmp_path / "new.nii.gz")
    assert outcome.code == 0, outcome.err
    assert structures_in(tmp_path / "new.nii.gz", "totalspineseg") == list(USUAL)


def test_the_mask_itself_is_never_changed(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", *USUAL)
    before = sha256_of_file(mask)
    outcome = program(
        "convert", mask, "--from", "spine", "--to", "canal", "--output", mask, "--overwrite", "--allow-loss"
    )
    assert outcome.code == 2
    assert sha256_of_file(mask) == before


def test_without_output_nothing_is_written_and_the_report_still_comes(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", "vertebra_T13", "vertebra_L1")
    outcome = program("convert", mask, "--from", "spine", "--to", "totalspineseg", "--json")
    assert outcome.code == 0
    assert outcome.json["dropped"] == {"vertebra_T13": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["mask.nii.gz"]


def test_a_loss_is_refused_and_names_what_would_be_lost(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", "vertebra_T13", "vertebra_L1")
    new = tmp_path / "new.nii.gz"
    outcome = program("convert", mask, "--from", "spine", "--to", "totalspineseg", "--output", new)
    assert outcome.code == 14
    assert "vertebra_T13" in outcome.out
    assert "--allow-loss" in outcome.error_lines[-1]
    assert not new.exists()


def test_a_loss_is_saved_when_asked_for(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", "vertebra_T13", "vertebra_L1")
    new = tmp_path / "new.nii.gz"
    outcome = program(
        "convert", mask, "--from", "spine", "--to", "totalspineseg", "--output", new, "--allow-loss", "--json"
    )
    assert outcome.code == 0
    assert outcome.json["output"] == str(new)
    assert outcome.json["sha256"] == sha256_of_file(new)
    assert sorted(read_labels(new, scheme("totalspineseg")).values()) == [41]


def test_an_existing_file_is_replaced_only_on_request(program, tmp_path):
    mask, new = mask_file(tmp_path / "mask.nii.gz", *USUAL), mask_file(tmp_path / "new.nii.gz", "sacrum")
    before = sha256_of_file(new)
    arguments = ("convert", mask, "--from", "spine", "--to", "totalspineseg", "--output", new)
    assert program(*arguments).code == 2
    assert sha256_of_file(new) == before
    assert program(*arguments, "--overwrite").code == 0
    assert sha256_of_file(new) != before


def test_an_unknown_scheme_names_those_that_exist(program, tmp_path):
    mask = mask_file(tmp_path / "mask.nii.gz", *USUAL)
    outcome = program("convert", mask, "--from", "spine", "--to", "no-such-scheme")
    assert outcome.code == 2
    assert "totalspineseg" in outcome.error_lines[-1]


def test_a_missing_mask(program, tmp_path):
    assert program("convert", tmp_path / "none.nii.gz", "--from", "spine", "--to", "canal").code == 15


def test_a_folder_instead_of_a_mask(program, tmp_path):
    assert program("convert", tmp_path, "--from", "spine", "--to", "canal").code == 2


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_damaged_mask_is_refused(program, tmp_path, kept):
    mask = mask_file(tmp_path / "mask.nii.gz", *USUAL)
    data = mask.read_bytes()
    mask.write_bytes(data[: int(len(data) * kept)])
    outcome = program("convert", mask, "--from", "spine", "--to", "canal")
    assert outcome.code == 11
    assert len(outcome.error_lines) == 2


def test_a_file_that_is_no_image(program, tmp_path):
    (tmp_path / "mask.nii.gz").write_bytes(gzip.compress(b"not an image" * 100))
    outcome = program("convert", tmp_path / "mask.nii.gz", "--from", "spine", "--to", "canal", "--json")
    assert outcome.code in (11, 12)
    assert outcome.json["error"]["remedy"]


def test_the_schemes_are_listed(program):
    outcome = program("convert", "--list", "--json")
    assert {"spine", "totalspineseg", "spineps_vert"} <= {scheme["name"] for scheme in outcome.json["schemes"]}
    assert "spineps_vert" in program("convert", "--list").out


def test_called_without_schemes_it_shows_an_example(program, tmp_path):
    outcome = program("convert", mask_file(tmp_path / "mask.nii.gz", *USUAL))
    assert outcome.code == 2
    assert "--from" in outcome.error_lines[-1]
