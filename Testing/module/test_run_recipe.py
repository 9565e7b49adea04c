"""A recipe on a volume of the scene: one line of Python, a segmentation on the volume's grid, nothing else written."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
import vtk
from needs import needs_nnunet

from SpineGTRefineLib.errors import (
    CancelledError,
    GeometryError,
    MissingDependencyError,
    ModelNotInstalledError,
    UnsupportedFileError,
    UsageError,
)
from SpineGTRefineLib.imaging import Geometry, Image, write_image
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.models.installed import FOLDER_VARIABLE
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.scene import add_volume, recipe_runs
from SpineGTRefineLib.scene.grids import affine_of

WORKER = Path(__file__).resolve().parents[1] / "support" / "proposing_worker.py"


@pytest.fixture
def logic(module):
    made = module.SpineGTRefineLogic()
    yield made
    made.stopWorker()


@pytest.fixture
def phantom():
    return make_spine(seed=4, spacing=4.0, region="lumbar", rootlets=False, axcodes="LAS")


@pytest.fixture
def volume(slicer_scene, phantom):
    return add_volume(slicer_scene, phantom.image, "T2w of somebody")


@pytest.fixture
def worker(monkeypatch):
    """A worker whose model calls the brightest voxels canal; the folder of models needs no model then."""
    monkeypatch.setattr(recipe_runs, "find_python", lambda asked=None: Path(sys.executable))
    monkeypatch.setattr(recipe_runs, "worker_command", lambda python: [str(python), str(WORKER)])
    monkeypatch.setattr(recipe_runs, "choose_model", lambda *arguments: None)


def test_a_recipe_turns_a_volume_without_a_file_into_a_segmentation_on_its_grid(logic, worker, volume):
    before = slicer.util.arrayFromVolume(volume).copy()
    node = logic.runRecipe(volume, "canal")
    assert node.IsA("vtkMRMLSegmentationNode")
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    segment = node.GetSegmentation().GetSegment(segment_id)
    assert segment.GetName() == "spinal canal with cord"
    drawn = slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, segment_id)
    layer_grid, volume_grid = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    node.GetBinaryLabelmapInternalRepresentation(segment_id).GetImageToWorldMatrix(layer_grid)
    volume.GetIJKToRASMatrix(volume_grid)
    np.testing.assert_allclose(affine_of(layer_grid), affine_of(volume_grid), atol=1e-9)
    np.testing.assert_array_equal(drawn > 0, before > np.percentile(before, 97))
    assert node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()) is volume
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), before)


@pytest.mark.slow
def test_nothing_is_written_beside_a_volumes_file_and_nothing_is_left_elsewhere(
    logic, worker, volume, phantom, tmp_path, monkeypatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(recipe_runs.ImageJob.prepare.__globals__["tempfile"], "tempdir", str(scratch))
    file = tmp_path / "data" / "sub-01_T2w.nii.gz"
    write_image(file, phantom.image)
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(file))
    volume.SetAndObserveStorageNodeID(storage.GetID())
    logic.runRecipe(volume, "canal")
    assert [path.name for path in file.parent.iterdir()] == ["sub-01_T2w.nii.gz"]
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
def test_without_waiting_a_run_is_returned_that_reports_its_progress_and_its_end(logic, worker, volume):
    seen, ended = [], []
    run = logic.runRecipe(volume, "canal", blocking=False, on_progress=seen.append, on_end=ended.append)
    assert not run.isOver
    assert run.segmentation is None
    node = run.wait(60)
    assert ended == [run]
    assert node is run.segmentation
    assert [p.tile for p in seen] == sorted(p.tile for p in seen)
    assert seen[-1].tiles == 12


def test_a_run_can_be_cancelled_and_leaves_nothing_in_the_scene(logic, worker, volume):
    run = logic.runRecipe(volume, "canal", blocking=False, on_progress=lambda progress: run.cancel())
    with pytest.raises(CancelledError):
        run.wait(60)
    assert run.segmentation is None
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_an_interrupted_wait_cancels_the_run(logic, worker, volume):
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(CancelledError):
        logic.runRecipe(volume, "canal", on_progress=interrupt)


@pytest.mark.slow
def test_a_volume_that_was_removed_meanwhile_gets_no_segmentation(logic, worker, volume):
    run = logic.runRecipe(volume, "canal", blocking=False)
    slicer.mrmlScene.RemoveNode(volume)
    with pytest.raises(CancelledError, match="removed"):
        run.wait(60)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


@pytest.mark.slow
def test_the_worker_stays_for_the_next_volume_and_goes_with_the_logic(logic, worker, volume):
    logic.runRecipe(volume, "canal")
    engine = logic._runs.engine_of_runs()
    logic.runRecipe(volume, "canal")
    assert logic._runs.engine_of_runs() is engine
    logic.stopWorker()
    end = time.monotonic() + 10
    while engine.is_running and time.monotonic() < end:
        time.sleep(0.05)
    assert not engine.is_running


def test_what_cannot_be_run_is_refused_before_anything_starts(logic, volume, slicer_scene, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no models"))
    with pytest.raises(UsageError, match="canal"):
        logic.runRecipe(volume, "nonsense")
    with pytest.raises(UnsupportedFileError, match="no scalar volume"):
        logic.runRecipe(slicer_scene.new_node("vtkMRMLSegmentationNode", "mask"), "canal")
    with pytest.raises(UnsupportedFileError, match="no scalar volume"):
        logic.runRecipe(None, "canal")
    with pytest.raises(UnsupportedFileError, match="no gray image"):
        logic.runRecipe(slicer_scene.new_node("vtkMRMLScalarVolumeNode", "empty"), "canal")
    transform = slicer_scene.new_node("vtkMRMLLinearTransformNode", "moved")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(GeometryError, match="moved"):
        logic.runRecipe(volume, "canal")


def test_a_missing_model_and_a_missing_environment_are_told_with_the_way_out(logic, volume, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no models"))
    monkeypatch.setattr(recipe_runs, "choose_model", _no_model)
    with pytest.raises(ModelNotInstalledError) as missing:
        logic.runRecipe(volume, "canal")
    assert "models install" in missing.value.remedy
    monkeypatch.setattr(recipe_runs, "choose_model", lambda *arguments: None)
    monkeypatch.setattr("SpineGTRefineLib.engine.launch.installed_environments", dict)
    monkeypatch.setattr("SpineGTRefineLib.engine.launch._can_run_models", lambda: False)
    monkeypatch.delenv("SPINEGTREFINE_PYTHON", raising=False)
    with pytest.raises(MissingDependencyError, match="PyTorch"):
        logic.runRecipe(volume, "canal")


def _no_model(recipe, store, name):
    raise ModelNotInstalledError(
        f"None of the models of the recipe {recipe.name} is installed.", "Run: spine-gt-refine models install canal"
    )


@pytest.mark.slow
@needs_nnunet
def test_a_real_network_runs_from_the_console_in_a_process_of_its_own(logic, slicer_scene, tmp_path, monkeypatch):
    from tiny_models import make_model

    folder = tmp_path / "made" / "nnUNetTrainer__nnUNetPlans__3d_fullres"
    made = make_model(folder, labels={"background": 0, "canal": 1})
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "store"))
    ModelStore(tmp_path / "store").install_own(made, name="small", scheme="canal")
    array = np.random.default_rng(0).integers(0, 500, (24, 24, 16)).astype(np.int16)
    volume = add_volume(slicer_scene, Image(array, Geometry(array.shape, np.diag([0.8, 0.8, 1.3, 1.0]))), "T2w")
    node = logic.runRecipe(volume, "canal", model="small", device="cpu", python=sys.executable)
    (segment_id,) = node.GetSegmentation().GetSegmentIDs()
    assert slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, segment_id).shape == array.shape[::-1]
