"""The module file: light to import, complete in its panel, and its own test passes."""

import ast
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import pytest
import slicer

from SpineGTRefineLib.errors import MissingDependencyError

LIGHT = {"slicer", "vtk", "qt", "ctk"}


@pytest.fixture
def module_file(repository):
    return repository / "SpineGTRefine" / "SpineGTRefine.py"


def imported_at_file_scope(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_starting_slicer_imports_only_slicers_own_modules(module_file):
    imported = imported_at_file_scope(ast.parse(module_file.read_text(encoding="utf-8")))
    assert imported <= LIGHT | sys.stdlib_module_names


@pytest.mark.slow
def test_starting_slicer_loads_neither_the_library_nor_its_packages(repository):
    code = (
        "import sys, pytest; sys.path[:0] = ['SpineGTRefine', 'Testing/harness', '.']\n"
        "import slicer_stand_ins; slicer_stand_ins.install(pytest.MonkeyPatch())\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] in ('SpineGTRefineLib', 'nibabel', 'SimpleITK')]:\n"
        "    del sys.modules[name]\n"
        "import SpineGTRefine\n"
        "SpineGTRefine.SpineGTRefine(slicer_stand_ins.module_parent('SpineGTRefine.py'))\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'SpineGTRefineLib', 'nibabel', 'SimpleITK'}))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_library_is_found_in_a_checkout_where_slicer_only_searches_the_modules_folder(repository, tmp_path):
    code = (
        "import os, sys, types, importlib.util\n"
        "import slicer\n"
        "base = types.ModuleType('slicer.ScriptedLoadableModule')\n"
        "for end in ('', 'Widget', 'Logic', 'Test'):\n"
        "    setattr(base, 'ScriptedLoadableModule' + end, type('Base' + end, (), {}))\n"
        "i18n = types.ModuleType('slicer.i18n'); i18n.tr = i18n.translate = str\n"
        "wrapper = types.ModuleType('slicer.parameterNodeWrapper'); wrapper.parameterNodeWrapper = lambda cls: cls\n"
        "sys.modules.update({m.__name__: m for m in (base, i18n, wrapper)})\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
        "sys.path[:] = [p for p in sys.path if p and not os.path.isfile(p + '/SpineGTRefineLib/__init__.py')]\n"
        f"sys.path.append({str(repository / 'SpineGTRefine')!r})\n"
        "found = importlib.util.find_spec('SpineGTRefineLib')\n"
        "assert found is None or found.origin is None, found\n"  # a folder of that name is no library
        "import SpineGTRefine, SpineGTRefineLib\n"
        "print(SpineGTRefineLib.__file__)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(repository / "SpineGTRefineLib" / "__init__.py")


def test_slicer_finds_the_four_classes_and_the_module_describes_itself(module):
    parent = SimpleNamespace(path=module.__file__)
    module.SpineGTRefine(parent)
    assert parent.title == "SpineGTRefine"
    assert parent.categories == ["Segmentation"]
    assert parent.helpText
    assert parent.contributors
    for end in ("Widget", "Logic", "Test"):
        assert hasattr(module, "SpineGTRefine" + end)


def test_the_modules_own_test_passes_as_slicers_test_runner_runs_it(module):
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.SpineGTRefineTest)
    assert suite.countTestCases() > 0
    outcome = unittest.TextTestRunner().run(suite)
    assert outcome.wasSuccessful(), outcome.errors + outcome.failures


def test_the_modules_own_test_passes_as_the_reload_and_test_button_runs_it(module):
    module.SpineGTRefineTest().runTest()


def test_every_control_says_what_it_does(repository):
    files = sorted((repository / "SpineGTRefine" / "Resources" / "UI").glob("*.ui"))
    assert files
    controls = {"QPushButton", "QToolButton", "QComboBox", "QCheckBox", "QLineEdit", "QTableWidget", "ctkPathLineEdit"}
    for path in files:
        for widget in ElementTree.parse(path).iter("widget"):
            if widget.get("class") in controls:
                tips = [p.findtext("string") for p in widget.findall("property") if p.get("name") == "toolTip"]
                assert tips, (path.name, widget.get("name"))
                assert tips[0], (path.name, widget.get("name"))


def test_every_widget_of_slicer_and_ctk_is_declared_in_its_ui_file(repository):
    for path in (repository / "SpineGTRefine" / "Resources" / "UI").glob("*.ui"):
        tree = ElementTree.parse(path)
        used = {widget.get("class") for widget in tree.iter("widget")}
        declared = {custom.findtext("class") for custom in tree.iter("customwidget")}
        assert {name for name in used if not name.startswith("Q")} == declared, path.name


def test_reloading_the_module_reads_the_library_again(module, monkeypatch):
    import SpineGTRefineLib.errors

    monkeypatch.setattr(sys, "modules", dict(sys.modules))  # the other tests keep their modules
    before = sys.modules["SpineGTRefineLib.errors"]
    monkeypatch.setattr(slicer.util, "reloadScriptedModule", lambda name: None, raising=False)
    module.SpineGTRefineWidget.onReload(SimpleNamespace(moduleName="SpineGTRefine"))
    assert not [name for name in sys.modules if name.startswith("SpineGTRefineLib")]
    assert before is SpineGTRefineLib.errors


@pytest.mark.parametrize("answer", ["no", "testing mode", "yes"])
def test_the_package_that_slicer_lacks_is_asked_for_once_and_its_absence_explained(module, monkeypatch, answer):
    installed, asked = [], []

    def find_spec(name):
        return None if name == "nibabel" and not installed else object()

    def pip_ensure(requirements, requester):
        asked.append((requirements, requester))
        if answer == "no":
            raise RuntimeError("declined")
        if answer == "yes":
            installed.append("nibabel")

    packaging = SimpleNamespace(load_requirements=lambda path: path.read_text().split(), pip_ensure=pip_ensure)
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    monkeypatch.setattr(module.importlib.util, "find_spec", find_spec)
    if answer == "yes":
        module.requirePackages()
        module.requirePackages()
    else:
        with pytest.raises(MissingDependencyError, match="nibabel"):
            module.requirePackages()
    assert asked == [(["nibabel>=5.3,<6"], "SpineGTRefine")]


def test_before_a_dataset_is_open_the_logic_answers_in_a_slicer_without_the_missing_package(module, monkeypatch):
    def refuse():
        raise AssertionError("asked for a package")

    monkeypatch.setattr(module, "requirePackages", refuse)
    logic = module.SpineGTRefineLogic()
    assert (logic.dataset, logic.shown) == (None, None)
    assert not logic.isCaseOpen
    assert not logic.hasUnsavedEdits()
    logic.closeCase()
    for act in (logic.maskTypeNames, logic.recipeNames, lambda: logic.openDataset("somewhere"), logic.saveRefined):
        with pytest.raises(AssertionError, match="asked for a package"):
            act()
