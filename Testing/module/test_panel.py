"""The panel from the user's side: what can be pressed when, and what the status line says. Widgets are stand-ins."""

import contextlib
import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from scene_helpers import Annotator

from SpineGTRefineLib.imaging import read_labels


@pytest.fixture
def panel(module, monkeypatch, repository):
    """The panel of the module, set up as Slicer does when it is opened for the first time."""
    stand_ins = importlib.import_module("panel_stand_ins")
    ui = stand_ins.widgets_of(repository / "SpineGTRefine" / "Resources" / "UI" / "SpineGTRefine.ui")
    shown = SimpleNamespace(background=None)
    for name, value in {
        "loadUI": lambda path: SimpleNamespace(setMRMLScene=lambda scene: None),
        "childWidgetVariables": lambda widget: ui,
        "WaitCursor": contextlib.nullcontext,
        "setSliceViewerLayers": lambda background, fit: setattr(shown, "background", background),
    }.items():
        monkeypatch.setattr(slicer.util, name, value)
    widget = module.SpineGTRefineWidget()
    widget.layout = SimpleNamespace(addWidget=lambda panel: None)
    widget.resourcePath = str
    widget.setup()
    widget.shown = shown
    yield widget
    widget.cleanup()


def open_and_load(panel, dataset):
    panel.ui.datasetPathLineEdit.currentPath = str(dataset)
    panel.ui.openButton.click()
    panel.ui.loadButton.click()


def paint_somewhere(panel, count=4):
    """Paint into background voxels of the vertebra L3; returns their indices in the file."""
    case = panel.logic.shown
    labels = case.labels()
    index = np.argwhere(labels.array == 0)[:count]
    segment_id = case.segmentation.segment_id(labels.scheme.value_of("vertebra_L3"))
    Annotator(case).paint(segment_id, labels.geometry.to_world(index))
    return index


def test_before_a_dataset_is_open_only_opening_is_possible(panel):
    assert panel.ui.openButton.enabled
    assert not panel.ui.loadButton.enabled
    assert not panel.ui.runButton.enabled
    assert not panel.ui.saveButton.enabled


def test_a_wrong_path_is_explained_in_the_status_line_and_nothing_pops_up(panel):
    panel.ui.datasetPathLineEdit.currentPath = "/no/such/folder"
    panel.ui.openButton.click()
    assert "/no/such/folder" in panel.ui.statusLabel.text
    assert not panel.ui.loadButton.enabled


def test_open_load_paint_save(panel, dataset):
    open_and_load(panel, dataset.root)
    assert panel.ui.caseComboBox.items == ["sub-01_T2w"]
    assert "spine" in panel.ui.maskTypeComboBox.items
    assert panel.shown.background is panel.logic.shown.volume
    index = paint_somewhere(panel)
    panel.ui.raterLineEdit.text = "AB"
    panel.ui.saveButton.click()
    assert "corrected" in panel.ui.statusLabel.text
    saved = next((dataset.root / "derivatives" / "spine-gt-refine").rglob("*_dseg.nii.gz"))
    spine = dataset.phantom.spine
    changed = np.argwhere(read_labels(saved, spine.scheme).array != spine.array)
    np.testing.assert_array_equal(changed, index)


def test_a_case_with_unsaved_edits_stays_open_until_the_user_says_discard(panel, dataset):
    open_and_load(panel, dataset.root)
    first = panel.logic.shown
    paint_somewhere(panel)
    panel.ui.loadButton.click()
    assert "unsaved edits" in panel.ui.statusLabel.text
    assert panel.logic.shown is first
    panel.ui.discardEditsCheckBox.checked = True
    panel.ui.loadButton.click()
    assert panel.logic.shown is not first
    assert not panel.logic.hasUnsavedEdits()
    assert not panel.ui.discardEditsCheckBox.checked, "the permission is for once"


def test_edits_that_cannot_be_saved_are_explained_and_stay_in_the_scene(panel, dataset):
    open_and_load(panel, dataset.root)
    segmentation = panel.logic.shown.segmentation.node.GetSegmentation()
    segmentation.RemoveSegment("vertebra_L3")
    panel.ui.saveButton.click()
    assert "Segments were removed: " in panel.ui.statusLabel.text
    assert "Undo" in panel.ui.statusLabel.text
    assert panel.logic.isCaseOpen
    assert not (dataset.root / "derivatives" / "spine-gt-refine").exists()


def test_closing_the_scene_closes_the_case(panel, dataset):
    open_and_load(panel, dataset.root)
    slicer.mrmlScene.Clear(0)
    assert not panel.logic.isCaseOpen
    assert not panel.ui.saveButton.enabled
