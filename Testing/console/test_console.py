"""The library in a Python console: a few names, paths instead of objects, and answers that can be read."""

import functools
import subprocess
import sys

import numpy as np
import pytest
from scripted_models import Models, Threshold

from SpineGTRefineLib import open_dataset, read_mask, refine, run_recipe, write_mask
from SpineGTRefineLib.cli.refine import app as refine_commands
from SpineGTRefineLib.engine import request
from SpineGTRefineLib.errors import DatasetError, MissingFileError, PartialFailureError, UsageError
from SpineGTRefineLib.imaging import Geometry, Image, write_image
from SpineGTRefineLib.recipes.batch import run_on_dataset

GRID = Geometry((6, 30, 40), np.diag([4.0, 1.0, -1.0, 1.0]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A dataset of two subjects, and a model that thresholds."""
    for name in ("sub-01", "sub-02"):
        array = np.full(GRID.shape, 10, np.int16)
        array[2:4, 10:20, 5:35] = 150
        write_image(tmp_path / "data" / name / "anat" / f"{name}_T2w.nii.gz", Image(array, GRID))
    monkeypatch.setattr(request, "ModelStore", Models)
    monkeypatch.setattr(request, "run_on_dataset", functools.partial(run_on_dataset, run=Threshold()))
    return tmp_path / "data"


def test_three_lines_open_a_dataset_run_a_recipe_and_say_what_became_of_each_case(folder):
    dataset = open_dataset(folder)
    run = run_recipe(dataset, "canal", in_process=True)
    assert "2 images of 2 subjects" in repr(dataset)
    assert repr(run).splitlines()[0] == "<Spinal canal (canal_r20260406) on 2 cases: 2 saved, 0 failed>"
    assert all(path.name in repr(run) for path in run.masks.values())
    assert read_mask(run.masks["sub-01_T2w"]).counts() == {1: 2 * 10 * 30}


def test_one_failing_case_is_named_with_its_reason_and_the_others_are_saved(folder):
    image = folder / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    image.write_bytes(image.read_bytes()[:-50])
    run = run_recipe(folder, "canal", in_process=True)
    assert list(run.masks) == ["sub-02_T2w"]
    assert "sub-01_T2w: failed" in repr(run)
    with pytest.raises(PartialFailureError, match="1 of 2 cases failed: sub-01_T2w"):
        run.raise_if_failed()


def test_a_subject_is_chosen_by_name_and_progress_is_told(folder):
    told = []
    run = run_recipe(folder, "canal", cases="sub-02", in_process=True, progress=lambda *step: told.append(step))
    assert list(run.masks) == ["sub-02_T2w"]
    assert told == [(0, 1, ""), (1, 1, "sub-02_T2w")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"recipe": "kanal"}, "canal, cord"),
        ({"cases": "sub-09"}, "no subject or case '09'"),
        ({"settings": {"colour": 1}}, "unknown setting 'settings.colour'"),
        ({"mode": "faster"}, "exact, fast"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(folder, asked, said):
    with pytest.raises(UsageError, match=said):
        run_recipe(folder, **{"recipe": "canal", **asked})


def test_what_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(MissingFileError, match="does not exist"):
        read_mask(tmp_path / "nowhere.nii.gz")


def test_every_step_of_the_command_line_has_its_name_in_the_console():
    steps = [command for command in refine_commands.registered_commands if str(command.rich_help_panel)[:5] == "Steps"]
    names = {command.name.replace("-", "_") for command in steps}
    assert len(names) >= 18
    assert {name for name in names if not callable(getattr(refine, name, None))} == {"recompose"}  # of a whole case
    with pytest.raises(AttributeError, match="largest_component, "):
        refine.larget_component  # noqa: B018


def test_a_mask_is_read_by_its_name_and_an_existing_file_is_never_replaced_unasked(folder, tmp_path):
    made = run_recipe(folder, "canal", cases="01", in_process=True).masks["sub-01_T2w"]
    mask = refine.largest_component(read_mask(made))
    assert repr(mask) == f"<LabelMap {made.name}: {GRID}; canal: spinal canal with cord>"
    written = write_mask(tmp_path / "new.nii.gz", mask)
    with pytest.raises(UsageError, match="exists already"):
        write_mask(written, mask)
    assert read_mask(write_mask(written, mask, overwrite=True), scheme="canal").counts() == mask.counts()


def test_importing_the_library_loads_nothing_before_it_is_needed():
    code = (
        "import sys, SpineGTRefineLib as s; assert not {'numpy', 'torch', 'SpineGTRefineLib.console'} & {*sys.modules}"
    )
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}; s.refine.smooth; assert 'torch' not in sys.modules"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
