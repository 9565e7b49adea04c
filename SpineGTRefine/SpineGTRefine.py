"""SpineGTRefine, the module of 3D Slicer: what it is called, its panel, its logic and its test.

The work is done by the library SpineGTRefineLib, which is imported when it is first needed: Slicer reads this file at
every start of the program.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

LIBRARY = "SpineGTRefineLib"

# Installed, the library lies beside this file; in a checkout, beside this folder, which Slicer does not search.
# A folder of that name without code (origin is None: a namespace) is not the library.
if getattr(importlib.util.find_spec(LIBRARY), "origin", None) is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))


class SpineGTRefine(ScriptedLoadableModule):
    """Name and description of the module. Runs at every start of Slicer, so it does next to nothing."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("SpineGTRefine")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "Volumes"]
        parent.contributors = ["The SpineGTRefine authors"]
        parent.helpText = _(
            "Repairs ground truths of spine MRI: open a BIDS dataset, propose masks from the outputs of models, "
            "correct them with the Segment Editor, and save a BIDS derivative with a record of what changed."
        )
        parent.acknowledgementText = _(
            "Builds on the outputs of SPINEPS, TotalSpineSeg and the Spinal Cord Toolbox; please cite them."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Offer a synthetic spine in Slicer's module Sample Data; it is made here, on request, never downloaded."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="SpineGTRefine",
        sampleName="SpineGTRefinePhantom",
        uris=[],
        fileNames=[],
        nodeNames=[],
        customDownloader=makeSampleData,
        thumbnailFileName=str(Path(__file__).parent / "Resources" / "Icons" / "SpineGTRefine.png"),
    )


def makeSampleData(source=None):  # noqa: ARG001
    """Make a synthetic spine and its mask and show them; returns the nodes of the volume and of the segmentation."""
    requirePackages()
    from SpineGTRefineLib.phantoms import make_spine
    from SpineGTRefineLib.scene import Scene, load_case

    phantom = make_spine(seed=0, spacing=2.0, rootlets=False)
    case = load_case(Scene.current(), phantom.image, phantom.spine, "SpineGTRefinePhantom T2w")
    slicer.util.setSliceViewerLayers(background=case.volume)
    return [case.volume, case.segmentation.node]


@parameterNodeWrapper
class SpineGTRefineParameterNode:
    """What a saved scene tells: the case that it shows, in which nodes. Paths, rater and device are no part of it."""

    caseKey: str
    volume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode


class SpineGTRefineWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Hangs the panel of the library into Slicer: its life follows that of the module and of the scene."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self.isEntered = False

    def setup(self):
        """Build the panel when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = SpineGTRefineLogic()
        self.buildPanel()

    def buildPanel(self):
        """Build the panel if all packages are there; else say what is missing, in its place."""
        from SpineGTRefineLib.errors import MissingDependencyError

        try:
            requirePackages()
        except MissingDependencyError as error:
            import qt

            self.layout.addWidget(qt.QLabel(str(error)))
            return
        from SpineGTRefineLib.panel import Panel
        from SpineGTRefineLib.scene import Scene

        self.panel = Panel(self.loadUi, Scene.current())
        self.layout.addWidget(self.panel.widget)
        self.panel.workspace.caseOpened.connect(self.onCaseOpened)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)

    def loadUi(self, name):
        """Load a file of Resources/UI."""
        return slicer.util.loadUI(self.resourcePath(f"UI/{name}"))

    def enter(self):
        """Begin a visit to the module."""
        self.isEntered = True
        if self.panel is not None:
            self.panel.enter()

    def exit(self):
        """End a visit to the module."""
        self.isEntered = False
        if self.panel is not None:
            self.panel.exit()

    def cleanup(self):
        """Let go of the scene when the module is unloaded; the worker ends."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.cleanup()
            self.panel = None

    def onReload(self):
        """Read the library again, too; Slicer by itself reads only this file."""
        for name in [name for name in sys.modules if name == LIBRARY or name.startswith(LIBRARY + ".")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def onCaseOpened(self):
        """Tell a saved scene which case it shows."""
        workspace, parameters = self.panel.workspace, self.logic.getParameterNode()
        parameters.caseKey = workspace.session.item.case.key
        parameters.volume = workspace.view.case.volume
        parameters.segmentation = workspace.view.case.segmentation.node

    def onSceneStartClose(self, caller=None, event=None):  # noqa: ARG002
        """Close the case, since the user closes the scene; edits are kept as a draft."""
        self.panel.closeScene()

    def onSceneEndClose(self, caller=None, event=None):  # noqa: ARG002
        """Give the editor a node again: closing the scene took it away."""
        if self.isEntered:
            self.panel.enter()


class SpineGTRefineLogic(ScriptedLoadableModuleLogic):
    """Run recipes on volumes; open a dataset, show a case, correct and save it. Works without a window.

    Example::

        logic = SpineGTRefineLogic()
        segmentation = logic.runRecipe(slicer.util.getNode("T2"), "canal")

        logic.openDataset("/data/my-bids-dataset")
        logic.loadCase("sub-01_T2w", "spine")
        logic.saveRefined(rater="AB")
    """

    def __init__(self, parent=None):
        ScriptedLoadableModuleLogic.__init__(self, parent)
        self._runs = None
        self._session = None

    def getParameterNode(self):
        """Return the module's one parameter node, with typed attributes."""
        return SpineGTRefineParameterNode(ScriptedLoadableModuleLogic.getParameterNode(self))

    @property
    def dataset(self):
        """The open dataset, or None."""
        return self._session.dataset if self._session is not None else None

    @property
    def shown(self):
        """The scene's case that is shown, or None."""
        return self._session.opened.shown if self.isCaseOpen else None

    @property
    def isCaseOpen(self):
        """Whether a case is shown."""
        return self._session is not None and self._session.opened is not None

    def openDataset(self, path, output=None, *, discardEdits=False):
        """Open a BIDS dataset (or one image) and return the keys of its cases. The dataset is not written to.

        ``output`` is the folder for refined masks, by default ``derivatives/spine-gt-refine`` in the dataset.
        """
        self._requireSession().open_dataset(path, output, discard_edits=discardEdits)
        return [case.key for case in self.dataset.cases()]

    def maskTypeNames(self):
        """Return the kinds of masks that can be worked on."""
        requirePackages()
        from SpineGTRefineLib.bids import mask_types

        return list(mask_types())

    def loadCase(self, key, maskType="spine", *, discardEdits=False):
        """Show a case with its refined mask, or the mask that the dataset has, or an empty one.

        Returns the scene's case, with ``volume`` and ``segmentation.node``. Raises ConflictError if the case that is
        open now has unsaved edits, unless ``discardEdits``.
        """
        return self._requireSession().load_case(key, maskType, discard_edits=discardEdits)

    def hasUnsavedEdits(self):
        """Whether the mask in the scene differs from the one on disk."""
        return self.isCaseOpen and self._session.has_unsaved_edits

    def runRecipe(self, volumeNode, name=None, *, blocking=True, **settings):
        """Run a recipe on a volume of the scene; a segmentation on its grid is the result. No dataset is needed.

        Parameters
        ----------
        volumeNode
            Scalar volume, loaded from a file or not, not moved by a transform. (For the older call, with ``"spine"`` in
            its place, see :meth:`proposeFromOutputs`.)
        name
            The recipe; :meth:`recipeNames` lists them.
        blocking
            Whether to wait and return the ``vtkMRMLSegmentationNode``. Else a run is returned at once, which has
            ``wait``, ``cancel``, ``isOver``, ``segmentation``, ``error`` and ``progress``.
        settings
            ``model``, ``device``, ``contrast`` (if the name of the volume does not say it), ``python``, and the
            callbacks ``on_progress`` and ``on_end``.

        Raises
        ------
        RefineError
            It cannot be run (no Python that can run models, no model, no gray image, a transform), or failed.
        """
        if isinstance(volumeNode, str):
            return self.proposeFromOutputs(volumeNode, **settings)
        requirePackages()
        from SpineGTRefineLib.scene import RecipeRuns, Scene

        if self._runs is None:
            self._runs = RecipeRuns(Scene.current())
        run = self._runs.begin(volumeNode, name, **(machineSettings() | settings))
        return run.wait() if blocking else run

    def recipeNames(self):
        """Return the names of all recipes."""
        requirePackages()
        from SpineGTRefineLib.recipes.definition import recipe_names

        return list(recipe_names())

    def stopWorker(self):
        """End the process that runs models, and what it is doing; the next recipe starts another."""
        if self._runs is not None:
            self._runs.stop()

    def proposeFromOutputs(self, recipe, spineps, totalspineseg, canal, policy="anatomical", *, discardEdits=False):
        """Propose a mask for the open case and show it; a mask that a person has saved stays as it is on disk.

        The one recipe for this is ``spine``, from the output folders of SPINEPS, TotalSpineSeg and a canal model.
        Returns what became of the case, with ``saved``, ``report`` and ``actions``.
        """
        return self._requireSession().propose_from_outputs(
            recipe, spineps, totalspineseg, canal, policy, discard_edits=discardEdits
        )

    def saveRefined(self, rater=""):
        """Save the mask of the open case as it is in the scene now, and return what was written."""
        return self._requireSession().save(rater)

    def closeCase(self, *, discardEdits=False):
        """Take the open case out of the scene; other nodes stay. Raises ConflictError if it has unsaved edits."""
        if self.isCaseOpen:
            self._session.close_case(discard_edits=discardEdits)

    def _requireSession(self):
        """Return the dataset and the case at work; made when first needed, since it needs the library's packages."""
        if self._session is None:
            requirePackages()
            from SpineGTRefineLib.scene import DatasetSession, Scene

            self._session = DatasetSession(Scene.current())
        return self._session


class SpineGTRefineTest(ScriptedLoadableModuleTest):
    """A round through the module with a synthetic spine; needs no window, no network and no data."""

    def setUp(self):
        """Work in a folder of its own; the user's scene stays as it is."""
        from SpineGTRefineLib.errors import MissingDependencyError

        try:
            requirePackages()
        except MissingDependencyError as error:
            self.skipTest(str(error))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def runTest(self):
        """Run the test, as Slicer's Reload and Test does."""
        self.setUp()
        try:
            self.test_openEditSave()
        finally:
            self.doCleanups()

    def test_openEditSave(self):
        """Voxels painted in the scene, and no others, differ in the saved mask; the dataset stays as it was."""
        from SpineGTRefineLib.scene.self_test import check_open_edit_save

        logic = SpineGTRefineLogic()
        self.addCleanup(logic.closeCase, discardEdits=True)
        check_open_edit_save(logic, self.folder)


def machineSettings():
    """Return where models run, as chosen in the panel; without Qt there are no settings."""
    if "qt" not in sys.modules and importlib.util.find_spec("qt") is None:
        return {}
    from SpineGTRefineLib.panel.preferences import Preferences

    preferences = Preferences.load()
    return {"device": preferences.device, "python": preferences.python}


def requirePackages():
    """Ask once for the Python packages that Slicer does not bring along (see Resources/requirements.txt)."""
    if importlib.util.find_spec("nibabel") is not None:
        return
    from slicer.packaging import load_requirements, pip_ensure

    from SpineGTRefineLib.errors import MissingDependencyError

    declined = MissingDependencyError(
        _("The Python package nibabel, which reads and writes masks, is not installed in this Slicer."),
        _("Repeat and agree to the installation."),
    )
    try:
        pip_ensure(
            load_requirements(Path(__file__).parent / "Resources" / "requirements.txt"), requester="SpineGTRefine"
        )
    except RuntimeError as error:  # the user said no
        raise declined from error
    if importlib.util.find_spec("nibabel") is None:  # Slicer installs nothing in its testing mode
        raise declined
