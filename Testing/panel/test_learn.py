"""The section Learn: versions, a training in another process, the worklist in the order of a model's doubts."""

import sys
from pathlib import Path

import pytest
from ball_world import TINY, BallWorld
from needs import needs_nnunet

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.imaging import read_image, write_labels
from SpineGTRefineLib.learning.training import training_request
from SpineGTRefineLib.learning.training.jobs import training_job
from SpineGTRefineLib.learning.training.overview import ModelRow, Overview
from SpineGTRefineLib.learning.training.worker import run_job
from SpineGTRefineLib.learning.versions import BuildSettings, SplitSettings, build_version

WORKER = Path(__file__).resolve().parents[1] / "support" / "learning_worker.py"


@pytest.fixture
def learn(program, panel, dataset, tmp_path, monkeypatch):
    """The section, unfolded, on a dataset whose spine masks were corrected; trainings are pretended."""
    import SpineGTRefineLib.learning.training.worker as worker

    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(worker, "find_python", lambda asked=None: Path(sys.executable))
    monkeypatch.setattr(worker, "worker_command", lambda python, handler: [str(python), str(WORKER)])
    opened, kind = Dataset.open(dataset.root), mask_type("spine")
    for case in opened.cases():
        labels = load_mask(opened, case, kind)
        if labels is not None:
            save_mask(opened, case, kind, labels, image=read_image(case.image), rater="AB", status="corrected")
    panel.workspace.openDataset(str(dataset.root), "AB")
    panel.workspace.open(panel.workspace.session.worklist.item(("sub-01_T2w", "spine")))
    panel.learn.widget.collapsed = False
    return panel.learn


def wait_for(program, learn, text):
    program.wait_until(lambda: text in learn.ui.learnStageLabel.text, timeout_s=60)


@pytest.mark.slow
def test_a_version_is_built_and_trained_on_while_the_window_stays_free(program, learn):
    assert not learn.ui.trainButton.enabled
    learn.ui.buildButton.click()
    assert learn.ui.stopButton.enabled
    wait_for(program, learn, "D1 is built")
    program.wait_until(lambda: learn.ui.learnVersionCombo.currentText == "D1")
    learn.ui.trainButton.click()
    wait_for(program, learn, "epoch 5 of 20")
    assert 0 < learn.ui.learnProgressBar.value < 100
    assert not learn.ui.trainButton.enabled
    learn.ui.stopButton.click()
    wait_for(program, learn, "cancelled")
    learn.ui.trainButton.click()
    wait_for(program, learn, "spine_D1 is trained and installed, mean Dice 0.875")
    assert not learn.ui.stopButton.enabled


@pytest.mark.slow
def test_the_worklist_follows_what_a_model_doubts(program, learn, panel, dataset, tmp_path):
    opened, kind = Dataset.open(dataset.root), mask_type("spine")
    for case in opened.cases():
        labels = load_mask(opened, case, kind)
        if case.key == "sub-02_T2w":
            labels = labels.with_array(labels.array * (labels.array != 43))
        write_labels(tmp_path / "predictions" / f"{case.key}.nii.gz", labels)
    row = ModelRow("spine_D1", "D1", 0.9, 0.8, True, tmp_path / "predictions")
    learn.onOverview(Overview(("D1",), (row,), "spine_D1: first."))
    assert learn.ui.learnTable.item(0, 0).text() == "\u2605 spine_D1"
    assert not learn.ui.rankButton.enabled
    learn.ui.learnTable.selectRow(0)
    learn.ui.rankButton.click()
    wait_for(program, learn, "masks are ranked")
    item = panel.workspace.session.worklist.item(("sub-02_T2w", "spine"))
    assert item.risk is not None


def test_what_was_chosen_stays_chosen_until_there_is_a_new_version(program, learn, tmp_path):
    """After a stop the same choices go on with the training, and a click on Ship ships the model that was selected."""
    old, ours, new = (ModelRow(name, "D1", None, None, False, tmp_path) for name in ("spine_A", "spine_C", "spine_B"))
    ui = learn.ui
    learn.onOverview(Overview(("D1", "D2"), (old, ours), ""))
    assert ui.learnVersionCombo.currentText == "D2"
    ui.learnVersionCombo.setCurrentIndex(0)
    ui.learnStartCombo.setCurrentIndex(2)
    ui.learnTable.selectRow(1)
    learn.onOverview(Overview(("D1", "D2"), (old, new, ours), ""))
    assert (ui.learnVersionCombo.currentText, ui.learnStartCombo.currentText) == ("D1", "spine_C")
    assert learn._selected() is ours
    learn.onOverview(Overview(("D1", "D2", "D3"), (old, new), ""))
    assert (ui.learnVersionCombo.currentText, ui.learnStartCombo.currentText) == ("D3", "nothing")
    assert not ui.shipButton.enabled


def test_a_job_may_end_after_the_mask_was_closed(program, learn, panel):
    learn.ui.buildButton.click()
    panel.closeScene()
    wait_for(program, learn, "D1 is built")
    program.wait_until(lambda: learn.ui.learnVersionCombo.currentText == "D1")
    assert learn.ui.trainButton.enabled


def test_with_another_dataset_nothing_is_said_of_the_one_before(learn, panel):
    learn.onOverview(Overview(("D1",), (), "spine_D1: first."))
    assert learn.ui.learnStageLabel.text == "spine_D1: first."
    panel.workspace.closeDataset()
    assert (learn.widget.text, learn.ui.learnStageLabel.text) == ("Learn", "")


def test_what_cannot_be_done_is_said_in_the_status_line(program, learn, panel, tmp_path):
    row = ModelRow("spine_D1", "D1", None, None, False, tmp_path / "gone")
    learn.onOverview(Overview((), (row,), ""))
    learn.ui.learnTable.selectRow(0)
    learn.ui.rankButton.click()
    assert "There are no masks of spine_D1" in panel.ui.statusLabel.text


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A dataset with two models that were really trained on it, in seconds, on versions of the same masks."""
    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SPINEGTREFINE_PYTHON", sys.executable)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    world = BallWorld(tmp_path / "balls", subjects=6)
    world.save_all()
    parent = None
    for _ in range(2):
        settings = BuildSettings(split=SplitSettings(0.34, folds=2))
        parent = build_version(world.dataset, world.kind, settings, parent=parent)
        run_job(training_job(training_request(parent, settings=TINY, folds=("0",))), Path(sys.executable))
    return world


@pytest.mark.slow
@needs_nnunet
def test_the_first_model_becomes_the_champion_and_the_next_is_compared_with_it(program, panel, trained):
    panel.workspace.openDataset(str(trained.root), "AB")
    panel.workspace.open(panel.workspace.session.worklist.item(("sub-01_T2w", "canal")))
    learn = panel.learn
    learn.widget.collapsed = False

    def ship(name):
        program.wait_until(lambda: name in names(learn))
        learn.ui.learnTable.selectRow(names(learn).index(name))
        learn.ui.shipButton.click()

    ship("canal_D1")
    wait_for(program, learn, "canal_D1-fold0 is the champion now. It is the first")
    ship("\u2605 canal_D1-fold0")
    wait_for(program, learn, "is a single fold of canal_D1 already")
    ship("canal_D2")
    wait_for(program, learn, "canal_D1-fold0 stays the champion. 2 people are too few to tell")
    program.wait_until(lambda: "canal_D2-fold0" in names(learn))
    assert [learn.ui.learnTable.item(row, 1).text() for row in range(4)] == ["D1", "D1", "D2", "D2"]
    assert learn._selected().name == "canal_D2"
    assert learn.ui.trainButton.enabled


def names(learn):
    return [learn.ui.learnTable.item(row, 0).text() for row in range(learn.ui.learnTable.rowCount)]
