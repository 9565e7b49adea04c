"""Lists of other tools come in and go out by two clicks; voxels outside the image are asked about, in the panel."""

import numpy as np
import pytest
import slicer
from hands import draw_outside, paint
from pythonqt import qt

SCT = "FILES_SEG:\n- sub-02_T2w.nii.gz\n- sub-77_T2w.nii.gz\n"


def use(panel, path):
    panel.dataset.ui.listPath.currentPath = str(path)
    panel.dataset.ui.useListButton.click()


def listed(panel):
    table = panel.worklist.ui.table
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def test_the_fail_list_of_a_qc_report_becomes_the_worklist(opened, program, tmp_path):
    path = tmp_path / "qc_fail.yml"
    path.write_text(SCT)
    use(opened, path)
    assert listed(opened) == ["sub-02_T2w"]
    assert opened.workspace.session.item.case.key == "sub-02_T2w"
    assert "1 cases of the list are here, 1 are not. sub-77_T2w.nii.gz" in opened.dataset.ui.listNote.text
    opened.dataset.ui.allCasesButton.click()
    assert listed(opened) == ["sub-01_T2w", "sub-02_T2w"]
    assert opened.dataset.ui.listNote.isHidden()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("qc_fail.yml", "FILES_SEG:\n- sub-99_T2w.nii.gz\n", "names no case"),
        ("broken.yml", "FILES_SEG: what\n", "line 1"),
        ("none.tsv", None, "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_used_is_explained_and_the_worklist_stays(opened, program, tmp_path, name, text, reason):
    if text is not None:
        (tmp_path / name).write_text(text)
    use(opened, tmp_path / name)
    assert reason in opened.ui.statusLabel.text
    assert len(listed(opened)) == 2


def test_the_worklist_is_written_for_other_tools_and_never_over_a_file(opened, program, tmp_path):
    for name in ("list.yml", "list.tsv"):
        opened.dataset.ui.listPath.currentPath = str(tmp_path / name)
        opened.dataset.ui.writeListButton.click()
        assert "2 entries were written" in opened.ui.statusLabel.text
    assert "- sub-01_T2w.nii.gz" in (tmp_path / "list.yml").read_text()
    before = (tmp_path / "list.tsv").read_text()
    opened.dataset.ui.writeListButton.click()
    assert "exists already" in opened.ui.statusLabel.text
    assert (tmp_path / "list.tsv").read_text() == before
    use(opened, tmp_path / "list.tsv")
    assert len(listed(opened)) == 2


def test_a_list_that_is_no_list_is_refused_with_the_way_out(opened, tmp_path):
    table = tmp_path / "list.tsv"
    table.write_bytes("sub-01 \u00e9".encode("utf-16"))
    use(opened, table)
    assert "Save it as UTF-8 text" in opened.ui.statusLabel.text
    for path in (tmp_path / "gone.yml", tmp_path):
        use(opened, path)
        assert "cannot be read" in opened.ui.statusLabel.text
        assert opened.ui.statusLabel.text.endswith("Choose another file.")


def test_voxels_outside_the_image_are_asked_about_without_a_box_and_erased_only_when_told_to(opened, program, dataset):
    ui = opened.editor.ui
    before = opened.workspace.session.bench.labels().array.copy()
    draw_outside(opened, "vertebra_L3")
    program.wait_until(lambda: not ui.outsideLabel.isHidden())
    assert "3 voxels lie outside the image (L3 vertebra)" in ui.outsideLabel.text
    assert not [w for w in qt.QApplication.topLevelWidgets() if isinstance(w, qt.QDialog) and w.visible]
    opened.finish.ui.saveButton.click()
    assert "outside the image" in opened.ui.statusLabel.text
    ui.leaveOutsideButton.click()
    assert ui.outsideLabel.isHidden()
    opened.problems.check()
    program.wait_until(lambda: not ui.outsideLabel.isHidden())
    ui.eraseOutsideButton.click()
    assert ui.outsideLabel.isHidden()
    np.testing.assert_array_equal(opened.workspace.session.bench.labels().array, before)
    assert opened.editor.ui.undoLabel.text == "Undo: erase what lies outside the image"
    assert "outside the image" in opened.problems.ui.remedyLabel.text
    program.wait_until(lambda: opened.problems.ui.remedyLabel.text == "")


def test_the_segment_table_shows_how_far_each_structure_is(opened, program):
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    segmentation = opened.workspace.view.case.segmentation

    def state(key):
        value = segmentation.original.scheme.value_of(key)
        return logic.GetSegmentStatus(segmentation.node.GetSegmentation().GetSegment(segmentation.segment_id(value)))

    wrong = {problem.structure for problem in opened.workspace.session.problems() if problem.severity == "error"}
    assert {key for key in wrong if key} <= {key for key in wrong if key and state(key) == logic.Flagged}
    paint(opened, "vertebra_L5")
    program.wait_until(lambda: state("vertebra_L5") in (logic.InProgress, logic.Flagged))
    opened.workspace.choose("vertebra_L1")
    opened.finish.ui.verifyCheck.click()
    program.wait_until(lambda: state("vertebra_L1") == logic.Completed)
    assert opened.editor.ui.undoLabel.text == "Undo: the last stroke", "marks are no step"
