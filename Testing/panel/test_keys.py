"""Keys: none is taken twice, none is taken from Slicer, none stays behind when the module is left."""

import pytest
from pythonqt import qt
from qmrml_widgets import EDITOR_KEYS

SLICE_VIEWS = {*"BFVRGT[]{}", "Left", "Right", "Up", "Down"}
MAIN_WINDOW = {f"Ctrl+{key}" for key in (*"OSWFHZYXCV0123456", "Left", "Right", "B", "G")} | {"Alt+Left", "Alt+Right"}
EFFECTS = {"A", "X", "Return", "Enter", "+", "-"}
TAKEN = SLICE_VIEWS | MAIN_WINDOW | EFFECTS | set(EDITOR_KEYS)


@pytest.fixture
def keys(program):
    """The keys of the panel."""
    from SpineGTRefineLib.panel.keys import keys

    return keys()


def installed(program):
    return [shortcut.key.toString() for shortcut in program.window.findChildren(qt.QShortcut) if shortcut.enabled]


def test_no_key_is_one_of_slicers(keys):
    ours = {qt.QKeySequence(key.sequence).toString() for key in keys}
    assert len(ours) == len(keys)
    assert ours & {qt.QKeySequence(name).toString() for name in TAKEN} == set()


def test_no_two_shortcuts_in_the_window_share_a_key(program, module_widget):
    found = installed(program)
    assert found
    assert len(found) == len(set(found)), "Qt would trigger neither"


def test_leaving_the_module_gives_all_keys_back(program, module_widget):
    assert "N" in installed(program)
    module_widget.exit()
    assert installed(program) == []
    module_widget.enter()
    assert "N" in installed(program)


def test_a_key_that_judges_a_mask_and_is_held_down_does_not_judge_the_next_ones(program, module_widget):
    once = [
        shortcut.key.toString()
        for shortcut in program.window.findChildren(qt.QShortcut)
        if shortcut.enabled and not shortcut.autoRepeat
    ]
    assert sorted(once) == ["Ctrl+Enter", "Ctrl+Return", "Ctrl+Shift+Enter", "Ctrl+Shift+Return"]


def test_the_key_sheet_lists_every_key_and_hides_again(keys, panel):
    sheet = panel.keySheet
    assert sheet.widget.isHidden()
    panel.ui.keysButton.click()
    assert not sheet.widget.isHidden()
    listed = {sheet.ui.keyTable.item(row, 0).text() for row in range(sheet.ui.keyTable.rowCount)}
    assert listed == {key.sequence for key in keys}
    panel.ui.keysButton.click()
    assert sheet.widget.isHidden()


@pytest.fixture
def page(module_widget):
    from SpineGTRefineLib.panel.settings_page import SettingsPage

    return SettingsPage(module_widget.loadUi)


def test_the_settings_have_a_page_and_only_one(program, module_widget):
    dialog = program.app.settingsDialog()
    module_widget.panel.settings.addTo(dialog)
    assert list(dialog._panels) == ["SpineGTRefine"]


def test_a_key_can_be_changed_and_a_taken_one_cannot(program, keys, module_widget, page):
    names = [key.name for key in keys]
    page.ui.keyCombo.currentIndex = names.index("run")
    page.ui.keyEdit.text = "N"
    page.ui.keyButton.click()
    assert "taken" in page.ui.keyMessage.text
    page.ui.keyEdit.text = "Ctrl+Shift+M"
    page.ui.keyButton.click()
    module_widget.exit()
    module_widget.enter()
    assert "Ctrl+Shift+M" in installed(program)
    assert "M" not in installed(program)


def test_settings_stay_for_the_next_start(program, page):
    from SpineGTRefineLib.panel.preferences import Preferences

    page.ui.runAheadCheck.checked = True
    page.ui.deviceSettingCombo.currentText = "cpu"
    loaded = Preferences.load()
    assert (loaded.runAhead, loaded.device) == (True, "cpu")


def test_what_was_set_on_the_page_holds_at_once_and_opening_a_dataset_does_not_undo_it(program, panel, page, dataset):
    from SpineGTRefineLib.panel.preferences import Preferences

    page.ui.runAheadCheck.checked = True
    page.ui.deviceSettingCombo.currentText = "cpu"
    panel.enter()
    assert panel.models.ui.deviceCombo.currentText == "cpu"
    panel.workspace.openDataset(str(dataset.root), "AB")
    assert panel.workspace.preferences == Preferences("AB", "cpu", "", runAhead=True)


def test_nothing_of_the_user_goes_into_the_scene(program, opened, module_widget, dataset):
    import slicer

    node = slicer.mrmlScene.GetSingletonNode("SpineGTRefine", "vtkMRMLScriptedModuleNode")
    assert node.GetParameter("caseKey") == "sub-01_T2w"
    assert node.GetNodeReference("volume") is opened.workspace.view.case.volume
    # Slicer's own wrapper notes the names of its node references among the parameters, too.
    assert set(node.GetParameterNames()) - {"volume", "segmentation"} == {"caseKey"}
