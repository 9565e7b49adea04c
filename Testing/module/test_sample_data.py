"""Sample data: a synthetic spine on request, from Slicer's own module Sample Data, with and without a main window."""

import importlib

import pytest
import slicer

from SpineGTRefineLib.phantoms import make_spine


@pytest.fixture
def small(module, monkeypatch):
    """The phantom is made small."""
    phantom = make_spine(seed=0, spacing=4.0, region="lumbar", rootlets=False)
    monkeypatch.setattr("SpineGTRefineLib.phantoms.make_spine", lambda **settings: phantom)
    return phantom


def sources_of(module):
    module.SpineGTRefine(importlib.import_module("slicer_stand_ins").module_parent(module.__file__))
    assert "SpineGTRefine" not in slicer.modules.sampleDataSources, "nothing is done while Slicer starts"
    slicer.app.startupCompleted()
    return slicer.modules.sampleDataSources["SpineGTRefine"]


def test_the_phantom_is_offered_when_slicer_has_started_and_names_no_download(module):
    (source,) = sources_of(module)
    assert source.sampleName == "SpineGTRefinePhantom"
    assert list(source.uris) == []
    assert "SpineGTRefine.png" in source.thumbnailFileName


def test_it_is_made_and_shown_on_request_without_a_main_window(module, small):
    (source,) = sources_of(module)
    volume, segmentation = source.customDownloader(source)
    assert slicer.util.arrayFromVolume(volume).shape == small.image.array.shape[::-1]
    names = {
        segmentation.GetSegmentation().GetNthSegment(n).GetName()
        for n in range(segmentation.GetSegmentation().GetNumberOfSegments())
    }
    assert "sacrum" in {name.lower() for name in names}


def test_with_views_it_is_in_them(module, small, slicer_scene, monkeypatch):
    pytest.importorskip("PySide6.QtWidgets", reason="needs PySide6-Essentials and libEGL", exc_type=ImportError)
    import program

    program.start().enter(monkeypatch, slicer_scene)
    volume, _ = module.makeSampleData()
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert composites
    assert {node.GetBackgroundVolumeID() for node in composites} == {volume.GetID()}


def test_the_phantom_has_a_whole_spine(module):
    volume, segmentation = module.makeSampleData()
    assert volume.GetImageData().GetNumberOfPoints() > 100_000
    assert segmentation.GetSegmentation().GetNumberOfSegments() > 20
