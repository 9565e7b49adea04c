"""Slice by slice: vouch for the one on screen, copy from the one beside, adopt a range; one key or two clicks each."""

import numpy as np
import pytest
import slicer
from hands import press
from pythonqt import qt

from SpineGTRefineLib.scene.views import slices_on_screen

SHIFT = qt.Qt.ShiftModifier


@pytest.fixture
def at_slice(opened, program):
    """Shows a sagittal slice through L3 and returns the array axis and the index."""
    session = opened.workspace.session
    labels = session.bench.labels()
    opened.workspace.choose("vertebra_L3")
    opened.editor.jumpToStructure()
    opened.slices.ui.directionCombo.currentIndex = 0
    axis = opened.slices.chosen.axis
    (shown,) = {
        found.index for found in slices_on_screen(opened.workspace.scene, labels.geometry) if found.axis == axis
    }
    return axis, shown


def of_structure(panel, axis, index):
    labels = panel.workspace.session.bench.labels()
    return labels.array.take(index, axis) == labels.scheme.value_of("vertebra_L3")


def test_a_structure_is_copied_from_the_slice_beside_by_one_key_and_one_undo(opened, program, at_slice):
    axis, here = at_slice
    session = opened.workspace.session
    before = session.bench.labels().array.copy()
    press(program, "D")
    text = session.bench.editor.undo_text
    assert text.startswith("copy L3 vertebra from slice")
    source = int(text.split()[-3])
    assert abs(source - here) == 1
    copied = before.take(source, axis) == session.bench.labels().scheme.value_of("vertebra_L3")
    np.testing.assert_array_equal(of_structure(opened, axis, here) & copied, of_structure(opened, axis, here))
    opened.editor.undo()
    np.testing.assert_array_equal(session.bench.labels().array, before)
    press(program, "D", SHIFT)
    assert int(session.bench.editor.undo_text.split()[-3]) == 2 * here - source, "the other side"


def test_the_slice_on_screen_is_vouched_for_by_one_key_and_taken_back_by_the_same(opened, program, at_slice):
    axis, here = at_slice
    press(program, "E")
    assert set(opened.workspace.session.bench.verified.slices) == {(axis, here)}
    assert f"You vouch for sagittal {here}." in opened.ui.statusLabel.text
    assert opened.finish.ui.verifiedLabel.text == "Vouched for: 0 structures, 1 slices"
    press(program, "E")
    assert not opened.workspace.session.bench.verified.slices


def test_the_key_means_the_view_under_the_mouse(opened, program, at_slice):
    crosshair = slicer.mrmlScene.AddNode(slicer.vtkMRMLCrosshairNode())
    crosshair.SetSingletonTag("default")
    red = program.logics["Red"].GetSliceNode()
    crosshair.SetCursorPositionXYZ([1, 1, 0], red)
    press(program, "E")
    ((axis, _),) = opened.workspace.session.bench.verified.slices
    assert axis != at_slice[0]
    assert "axial" in opened.ui.statusLabel.text


def test_a_range_of_slices_is_vouched_for_and_lapses_where_it_is_edited(opened, program, at_slice):
    here = at_slice[1]
    ui = opened.slices.ui
    ui.firstSpin.value, ui.lastSpin.value = here - 1, here + 1
    ui.vouchButton.click()
    assert ui.marksLabel.text == f"\u2714 {here - 1}-{here + 1}"
    press(program, "D")
    assert ui.marksLabel.text == f"\u2714 {here - 1}, {here + 1}"
    ui.firstSpin.value = here + 1
    ui.withdrawButton.click()
    assert ui.marksLabel.text == f"\u2714 {here - 1}"


def test_a_version_is_adopted_in_the_chosen_slices_only(opened, program, at_slice):
    from SpineGTRefineLib.review.operations import clear_structures

    axis, here = at_slice
    session = opened.workspace.session
    session.apply(clear_structures(["vertebra_L3"]))
    opened.versions.onOpened()
    opened.versions.compare()
    ui = opened.slices.ui
    ui.fromHereButton.click()
    ui.toHereButton.click()
    assert opened.versions.ui.onlySlicesCheck.text == f"Only in sagittal slices {here}-{here}"
    opened.versions.ui.onlySlicesCheck.checked = True
    opened.versions.ui.adoptAllButton.click()
    labels = session.bench.labels()
    there = np.argwhere(labels.array == labels.scheme.value_of("vertebra_L3"))[:, axis]
    assert set(there.tolist()) == {here}
    assert f"in slices {here}-{here}" in session.bench.editor.undo_text


def test_copying_says_why_it_cannot(opened, program, at_slice):
    opened.workspace.choose("sacrum")
    opened.slices.ui.directionCombo.currentIndex = 2
    opened.workspace.view.jump_to(tuple(opened.workspace.session.image.geometry.to_world((0, 0, 0))))
    press(program, "D")
    assert opened.ui.statusLabel.text.startswith("\u2716")
    assert not opened.workspace.session.bench.is_dirty
