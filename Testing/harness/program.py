"""The program around a module's panel: main window, views, settings, and the bases of scripted modules, with Qt.

``start()`` makes them once per process. What a scene and a module's logic need without Qt is in ``slicer_stand_ins``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pythonqt
import slicer
from offered import stand_in
from pythonqt import qt
from slicer_stand_ins import qSlicerCoreApplication

VIEWS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}
_started: list[Program] = []


@stand_in
class qMRMLSliceWidget:
    """A slice view."""

    def __init__(self, logic):
        self._logic = logic

    def sliceLogic(self):
        """Return its logic."""
        return self._logic

    def mrmlSliceNode(self):
        """Return its node."""
        return self._logic.GetSliceNode()


@stand_in
class qSlicerLayoutManager:
    """The views of the main window."""

    def __init__(self, logics):
        self._logics = logics

    def sliceViewNames(self):
        """Return the names of the slice views."""
        return tuple(VIEWS)

    def sliceWidget(self, name):
        """Return a slice view."""
        return qMRMLSliceWidget(self._logics[name])

    def mrmlSliceLogics(self):
        """Return the logics of the slice views."""
        import vtk

        collection = vtk.vtkCollection()
        for logic in self._logics.values():
            collection.AddItem(logic)
        return collection

    def setLayout(self, layout):
        """Arrange the views."""
        self._layout = layout


@stand_in
class qSlicerApplication(qSlicerCoreApplication):
    """What ``slicer.app`` offers."""

    def __init__(self, layout_manager, settings_dialog):
        self._layout_manager, self._settings_dialog = layout_manager, settings_dialog

    def layoutManager(self):
        """Return the views; None without a main window."""
        return self._layout_manager

    def settingsDialog(self):
        """Return the dialog of the application settings."""
        return self._settings_dialog

    def topLevelWidgets(self):
        """Return all windows."""
        return qt.QApplication.topLevelWidgets()

    def focusWidget(self):
        """Return the widget that gets the keys."""
        return qt.QApplication.focusWidget()

    def processEvents(self):
        """Let the event loop run."""
        qt.QApplication.processEvents()

    def startupEnvironment(self):
        """Return what the program was started with."""
        return qt.QProcessEnvironment.systemEnvironment()


class Program:
    """A Slicer with nothing in it."""

    def __init__(self):
        self.application = qt.QApplication.instance() or qt.QApplication([])
        _use_settings_of_our_own()
        import ctk_widgets
        import qmrml_widgets

        self.window = qt.QMainWindow()
        self.window.setObjectName("qSlicerMainWindow")
        sys.modules["qt"], sys.modules["ctk"] = qt, ctk_widgets.make_module()
        self.classes = {cls.__name__: cls for cls in qmrml_widgets.CLASSES}
        self.settings_dialog = ctk_widgets.ctkSettingsDialog()
        self.window.show()

    def enter(self, monkeypatch, scene) -> SimpleNamespace:
        """Let ``slicer`` be this program, with this scene, until the test ends."""
        qt.QSettings().clear()
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene.mrml)
        logics = {name: _slice_logic(scene, name) for name in VIEWS}
        app = qSlicerApplication(qSlicerLayoutManager(logics), self.settings_dialog)
        for name, value in {**self.classes, "app": app}.items():
            monkeypatch.setattr(slicer, name, value, raising=False)
        return SimpleNamespace(app=app, logics=logics, window=self.window)


def start() -> Program:
    """Return the program of this process."""
    if not _started:
        _started.append(Program())
    return _started[0]


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Let the event loop run until something is so; errors of slots come out here."""
    end = time.monotonic() + timeout_s
    while not condition():
        if pythonqt.errors:
            raise pythonqt.errors.pop(0)
        if time.monotonic() > end:
            raise AssertionError("It did not happen in time.")
        qt.QApplication.processEvents()
        time.sleep(0.005)


def _slice_logic(scene, name):
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene.mrml)
    logic.AddSliceNode(name).SetOrientation(VIEWS[name])
    return logic


def _use_settings_of_our_own():
    folder = Path(tempfile.mkdtemp(prefix="settings-"))
    qt.QCoreApplication.setOrganizationName("harness")
    qt.QCoreApplication.setApplicationName("Slicer")
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(folder))


class ForGood:
    """Does what pytest's ``monkeypatch`` does, without taking it back: for programs that end with the process."""

    def setattr(self, target: object, name: str, value: object, *, raising: bool = True) -> None:
        """Set an attribute."""
        del raising
        setattr(target, name, value)

    def setitem(self, mapping: dict, key: str, value: object) -> None:
        """Set an entry."""
        mapping[key] = value


def open_module(module_folder: Path) -> tuple[SimpleNamespace, object]:
    """Start a program outside of pytest and open the module; returns the program and the module's widget."""
    import slicer_stand_ins

    scene = slicer_stand_ins.install(ForGood())
    started = start().enter(ForGood(), scene)
    sys.path.append(str(module_folder))
    import SpineGTRefine

    parent = qt.QWidget()
    qt.QVBoxLayout(parent)
    widget = SpineGTRefine.SpineGTRefineWidget(parent)
    widget.setup()
    started.window.setCentralWidget(parent)
    started.window.show()
    widget.enter()
    return started, widget
