"""A rater at a scene: a review session whose masks are edited with Slicer's own editor logic."""

from pathlib import Path

import numpy as np
from review_world import SPINE, ReviewWorld
from scene_helpers import Annotator, random_labels

from SpineGTRefineLib.anatomy import structure
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, write_image, write_labels
from SpineGTRefineLib.review.loading import LoadedCase
from SpineGTRefineLib.review.state import SessionState
from SpineGTRefineLib.scene import Scene, SceneCase, load_case
from SpineGTRefineLib.scene.editor import SceneEditor

KEYS = ("vertebra_L3", "vertebra_L4", "disc_L3-L4", "sacrum")
VALUES = tuple(SPINE.scheme.value_of(key) for key in KEYS)


class GridWorld(ReviewWorld):
    """A dataset whose images all lie on one grid, with scattered structures as the lab's masks."""

    def __init__(self, root: Path, geometry: Geometry, cases: int = 1) -> None:
        self.geometry = geometry
        super().__init__(root, cases)

    def add_case(self, key: str, lab=()) -> None:
        subject = key.split("_")[0]
        image = self.root / subject / "anat" / f"{key}.nii.gz"
        mask = self.root / "derivatives" / "labels" / subject / "anat" / f"{key}_label-spine_dseg.nii.gz"
        for path in (image, mask):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_image(image, Image(np.zeros(self.geometry.shape, np.int16), self.geometry))
        write_labels(mask, self.mask())

    def mask(self) -> LabelMap:
        """The lab's mask of every case."""
        return random_labels(self.geometry, VALUES, np.uint8, SPINE.scheme)


class EditorHistory:
    """The undo of Slicer's editor logic, shared by strokes and by what the session does."""

    def __init__(self, annotator: Annotator) -> None:
        self._logic = annotator.logic

    def save_state(self) -> None:
        self._logic.SaveStateForUndo()

    def undo(self) -> bool:
        return bool(self._logic.CanUndo() and (self._logic.Undo() or True))

    def redo(self) -> bool:
        return bool(self._logic.CanRedo() and (self._logic.Redo() or True))


class Desk:
    """A rater, a session, and the scene that shows the open mask."""

    def __init__(self, world: ReviewWorld, rater: str = "AB", undo_steps: int = 300, **options) -> None:
        self._undo_steps = undo_steps
        self._loaded: LoadedCase | None = None
        self.scene = Scene.headless()
        self.case: SceneCase | None = None
        self.session = world.session(rater, editor_factory=self._show, **options)
        self.session.loaded.connect(self._expect)
        self.session.state_changed.connect(self._clear)

    def open_first(self):
        """Open the first mask to do and look at it."""
        origin = self.session.open_first()
        self.session.viewed()
        return origin

    def voxels(self) -> np.ndarray:
        """What a save would write now."""
        return self.session.bench.labels().array

    def segmentation(self):
        """The ``vtkSegmentation`` under edit."""
        return self.case.segmentation.node.GetSegmentation()

    def segment(self, key: str):
        """The ``vtkSegment`` of a structure."""
        return self.segmentation().GetSegment(self.segment_id(key))

    def segment_id(self, key: str) -> str:
        return self.case.segmentation.add_segment(SPINE.scheme.value_of(structure(key).key))

    def paint(self, key: str, index) -> None:
        """Paint voxels (n, 3) of the image's grid."""
        self.annotator.paint(self.segment_id(key), self.points(index))

    def erase(self, key: str, index) -> None:
        """Erase a structure's voxels (n, 3) of the image's grid."""
        self.annotator.erase(self.segment_id(key), self.points(index))

    def points(self, index) -> np.ndarray:
        return self.session.image.geometry.to_world(np.asarray(index))

    def _expect(self, loaded: LoadedCase) -> None:
        self._loaded = loaded

    def _show(self, labels: LabelMap) -> SceneEditor:
        self.case = load_case(self.scene, self._loaded.image, labels, self._loaded.item.case.key)
        self.annotator = Annotator(self.case)
        self.annotator.history.SetMaximumNumberOfStates(self._undo_steps)
        self.editor = SceneEditor(self.case, EditorHistory(self.annotator), self.session.painted)
        return self.editor

    def _clear(self, state: SessionState) -> None:
        if state is SessionState.CLOSED and self.case is not None:
            self.editor.close()
            self.case.close()
            self.case = None


def scattered(geometry, count, seed) -> np.ndarray:
    """Voxels (count, 3) of a grid, drawn at random."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(0, n, count) for n in geometry.shape], axis=1)


def painted(array, index, key) -> np.ndarray:
    """Return an array with a structure at some voxels."""
    changed = array.copy()
    changed[tuple(index.T)] = SPINE.scheme.value_of(key)
    return changed


def rearrange(desk, segment_id) -> None:
    """Do to a segment what Slicer's segment table allows and no mask shows."""
    desk.case.segmentation.node.GetDisplayNode().SetSegmentVisibility(segment_id, False)
    desk.segmentation().GetSegment(segment_id).SetName("renamed")
    desk.segmentation().SetSegmentIndex(segment_id, 0)
