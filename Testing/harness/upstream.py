"""Slicer's own Python files in the place of our stand-ins, from the checkout that ``SLICER_SOURCE`` names."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import slicer

NAMES = ("i18n", "ScriptedLoadableModule", "parameterNodeWrapper")

WIDGETS_OF_THE_WRAPPER = {
    "ctk": (
        *("ctkCheckBox", "ctkCheckablePushButton", "ctkColorPickerButton", "ctkComboBox", "ctkDirectoryButton"),
        *("ctkDoubleRangeSlider", "ctkDoubleSlider", "ctkDoubleSpinBox", "ctkRangeWidget", "ctkSliderWidget"),
    ),
    "slicer": ("qMRMLNodeComboBox", "qMRMLRangeWidget", "qMRMLSliderWidget", "qMRMLSpinBox", "qSlicerWidget"),
}
"""Widgets that the wrapper registers when it is imported. They are there only meanwhile: panels may not use them."""


def load(checkout: Path) -> dict[str, types.ModuleType]:
    """Import Slicer's files as ``slicer.NAME``; a program with Qt must have been started."""
    made = []
    for owner, names in WIDGETS_OF_THE_WRAPPER.items():
        for name in names:
            if not hasattr(sys.modules[owner], name):
                setattr(sys.modules[owner], name, type(name, (), {}))
                made.append((sys.modules[owner], name))
    try:
        return {f"slicer.{name}": _import(checkout / "Base" / "Python" / "slicer", name) for name in NAMES}
    finally:
        for owner, name in made:
            delattr(owner, name)


def sample_data(checkout: Path) -> types.ModuleType:
    """Import Slicer's own module for sample data."""
    return _import_file("SampleData", checkout / "Modules" / "Scripted" / "SampleData" / "SampleData.py")


def _import(folder: Path, name: str) -> types.ModuleType:
    package = folder / name / "__init__.py"
    module = _import_file(f"slicer.{name}", package if package.is_file() else folder / f"{name}.py")
    setattr(slicer, name, module)
    return module


def _import_file(name: str, path: Path) -> types.ModuleType:
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
