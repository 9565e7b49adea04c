"""Self-test of SpineGTRefine in a real Slicer, from the checkout. It installs nothing and works in its own folder.

Without a main window (logic, scene, saving)::

    Slicer --no-main-window --testing --additional-module-paths SpineGTRefine \\
        --python-script Testing/selftest/selftest.py

With a main window (embedded editor, keys, jump, reload, scene close; a virtual display is fine)::

    Slicer --no-splash --testing --additional-module-paths SpineGTRefine \\
        --python-script Testing/selftest/selftest.py

Each step is reported as OK, FAILED with its error, or SKIPPED with the reason. The exit code is 0 if nothing failed.
"""

import importlib.util
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import slicer

MODULE = "SpineGTRefine"


class SkippedError(Exception):
    """This mode cannot do the step."""


class SelfTest:
    """The steps, in order; a step that needs what an earlier one did not bring is skipped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logic = self.widget = None

    def packages(self) -> None:
        """The package that Slicer does not bring along is there."""
        if importlib.util.find_spec("nibabel") is None:
            raise SkippedError("nibabel is not installed: open the module in a normal Slicer once and agree")

    def dataset(self) -> None:
        """Make a synthetic dataset."""
        self._need_packages()
        from SpineGTRefineLib.phantoms.dataset import PhantomCase, make_dataset
        from SpineGTRefineLib.phantoms.spine import SpineSettings

        settings = SpineSettings(spacing=4.0, region="lumbar", rootlets=False)
        made = make_dataset(self.folder, [PhantomCase("01", settings), PhantomCase("02", settings)])
        self.root = made.root

    def logic_saves(self) -> None:
        """Open, load, edit and save by the logic alone; only the edited voxels differ."""
        self._need("root")
        from SpineGTRefine import SpineGTRefineLogic
        from SpineGTRefineLib.imaging import read_labels

        logic = SpineGTRefineLogic()
        logic.openDataset(self.root)
        segmentation = logic.loadCase("sub-01_T2w", "spine").segmentation
        before = segmentation.labels().array
        segment_id = segmentation.segment_id(segmentation.original.scheme.value_of("vertebra_L3"))
        voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation.node, segment_id)
        voxels[:2, :2, :2] = segmentation.node.GetSegmentation().GetSegment(segment_id).GetLabelValue()
        saved = logic.saveRefined(rater="selftest")
        after = read_labels(saved.path, segmentation.original.scheme).array
        logic.closeCase(discardEdits=True)
        assert int((after != before).sum()) == 8, "exactly eight voxels were painted"

    def sample_data(self) -> None:
        """The phantom is registered with Slicer's Sample Data, and is made and shown on request."""
        self._need_packages()
        registered = getattr(slicer.modules, "sampleDataSources", {}).get(MODULE)
        if not registered:
            # Slicer says that it has started after it has run this script, where it was given on the command line.
            from SpineGTRefine import registerSampleData

            registerSampleData()
            registered = slicer.modules.sampleDataSources[MODULE]
        volume, segmentation = registered[0].customDownloader(registered[0])
        assert segmentation.GetSegmentation().GetNumberOfSegments() > 20
        self.volume = volume

    def recipe_on_a_volume(self) -> None:
        """A recipe runs on a volume of the scene, in a worker process; the segmentation lies on the volume's grid."""
        self._need_packages()
        if not hasattr(self, "volume"):
            raise SkippedError("there is no volume")
        from SpineGTRefine import SpineGTRefineLogic
        from SpineGTRefineLib.errors import MissingDependencyError, ModelNotInstalledError

        logic = SpineGTRefineLogic()
        try:
            node = logic.runRecipe(self.volume, "canal")
        except (MissingDependencyError, ModelNotInstalledError) as error:
            raise SkippedError(str(error)) from error
        finally:
            logic.stopWorker()
        role = node.GetReferenceImageGeometryReferenceRole()
        assert node.GetNodeReference(role) is self.volume

    def transformed_volume(self) -> None:
        """A volume that is moved by a transform is refused, with its reason."""
        if not hasattr(self, "volume"):
            raise SkippedError("there is no volume")
        from SpineGTRefine import SpineGTRefineLogic
        from SpineGTRefineLib.errors import GeometryError

        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        self.volume.SetAndObserveTransformNodeID(transform.GetID())
        try:
            SpineGTRefineLogic().runRecipe(self.volume, "canal")
        except GeometryError:
            return
        finally:
            self.volume.SetAndObserveTransformNodeID(None)
        raise AssertionError("the moved volume was not refused")

    def panel(self) -> None:
        """Switch to the module; the panel comes up."""
        self._need("root")
        self._need_window()
        slicer.util.selectModule(MODULE)
        self.widget = slicer.util.getModuleWidget(MODULE)
        assert self.widget.panel is not None

    def panel_opens_a_case(self) -> None:
        """The first mask to do is open and in the views."""
        panel = self._panel()
        panel.workspace.openDataset(str(self.root), "selftest")
        assert panel.workspace.isOpen
        assert panel.editor.ui.editor.segmentationNode() is panel.workspace.view.case.segmentation.node

    def embedded_effect(self) -> None:
        """An effect of the embedded editor can be chosen and let go."""
        editor = self._panel().editor.ui.editor
        editor.setActiveEffectByName("Paint")
        assert editor.activeEffect() is not None
        editor.setActiveEffect(None)

    def level_shift_and_undo(self) -> None:
        """Shift levels, then undo by the editor's own history."""
        panel = self._panel()
        bench = panel.workspace.session.bench
        before = bench.labels().array.copy()
        panel.workspace.choose("vertebra_L5")
        panel.levels.shift(1)
        assert (bench.labels().array != before).any()
        panel.editor.ui.editor.undo()
        slicer.app.processEvents()
        assert (bench.labels().array == before).all()

    def jump(self) -> None:
        """The slice views go to a structure."""
        panel = self._panel()
        node = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
        before = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        panel.workspace.choose("vertebra_L1")
        panel.editor.jumpToStructure()
        after = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        assert before != after

    def keys_come_and_go(self) -> None:
        """Keys exist while the module is shown, and only then."""
        panel = self._panel()
        assert panel.shortcuts._installed
        slicer.util.selectModule("Welcome" if slicer.util.getModule("Welcome") else "Data")
        assert not panel.shortcuts._installed
        slicer.util.selectModule(MODULE)
        assert panel.shortcuts._installed

    def scene_close(self) -> None:
        """Closing the scene closes the case; the next one can be opened."""
        panel = self._panel()
        item = panel.workspace.session.item
        slicer.mrmlScene.Clear(0)
        assert not panel.workspace.isOpen
        panel.workspace.open(item)
        assert panel.workspace.isOpen

    def reload(self) -> None:
        """The module can be read again."""
        self._panel()
        self.widget.onReload()
        self.widget = slicer.util.getModuleWidget(MODULE)
        assert self.widget.panel is not None

    def _panel(self):
        if self.widget is None:
            raise SkippedError("there is no panel")
        return self.widget.panel

    def _need_window(self) -> None:
        if slicer.util.mainWindow() is None:
            raise SkippedError("needs a main window")

    def _need_packages(self) -> None:
        if importlib.util.find_spec("nibabel") is None:
            raise SkippedError("nibabel is not installed")

    def _need(self, name: str) -> None:
        if not hasattr(self, name):
            raise SkippedError("there is no dataset")


STEPS = (
    *("packages", "dataset", "logic_saves", "sample_data", "recipe_on_a_volume", "transformed_volume"),
    *("panel", "panel_opens_a_case", "embedded_effect"),
    *("level_shift_and_undo", "jump", "keys_come_and_go", "scene_close", "reload"),
)


def run() -> int:
    """Run all steps, print what became of each, and return the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="spine-gt-refine-selftest-"))
    test, failed = SelfTest(folder), 0
    for name in STEPS:
        step = getattr(test, name)
        try:
            step()
            outcome = "OK"
        except SkippedError as reason:
            outcome = f"SKIPPED ({reason})"
        except Exception:
            failed += 1
            outcome = "FAILED\n" + traceback.format_exc()
        print(f"{name}: {step.__doc__.splitlines()[0]} {outcome}")
    shutil.rmtree(folder, ignore_errors=True)
    print(f"self-test: {len(STEPS)} steps, {failed} failed, Slicer {getattr(slicer.app, 'applicationVersion', '?')}")
    return 1 if failed else 0


if __name__ == "__main__":
    code = run()
    if hasattr(slicer.util, "exit"):
        slicer.util.exit(code)
    sys.exit(code)
