"""A rater's day at the panel: open, look, repair, save, next; nothing is lost, nobody is overwritten."""

import json

import numpy as np
import pytest
import slicer
from hands import paint, press, slice_position
from pythonqt import qt

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.imaging import read_labels
from SpineGTRefineLib.review.state import SessionState

CTRL = qt.Qt.ControlModifier
SHIFT = qt.Qt.ShiftModifier


def status(panel):
    return panel.ui.statusLabel.text


def saved_masks(dataset):
    return sorted(dataset.output.rglob("*_dseg.nii.gz"))


def test_one_click_leads_from_the_folder_to_the_first_editable_mask(opened, program):
    session = opened.workspace.session
    assert session.state is SessionState.EDITING
    assert session.item.key == ("sub-01_T2w", "spine")
    editor = opened.editor.ui.editor
    assert editor.segmentationNode() is opened.workspace.view.case.segmentation.node
    assert editor.sourceVolumeNode() is opened.workspace.view.case.volume
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert {node.GetBackgroundVolumeID() for node in composites} == {opened.workspace.view.case.volume.GetID()}
    assert opened.worklist.ui.progressLabel.text == "0 of 2 done"


def test_a_volume_that_was_moved_is_refused_with_a_way_out(panel, program):
    """A mask of the file would not lie where the user sees the volume."""
    from SpineGTRefineLib.errors import GeometryError, UsageError

    with pytest.raises(UsageError, match="No volume is chosen"):
        panel.workspace.openVolume(None, "AB")
    volume = slicer.util.addVolumeFromArray(np.arange(27, dtype=np.int16).reshape(3, 3, 3), name="mine")
    volume.SetAndObserveTransformNodeID(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode").GetID())
    with pytest.raises(GeometryError, match="moved by the transform"):
        panel.workspace.openVolume(volume, "AB")
    assert panel.workspace.session is None


def test_a_volume_without_a_file_is_reviewed_on_its_own_grid_which_is_said(panel, program, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    voxels = np.random.default_rng(0).integers(0, 900, (12, 14, 16), dtype=np.int16)
    volume = slicer.util.addVolumeFromArray(voxels, name="my scan")
    volume.SetSpacing(2.0, 1.0, 1.5)
    panel.workspace.openVolume(volume, "AB")
    assert "own grid of the volume 'my scan'" in status(panel)
    assert status(panel).startswith("\u25b2")
    session = panel.workspace.session
    assert session.image.geometry.spacing == pytest.approx((2.0, 1.0, 1.5))
    panel.editor.ui.addButton.click()
    paint(panel, panel.workspace.structure)
    saved = session.save(insist=True).path
    assert saved.is_relative_to(tmp_path)
    mask = read_labels(saved, mask_type("spine").scheme)
    assert mask.geometry.matches(session.image.geometry)
    assert (mask.array > 0).sum() == 4
    panel.workspace.openVolume(volume, "AB")
    assert panel.workspace.session.bench.labels().array.sum() == mask.array.sum(), "the same volume finds its masks"
    assert volume.GetName() == "my scan", "the user's volume stays"


def test_a_problem_is_one_key_away(opened, program):
    before = slice_position(program)
    problem = opened.workspace.session.problems()[0]
    press(program, "N")
    assert slice_position(program) != before
    assert opened.problems.ui.remedyLabel.text == problem.remedy
    assert opened.workspace.structure == problem.structure
    assert opened.problems.ui.problemTable.item(0, 0).text() == "\u2716 error"


def test_a_shifted_chain_is_one_key_and_undo_says_what_it_undoes(opened, program):
    session = opened.workspace.session
    before = session.bench.labels().array.copy()
    opened.workspace.choose("vertebra_L3")
    press(program, "U")
    assert "shift levels -1 from L3" in status(opened)
    after = session.bench.labels().array
    assert (after != before).any()
    assert "shift levels" in opened.editor.ui.undoLabel.text
    opened.editor.ui.undoButton.click()
    np.testing.assert_array_equal(session.bench.labels().array, before)
    opened.editor.ui.redoButton.click()
    np.testing.assert_array_equal(session.bench.labels().array, after)


def test_what_is_refused_is_explained_in_the_status_line(opened, program):
    opened.workspace.choose("vertebra_L3")
    opened.levels.ui.partnerCombo.currentIndex = opened.levels._partners.index("vertebra_L4")
    opened.levels.ui.renameButton.click()
    assert "would be there twice" in status(opened)
    assert status(opened).startswith("\u2716")
    assert not opened.workspace.session.bench.is_dirty


def test_save_and_next_is_one_key(opened, program, dataset):
    opened.workspace.choose("vertebra_L3")
    press(program, "U")
    index = paint(opened, "vertebra_L1")
    opened.finish.ui.noteEdit.text = "levels were off by one"
    opened.finish.ui.gradeCombo.currentIndex = 2
    press(program, "Return", CTRL)
    assert opened.workspace.session.item.key == ("sub-02_T2w", "spine"), status(opened)
    (path,) = saved_masks(dataset)
    scheme = mask_type("spine").scheme
    saved = read_labels(path, scheme)
    assert (saved.array[tuple(index.T)] == scheme.value_of("vertebra_L1")).all()
    sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text(encoding="utf-8"))
    assert sidecar["SpineGTRefine"]["Rater"] == "AB"
    assert sidecar["SpineGTRefine"]["Grade"] == 2
    assert opened.worklist.ui.progressLabel.text == "1 of 2 done"


def test_a_grade_that_was_chosen_by_mistake_can_be_taken_back(opened):
    bench, grade = opened.workspace.session.bench, opened.finish.ui.gradeCombo
    grade.currentIndex = 4
    assert bench.grade == 4
    grade.currentIndex = 0
    assert bench.grade is None


def test_where_no_mask_is_open_none_is_called_free_of_problems(opened, program):
    opened.closeScene()
    press(program, "N")
    assert "No mask is open" in status(opened)


def test_the_open_mask_is_in_the_table_also_where_the_list_is_longer(opened, program, monkeypatch):
    import SpineGTRefineLib.panel.worklist_section as section

    monkeypatch.setattr(section, "ROWS", 1)
    table = opened.worklist.ui.table
    for case in ("sub-01_T2w", "sub-02_T2w"):
        opened.workspace.open(opened.workspace.session.worklist.item((case, "spine")))
        assert [table.item(row, 0).text() for row in range(table.rowCount)] == [case]
        assert table.selectionModel().isRowSelected(0)


def test_a_mask_with_errors_is_not_accepted_by_accident(opened, program, dataset):
    insist = opened.finish.ui.insistButton
    assert insist.isHidden()
    press(program, "Return", CTRL)
    assert status(opened).startswith("\u2716 Not accepted")
    assert not saved_masks(dataset)
    assert not insist.isHidden()
    insist.click()
    assert opened.workspace.session.item.key == ("sub-02_T2w", "spine")
    assert len(saved_masks(dataset)) == 1


def test_flag_and_next_keeps_the_reason(opened, program, dataset):
    opened.finish.ui.noteEdit.text = "motion"
    press(program, "Return", CTRL | SHIFT)
    opened.worklist.refresh()
    item = opened.workspace.session.worklist.item(("sub-01_T2w", "spine"))
    assert item.status == "flagged"
    assert opened.workspace.session.item.key[0] == "sub-02_T2w"


def test_the_last_mask_ends_the_day_without_a_box(opened, program, dataset):
    for _ in range(2):
        opened.finish.flagAndNext()
    opened.finish.ui.noteEdit.text = "again"
    opened.worklist.nextToDo()
    assert "Nothing is left" not in status(opened), "flagged masks still wait for somebody"


def test_edits_survive_going_to_another_case(opened, program):
    index = paint(opened, "vertebra_L3")
    press(program, "N", CTRL)
    assert opened.workspace.session.item.key[0] == "sub-02_T2w"
    assert "draft" in opened.worklist.ui.table.item(0, 2).text()
    press(program, "P", CTRL)
    labels = opened.workspace.session.bench.labels()
    assert (labels.array[tuple(index.T)] == labels.scheme.value_of("vertebra_L3")).all()
    assert "draft" in opened.case.ui.originLabel.text


def test_edits_survive_a_crash(opened, program, dataset, module_widget):
    index = paint(opened, "vertebra_L3")
    press(program, "D", CTRL | SHIFT)
    assert "draft kept" in opened.finish.ui.draftLabel.text
    # The program dies: nothing is closed. Another start, the same rater.
    opened.workspace.session._custody.give_back()
    again = module_widget.__class__(_new_parent())
    again.setup()
    again.panel.workspace.openDataset(str(dataset.root), "AB")
    labels = again.panel.workspace.session.bench.labels()
    assert (labels.array[tuple(index.T)] == labels.scheme.value_of("vertebra_L3")).all()
    again.cleanup()


def test_a_second_rater_looks_but_cannot_overwrite(opened, program, dataset, module_widget):
    colleague = module_widget.__class__(_new_parent())
    colleague.setup()
    workspace = colleague.panel.workspace
    workspace.openDataset(str(dataset.root), "CD")
    assert workspace.session.item.key[0] == "sub-02_T2w", "the first free mask"
    workspace.open(workspace.session.worklist.item(("sub-01_T2w", "spine")))
    assert workspace.session.state is SessionState.VIEWING
    finish = colleague.panel.finish.ui
    assert not finish.saveButton.enabled
    assert not colleague.panel.case.ui.takeOverButton.isHidden()
    assert colleague.panel.editor.ui.editor.readOnly
    colleague.cleanup()


def test_painting_and_the_editors_own_undo_reach_the_session(opened, program):
    session = opened.workspace.session
    before = session.bench.labels().array.copy()
    paint(opened, "vertebra_L3")
    assert session.bench.is_dirty
    assert (session.bench.labels().array != before).sum() == 4
    press(program, "Z", CTRL)
    np.testing.assert_array_equal(session.bench.labels().array, before)


def test_the_problem_list_follows_the_repair(opened, program):
    assert "Errors: 1" in opened.problems.ui.countLabel.text
    opened.workspace.choose("vertebra_L3")
    press(program, "U")
    program.wait_until(lambda: "Errors: 1" not in opened.problems.ui.countLabel.text)


def test_a_structure_that_is_missing_can_be_added_and_drawn(opened, program, dataset):
    names = [entry.structure.key for entry in opened.editor._addable]
    opened.editor.ui.addCombo.currentIndex = names.index("vertebra_C7")
    opened.editor.ui.addButton.click()
    assert opened.workspace.structure == "vertebra_C7"
    index = paint(opened, "vertebra_C7", 3)
    labels = opened.workspace.session.bench.labels()
    assert (labels.array[tuple(index.T)] == labels.scheme.value_of("vertebra_C7")).all()


def test_a_vouched_structure_loses_its_mark_when_it_is_edited(opened, program):
    opened.workspace.choose("vertebra_L3")
    opened.finish.ui.verifyCheck.click()
    assert opened.finish.ui.verifiedLabel.text == "Vouched for: 1 structures, 0 slices"
    paint(opened, "vertebra_L3")
    opened.finish.showMarks()
    assert opened.finish.ui.verifiedLabel.text == "nothing vouched for yet"


def test_an_earlier_version_can_be_compared_and_adopted_in_part(opened, program):
    session = opened.workspace.session
    original = session.bench.labels().array.copy()
    paint(opened, "vertebra_L3", 5)
    paint(opened, "vertebra_L5", 7)
    opened.versions.onOpened()
    opened.versions.ui.compareButton.click()
    table = opened.versions.ui.differenceTable
    assert table.rowCount == 2
    press(program, "K")
    assert not opened.workspace.view.case.segmentation.node.GetDisplayNode().GetVisibility()
    press(program, "K")
    row = opened.versions._keys.index("vertebra_L3")
    table.selectRow(row)
    opened.versions.ui.adoptSelectedButton.click()
    assert (session.bench.labels().array != original).sum() == 7
    opened.editor.undo()
    assert (session.bench.labels().array != original).sum() == 12


def test_slicers_own_undo_past_an_adopted_version_is_noticed(opened, program):
    session = opened.workspace.session
    paint(opened, "vertebra_L3", 5)
    paint(opened, "vertebra_L5", 7)
    opened.versions.onOpened()
    opened.versions.ui.compareButton.click()
    opened.versions.ui.differenceTable.selectRow(opened.versions._keys.index("vertebra_L3"))
    opened.versions.ui.adoptSelectedButton.click()
    assert len(session.bench.adopted) == 1
    assert opened.editor.ui.undoLabel.text.startswith("Undo: adopt L3")
    press(program, "Z", CTRL)
    program.wait_until(lambda: opened.editor.ui.undoLabel.text == "Undo: the last stroke")
    assert session.bench.adopted == (), "what was undone is no source of the saved mask"
    assert opened.editor.ui.redoButton.enabled
    press(program, "Y", CTRL)
    program.wait_until(lambda: opened.editor.ui.undoLabel.text.startswith("Undo: adopt L3"))
    assert len(session.bench.adopted) == 1


def test_letters_typed_into_a_note_are_no_keys(opened, program):
    press(program, "C")
    before = opened.workspace.session.item.key
    note = opened.finish.ui.noteEdit
    note.setFocus()
    from PySide6.QtTest import QTest

    QTest.keyClicks(note, "long upper neck")
    assert note.text == "long upper neck"
    assert opened.workspace.session.item.key == before
    assert not opened.workspace.session.bench.editor.undo_text


def test_in_the_next_case_letters_are_keys_again(opened, program):
    program.window.activateWindow()
    qt.QApplication.processEvents()
    note = opened.finish.ui.noteEdit
    note.setFocus()
    assert qt.QApplication.focusWidget() is note
    opened.finish.ui.noteEdit.text = "motion"
    opened.finish.flagAndNext()
    assert qt.QApplication.focusWidget() is not note
    assert not note.text


def test_closing_the_scene_keeps_the_edits_as_a_draft(opened, program, dataset):
    paint(opened, "vertebra_L3")
    slicer.mrmlScene.Clear(0)
    assert not opened.workspace.isOpen
    assert not opened.finish.ui.saveButton.enabled
    opened.workspace.open(opened.workspace.session.worklist.item(("sub-01_T2w", "spine")))
    assert "draft" in opened.case.ui.originLabel.text


def test_the_denoised_view_and_the_outlines_leave_the_mask_alone(opened, program):
    before = opened.workspace.session.bench.labels().array.copy()
    volume = opened.workspace.view.case.volume
    opened.case.ui.smoothCheck.checked = True
    composite = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    assert composite.GetBackgroundVolumeID() == volume.GetID(), "it is made on another thread"
    program.wait_until(lambda: composite.GetBackgroundVolumeID() != volume.GetID())
    shown = slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID())
    assert shown is not volume
    assert not shown.GetSaveWithScene()
    press(program, "O")
    assert opened.case.ui.outlineCheck.checked
    opened.case.ui.hideCheck.checked = True
    np.testing.assert_array_equal(opened.workspace.session.bench.labels().array, before)


def test_a_denoised_copy_that_comes_too_late_is_not_shown_over_the_next_case(opened, program):
    opened.case.ui.smoothCheck.checked = True
    press(program, "N", CTRL)
    opened.workspace.gui._pool.submit(lambda: None).result()
    program.wait_until(lambda: not opened.workspace.gui._pool._work_queue.qsize())
    opened.workspace.gui.run()
    composite = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    assert composite.GetBackgroundVolumeID() == opened.workspace.view.case.volume.GetID()


@pytest.mark.parametrize("path", ["", "/no/such/folder"])
def test_a_wrong_path_is_explained_and_nothing_pops_up(panel, program, path):
    panel.dataset.ui.raterEdit.text = "AB"
    panel.dataset.ui.datasetPath.currentPath = path
    panel.dataset.ui.openButton.click()
    assert status(panel).startswith("\u2716")
    assert not [w for w in qt.QApplication.topLevelWidgets() if isinstance(w, qt.QDialog) and w.visible]


def test_no_raw_file_changes(opened, program, dataset):
    def state():
        files = (path for path in dataset.root.rglob("*") if path.is_file() and dataset.output not in path.parents)
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}

    before = state()
    paint(opened, "vertebra_L3")
    opened.finish.saveAndNext(insist=True)
    opened.finish.flagAndNext()
    assert state() == before
    reopened = Dataset.open(dataset.root)
    assert load_mask(reopened, reopened.case("sub-01_T2w"), mask_type("spine")) is not None


def _new_parent():
    parent = qt.QWidget()
    qt.QVBoxLayout(parent)
    return parent
