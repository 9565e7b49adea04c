"""``demo``: from nothing to a report that a first-time user understands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.cli.demo import MARKER
from SpineGTRefineLib.cli.demo_models import models_can_run
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import read_image, read_labels
from SpineGTRefineLib.phantoms import make_dataset

HANGS_AFTER_S = 900


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The demo as a user runs it: another process, an empty home folder, no options."""
    work = tmp_path_factory.mktemp("demo")
    home = tmp_path_factory.mktemp("home")
    environment = os.environ | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "SpineGTRefineLib", "demo"]
    ended = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=HANGS_AFTER_S)
    return ended, work / "spine-gt-refine-demo"


@pytest.mark.slow
class TestDemo:
    def test_it_ends_well(self, run):
        ended, _ = run
        assert ended.returncode == 0, ended.stderr

    def test_the_models_that_ship_draw_canal_and_cord_or_it_says_why_not(self, run):
        ended, folder = run
        derivative = folder / "dataset/derivatives/spine-gt-refine/sub-01/anat"
        if not models_can_run():
            assert "PyTorch and nnU-Net are not installed" in ended.stdout
            pytest.skip("needs PyTorch and nnU-Net (the extra [models])")
        phantom = make_dataset(folder.parent / "truth").phantoms["sub-01_T2w"]
        for name, goal in (("canal", 0.90), ("cord", 0.85)):
            (mask,) = derivative.glob(f"*_label-{mask_type(name).bids_label}_desc-*_mask.nii.gz")
            drawn = read_labels(mask, scheme(name)).array > 0
            truth = getattr(phantom, name).array > 0
            assert 2 * (drawn & truth).sum() / (drawn.sum() + truth.sum()) >= goal
        assert "not for patients" in ended.stdout

    def test_it_says_where_the_report_is_and_what_to_try_next(self, run):
        ended, folder = run
        assert str(folder / "report.html") in ended.stdout
        assert "spine-gt-refine check" in ended.stdout

    def test_every_case_is_saved_as_a_derivative_with_a_sidecar(self, run):
        _, folder = run
        masks = sorted((folder / "dataset/derivatives/spine-gt-refine").glob("sub-*/anat/*_dseg.nii.gz"))
        assert [path.parent.parent.name for path in masks] == ["sub-01", "sub-02", "sub-03"]
        assert all(path.with_name(path.name.replace(".nii.gz", ".json")).is_file() for path in masks)

    def test_the_repair_finds_every_level_of_the_six_lumbar_spine(self, run):
        _, folder = run
        (mask,) = (folder / "dataset/derivatives/spine-gt-refine/sub-02").rglob("*_dseg.nii.gz")
        labels = read_labels(mask, scheme("spine"))
        found = {labels.scheme[value].structure.key for value in labels.values()}
        assert {f"vertebra_L{number}" for number in range(1, 7)} <= found

    def test_the_repair_makes_the_masks_less_suspicious(self, program, run):
        _, folder = run
        page = (folder / "report.html").read_text(encoding="utf-8")
        table = page[: page.index("<main>")]
        rows = re.findall(r'<td class="number">([\d,]+)</td>\s*' * 3, table)  # masks drawn by models had no "before"
        assert len(rows) == 3
        for _, before, now in rows:
            assert int(now) < int(before)

    def test_the_report_shows_every_case_and_is_small_enough_to_mail(self, run):
        _, folder = run
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert all(f"sub-0{number}_T2w</h2>" in page for number in (1, 2, 3))
        assert len(page) < 5_000_000

    def test_the_report_does_not_tell_where_the_user_keeps_files(self, run):
        _, folder = run
        assert str(folder.parent) not in (folder / "report.html").read_text(encoding="utf-8")

    def test_the_dataset_is_valid_bids(self, run):
        _, folder = run
        assert validator_errors(folder / "dataset") == []
        assert validator_errors(folder / "dataset/derivatives/spine-gt-refine") == []
        assert validator_errors(folder / "dataset/derivatives/labels") == []
        # With --recursive the validator reads no .bidsignore below derivatives, so it objects to the lab's names.
        recursive = validator_errors(folder / "dataset", "--recursive")
        assert [error for error in recursive if not error.startswith("/derivatives/labels/")] == []

    def test_the_commands_it_suggests_work(self, program, run):
        _, folder = run
        assert program("check", folder / "dataset").code == 0
        assert program("index", folder / "dataset").code == 0

    def test_it_can_be_run_again_and_keeps_what_a_person_corrected(self, program, run, tmp_path):
        _, folder = run
        again = Path(shutil.copytree(folder, tmp_path / "demo"))
        opened, spine = Dataset.open(again / "dataset"), mask_type("spine")
        case = opened.case("sub-01_T2w")
        labels = load_mask(opened, case, spine)
        array = labels.array.copy()
        array[array == labels.scheme.value_of("vertebra_L3")] = 0
        image = read_image(case.image)
        saved = save_mask(opened, case, spine, labels.with_array(array), image=image, rater="ab", status="corrected")
        outcome = program("demo", again, "--json")
        assert outcome.code == 0, outcome.err
        assert [case["case"] for case in outcome.json["cases"]] == ["sub-01_T2w", "sub-02_T2w", "sub-03_T2w"]
        assert sha256_of_file(saved.path) == saved.sha256


def test_a_folder_with_files_of_the_user_is_left_alone(program, tmp_path):
    (tmp_path / "thesis.txt").write_text("important", encoding="utf-8")
    outcome = program("demo", tmp_path)
    assert outcome.code == 2
    assert "not empty" in outcome.error_lines[0]
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_instead_of_a_folder(program, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert program("demo", tmp_path / "file").code == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user who is not root")
def test_a_folder_that_cannot_be_written(program, tmp_path):
    tmp_path.chmod(0o500)
    outcome = program("demo", tmp_path / "demo")
    tmp_path.chmod(0o700)
    assert outcome.code == 40


def test_the_marker_says_that_the_folder_can_be_deleted(program, tmp_path, monkeypatch):
    from SpineGTRefineLib.cli import demo

    def stop(_folder):
        raise demo.UsageError("stop here")

    monkeypatch.setattr(demo, "_make", stop)
    program("demo", tmp_path / "new")
    assert "can be deleted" in (tmp_path / "new" / MARKER).read_text(encoding="utf-8")
