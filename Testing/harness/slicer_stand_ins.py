"""What the Slicer program adds to ``slicer``, as far as the module's logic and test need it: written for these tests.

``slicer-core`` has the MRML scene, the nodes and ``slicer.util``, but no program: no ``slicer.mrmlScene``, no base
classes of scripted modules, no translation. The stand-ins below have the names and the documented behaviour of Slicer's
own. They are never installed with the extension. Widgets are not covered.
"""

from __future__ import annotations

import sys
import types
import unittest
from pathlib import Path

import slicer

from SpineGTRefineLib.scene import Scene


class ScriptedLoadableModule:
    """Base of the class that describes a module."""

    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = parent.helpText = parent.acknowledgementText = ""
        parent.categories, parent.dependencies, parent.contributors = [], [], []


class ScriptedLoadableModuleWidget:
    """Base of a module's panel; with widgets where the harness provides them (``program``)."""

    def __init__(self, parent=None):
        self.parent = parent
        self.layout = parent.layout() if parent is not None else None
        self.moduleName = type(self).__name__.removesuffix("Widget")

    def resourcePath(self, name):
        """Return the path of a file in the folder ``Resources`` beside the module's file."""
        return str(Path(sys.modules[type(self).__module__].__file__).parent / "Resources" / name)

    def setup(self):
        """Build the panel."""

    def cleanup(self):
        """Take it down."""

    def onReload(self):
        """Read the module file again."""


class ScriptedLoadableModuleLogic:
    """Base of a module's logic."""

    def __init__(self, parent=None):
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self):
        """Return the module's one parameter node."""
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.UnRegister(None)
            node.SetSingletonTag(self.moduleName)
            node = slicer.mrmlScene.AddNode(node)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """Base of a module's own test."""


def install(monkeypatch) -> Scene:
    """Let ``slicer`` look as inside the program until the test ends; returns the application's scene."""
    scene = Scene.headless()
    base_classes = types.ModuleType("slicer.ScriptedLoadableModule")
    classes = (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    )
    base_classes.__all__ = [each.__name__ for each in classes]
    for each in classes:
        setattr(base_classes, each.__name__, each)
    translation = types.ModuleType("slicer.i18n")
    translation.tr = lambda text: text
    translation.translate = lambda context, text: text
    for module in (base_classes, translation):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(slicer, module.__name__.removeprefix("slicer."), module, raising=False)
    monkeypatch.setattr(slicer, "mrmlScene", scene.mrml, raising=False)
    return scene


def module_parent(module_file: Path) -> types.SimpleNamespace:
    """What Slicer hands to a module's constructor."""
    return types.SimpleNamespace(path=str(module_file))
