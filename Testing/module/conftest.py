"""The module file, imported as Slicer would, on slicer-core with stand-ins for what the program adds."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

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


@pytest.fixture
def dataset(tmp_path):
    """A BIDS dataset with one synthetic lumbar spine and a mask of the lab."""
    from SpineGTRefineLib.imaging import write_image, write_labels
    from SpineGTRefineLib.phantoms import make_spine

    phantom = make_spine(seed=4, spacing=4.0, region="lumbar", rootlets=False, axcodes="LAS")
    image = tmp_path / "data" / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    mask = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat" / "sub-01_T2w_label-spine_dseg.nii.gz"
    write_image(image, phantom.image)
    write_labels(mask, phantom.spine)
    return SimpleNamespace(root=tmp_path / "data", phantom=phantom, image=image, mask=mask)
