"""The harness is at least as strict as the program: what would fail or do nothing in Slicer fails here."""

import os
import re
import sys
from pathlib import Path

import pytest
from offered import members, members_of
from pythonqt import WIDGETS, qt

UI = Path(__file__).resolve().parents[2] / "SpineGTRefine" / "Resources" / "UI"


def test_properties_are_attributes_and_not_methods(program):
    label = qt.QLabel()
    label.text = "x"
    assert label.text == "x"
    with pytest.raises(TypeError):
        label.text()


def test_a_misspelt_property_cannot_be_set(program):
    with pytest.raises(AttributeError, match="enabeld"):
        qt.QPushButton().enabeld = False


def test_a_misspelt_signal_cannot_be_connected(program):
    with pytest.raises(ValueError, match="clickd"):
        qt.QPushButton().connect("clickd(bool)", print)


def test_qt_takes_no_references_that_are_not_its_own(program):
    """Where they are not immortal (Python 3.11), one too many ends the process after all tests have passed."""
    constants, section = (None, True, False), WIDGETS["ctkCollapsibleButton"]()
    before = [sys.getrefcount(constant) for constant in constants]
    for _ in range(100):
        section.collapsed = not section.collapsed  # emits a signal
        section.setEnabled(True)
        qt.QApplication.processEvents()
    after = [sys.getrefcount(constant) for constant in constants]
    assert all(now > then - 100 for then, now in zip(before, after, strict=True)), (before, after)


def test_an_error_in_a_slot_is_not_lost(program):
    import pythonqt

    def fail(*_):
        raise ZeroDivisionError

    button = qt.QPushButton()
    button.connect("clicked(bool)", lambda _on: fail())
    button.click()
    assert [type(error) for error in pythonqt.errors] == [ZeroDivisionError]
    pythonqt.errors.clear()


def test_a_stand_in_offers_what_upstream_offers_and_nothing_else(program):
    from offered import stand_in

    with pytest.raises(TypeError, match="somethingNew"):
        stand_in(type("qMRMLWidget", (WIDGETS["qMRMLWidget"],), {"somethingNew": lambda self: None}))


def test_the_editor_widget_insists_on_the_order_of_its_life_cycle(program):
    import slicer

    editor = WIDGETS["qMRMLSegmentEditorWidget"]()
    with pytest.raises(AssertionError, match="before setMRMLScene"):
        editor.setMRMLScene(slicer.mrmlScene)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('name="wordWrap"', 'name="wordWarp"'),
        ('class="QPushButton" name="saveButton"', 'class="QPushButon" name="saveButton"'),
    ],
)
def test_a_misspelt_class_or_property_in_a_ui_file_fails(program, tmp_path, right, wrong):
    import slicer

    text = (UI / "Finish.ui").read_text(encoding="utf-8")
    assert right in text
    broken = tmp_path / "Finish.ui"
    broken.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises((AttributeError, ValueError, RuntimeError)):
        slicer.util.loadUI(str(broken))


@pytest.mark.parametrize("path", sorted(UI.glob("*.ui")), ids=lambda path: path.name)
def test_every_ui_file_loads(program, path):
    import slicer

    assert slicer.util.loadUI(str(path)) is not None


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("finish_section.py", "self.ui.saveButton, self.saveAndNext", "self.ui.savButton, self.saveAndNext"),
        ("case_section.py", "toggled(bool)", "togled(bool)"),
        ("segment_editor.py", "widget.effectColumnCount", "widget.effectColumCount"),
        ("segment_editor.py", "segmentationNodeSelectorVisible", "segmentationSelectorVisible"),
        ("segment_editor.py", "setEffectNameOrder", "setEffectOrder"),
        ("section.py", "setSectionResizeMode", "setSectionMode"),
        ("dataset_section.py", "self.ui.raterEdit.text", "self.ui.raterEdit.txt"),
        ("gui_thread.py", "setInterval", "setIntervall"),
    ],
)
def test_a_misspelt_widget_signal_property_or_method_in_the_panel_fails(program, monkeypatch, file, right, wrong):
    """Mutants of the panel's own code, each loaded in the place of the real file."""
    import importlib

    import SpineGTRefineLib.panel as package

    source = Path(package.__file__).with_name(file).read_text(encoding="utf-8")
    assert right in source
    for name in [name for name in sys.modules if name.startswith("SpineGTRefineLib.panel.")]:
        monkeypatch.setattr(package, name.rpartition(".")[2], sys.modules[name])  # put back afterwards, too
        monkeypatch.delitem(sys.modules, name)
    mutant = f"SpineGTRefineLib.panel.{file.removesuffix('.py')}"
    loader = importlib.util.find_spec(mutant).loader
    monkeypatch.setattr(type(loader), "get_code", _mutated(type(loader).get_code, mutant, right, wrong))
    panel = importlib.import_module("SpineGTRefineLib.panel.panel")
    from SpineGTRefineLib.scene import Scene

    with pytest.raises((AttributeError, ValueError)):
        panel.Panel(_load_ui, Scene.current())


def _mutated(get_code, mutant, right, wrong):
    def changed(self, name):
        if name != mutant:
            return get_code(self, name)
        source = self.get_source(name).replace(right, wrong)
        return compile(source, name, "exec")

    return changed


def _load_ui(name):
    import slicer

    return slicer.util.loadUI(str(UI / name))


def test_every_member_of_the_stand_ins_is_declared_upstream():
    """With SLICER_SOURCE (a folder with the sources of Slicer and CTK) the table is held against the headers."""
    source = os.environ.get("SLICER_SOURCE")
    if not source:
        pytest.skip("set SLICER_SOURCE to a folder with the sources Slicer/ and CTK/ to compare with their headers")
    missing = []
    for member in members():
        header = Path(source, member.header)
        if member.header.startswith("Qt"):
            continue
        if not header.is_file() or not re.search(rf"\b{re.escape(member.name)}\b", header.read_text(encoding="utf-8")):
            missing.append(f"{member.owner}.{member.name} in {member.header}")
    assert missing == []


def test_every_stand_in_has_its_rows_in_the_table():
    assert {cls for cls in WIDGETS if not members_of(cls)} == set()
