"""The module file, imported as Slicer would, on slicer-core with stand-ins for what the program adds."""

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("slicer", reason="needs slicer-core (pip install 'spine-gt-refine[scene]')")

HARNESS = Path(__file__).resolve().parents[1] / "harness"


@pytest.fixture
def slicer_scene(monkeypatch):
    """``slicer`` as inside the program; the application's scene."""
    monkeypatch.syspath_prepend(str(HARNESS))
    return importlib.import_module("slicer_stand_ins").install(monkeypatch)


@pytest.fixture
def module(slicer_scene, monkeypatch):
    """The module ``SpineGTRefine``, freshly imported."""
    monkeypatch.delitem(sys.modules, "SpineGTRefine", raising=False)
    yield importlib.import_module("SpineGTRefine")
    sys.modules.pop("SpineGTRefine", None)
