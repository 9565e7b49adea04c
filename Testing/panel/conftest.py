"""The module's panel in the harness: real widgets of Qt, stand-ins for Slicer's and CTK's, a real MRML scene."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("slicer", reason="needs slicer-core (pip install 'spine-gt-refine[scene]')")
pytest.importorskip("PySide6.QtWidgets", reason="needs PySide6-Essentials and libEGL", exc_type=ImportError)

HARNESS = str(Path(__file__).resolve().parents[1] / "harness")
if HARNESS not in sys.path:
    sys.path.append(HARNESS)


@pytest.fixture
def program(monkeypatch):
    """A Slicer with nothing in it; errors of slots fail the test."""
    import program as harness
    import pythonqt
    import slicer_stand_ins

    scene = slicer_stand_ins.install(monkeypatch)
    started = harness.start().enter(monkeypatch, scene)
    started.scene, started.wait_until = scene, harness.wait_until
    pythonqt.errors.clear()
    yield started
    assert not pythonqt.errors


@pytest.fixture
def module_widget(program, monkeypatch):
    """The module's widget, set up and entered as Slicer does when the user chooses the module."""
    from pythonqt import qt

    monkeypatch.delitem(sys.modules, "SpineGTRefine", raising=False)
    module = importlib.import_module("SpineGTRefine")
    parent = qt.QWidget()
    qt.QVBoxLayout(parent)
    widget = module.SpineGTRefineWidget(parent)
    widget.setup()
    program.window.setCentralWidget(parent)
    program.window.show()
    widget.enter()
    yield widget
    widget.cleanup()
    program.window.takeCentralWidget()
    sys.modules.pop("SpineGTRefine", None)


@pytest.fixture
def panel(module_widget):
    """The panel."""
    return module_widget.panel


@pytest.fixture
def dataset(tmp_path):
    """Two subjects with masks of a lab: the levels of the first are shifted from L2 on."""
    from SpineGTRefineLib.anatomy import scheme
    from SpineGTRefineLib.imaging import read_labels, write_labels
    from SpineGTRefineLib.phantoms.dataset import PhantomCase, make_dataset
    from SpineGTRefineLib.phantoms.spine import SpineSettings
    from SpineGTRefineLib.refine.levels import shift_levels

    settings = SpineSettings(spacing=4.0, region="lumbar", rootlets=False)
    cases = (
        PhantomCase("01", settings),
        PhantomCase("02", SpineSettings(spacing=4.0, region="lumbar", axcodes="LAS", rootlets=False)),
    )
    made = make_dataset(tmp_path, cases)
    (lab,) = (made.root / "derivatives" / "labels" / "sub-01").rglob("*_dseg.nii.gz")
    write_labels(lab, shift_levels(read_labels(lab, scheme("spine")), "vertebra_L2", 1))
    return SimpleNamespace(root=made.root, output=made.root / "derivatives" / "spine-gt-refine")


@pytest.fixture
def opened(panel, dataset):
    """The panel with the dataset open: what one click does."""
    panel.dataset.ui.raterEdit.text = "AB"
    panel.dataset.ui.datasetPath.currentPath = str(dataset.root)
    panel.dataset.ui.openButton.click()
    return panel
