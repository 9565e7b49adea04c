"""The section Learn: versions, a training in another process, the worklist in the order of a model's doubts."""

import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.imaging import read_image, write_labels
from SpineGTRefineLib.learning.training.overview import ModelRow, Overview

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


def test_what_cannot_be_done_is_said_in_the_status_line(program, learn, panel, tmp_path):
    row = ModelRow("spine_D1", "D1", None, None, False, tmp_path / "gone")
    learn.onOverview(Overview((), (row,), ""))
    learn.ui.learnTable.selectRow(0)
    learn.ui.rankButton.click()
    assert "There are no masks of spine_D1" in panel.ui.statusLabel.text
