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
import sources
from offered import members_of, stand_in

from SpineGTRefineLib.scene import Scene

MODULE_FILE = Path(__file__).resolve().parents[2] / "SpineGTRefine" / "SpineGTRefine.py"


class _Sender:
    """Connects and emits signals without Qt; refuses one that the table does not list."""

    def connect(self, signal, slot):
        """Connect a function."""
        names = {m.signature for cls in type(self).__mro__ for m in members_of(cls.__name__).values()}
        if signal not in names:
            raise ValueError(f"{type(self).__name__} has no signal {signal!r}")
        self.__dict__.setdefault("_slots", {}).setdefault(signal, []).append(slot)
        return True

    def disconnect(self, signal, slot):
        """Disconnect a function."""
        self._slots[signal].remove(slot)
        return True

    def _emit(self, signal, *arguments):
        for slot in tuple(self.__dict__.get("_slots", {}).get(signal, ())):
            slot(*arguments)


@stand_in
class qSlicerModuleManager(_Sender):
    """Knows when a module goes."""

    def moduleAboutToBeUnloaded(self, name):
        """Say that a module goes."""
        self._emit("moduleAboutToBeUnloaded(QString)", name)


@stand_in
class qSlicerCoreApplication(_Sender):
    """What ``slicer.app`` offers without a window."""

    def moduleManager(self):
        """Return the modules."""
        return self.__dict__.setdefault("_modules", qSlicerModuleManager())

    def translate(self, context, text):
        """Return the text: the program speaks English."""
        del context
        return text

    def startupCompleted(self):
        """Say that the program is there."""
        self._emit("startupCompleted()")


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


class SampleDataLogic:
    """The part of Slicer's module for sample data that other modules call."""

    @staticmethod
    def registerCustomSampleDataSource(category, sampleName, *, uris, fileNames, nodeNames, customDownloader, **more):
        """Remember what can be shown."""
        source = types.SimpleNamespace(sampleName=sampleName, customDownloader=customDownloader, uris=uris, **more)
        source.fileNames, source.nodeNames = fileNames, nodeNames
        slicer.modules.sampleDataSources.setdefault(category, []).append(source)


def parameterNodeWrapper(cls):
    """Give a class with annotations the constructor and the typed attributes that Slicer's own decorator gives."""

    def attribute(name, kind):
        if kind is str:
            return property(
                lambda self: self.parameterNode.GetParameter(name),
                lambda self, value: self.parameterNode.SetParameter(name, value),
            )
        return property(
            lambda self: self.parameterNode.GetNodeReference(name),
            lambda self, node: self.parameterNode.SetNodeReferenceID(name, node.GetID() if node is not None else None),
        )

    def construct(self, parameterNode):
        self.parameterNode = parameterNode

    cls.__init__ = construct
    for name, kind in cls.__annotations__.items():
        setattr(cls, name, attribute(name, kind))
    return cls


def install(monkeypatch) -> Scene:
    """Let ``slicer`` look as inside the program until the test ends; returns the application's scene."""
    scene = Scene.headless()
    modules = types.SimpleNamespace(sampleDataSources={}, spinegtrefine=types.SimpleNamespace(path=str(MODULE_FILE)))
    for name, value in (("mrmlScene", scene.mrml), ("modules", modules), ("app", qSlicerCoreApplication())):
        monkeypatch.setattr(slicer, name, value, raising=False)
    for module in _upstream() or _our_own():
        monkeypatch.setitem(sys.modules, module.__name__, module)
        if module.__name__.startswith("slicer."):
            monkeypatch.setattr(slicer, module.__name__.removeprefix("slicer."), module, raising=False)
    return scene


def _our_own() -> list[types.ModuleType]:
    contents = {
        "slicer.ScriptedLoadableModule": (
            ScriptedLoadableModule,
            ScriptedLoadableModuleWidget,
            ScriptedLoadableModuleLogic,
            ScriptedLoadableModuleTest,
        ),
        "slicer.parameterNodeWrapper": (parameterNodeWrapper,),
        "SampleData": (SampleDataLogic,),
    }
    translation = types.ModuleType("slicer.i18n")
    translation.tr = lambda text: text
    translation.translate = lambda context, text: text
    made = [translation]
    for name, members in contents.items():
        module = types.ModuleType(name)
        module.__all__ = [each.__name__ for each in members]
        vars(module).update({each.__name__: each for each in members})
        made.append(module)
    return made


def _upstream() -> list[types.ModuleType]:
    """Slicer's own files, where there is a checkout; they need Qt."""
    checkout = sources.checkout("Slicer")
    if checkout is None:
        return []
    import program
    import upstream

    program.start()
    return [*upstream.load(checkout).values(), upstream.sample_data(checkout)]


def module_parent(module_file: Path) -> types.SimpleNamespace:
    """What Slicer hands to a module's constructor."""
    return types.SimpleNamespace(path=str(module_file))
