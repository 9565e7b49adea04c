"""For tests of the scene: masks on the grids that go wrong most often, an annotator's hand, a viewer's eye."""

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from SpineGTRefineLib.anatomy import LabelEntry, LabelScheme, structure
from SpineGTRefineLib.imaging import Geometry, LabelMap


def turned(degrees_x: float, degrees_y: float) -> np.ndarray:
    """Rotation about x, then y."""
    x, y = np.radians([degrees_x, degrees_y])
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    return np.array(about_y) @ np.array(about_x)


def grid(shape, spacing, rotation=None, directions=None) -> Geometry:
    """A grid of the given voxel size, its axes turned by ``rotation`` and permuted or reversed by ``directions``."""
    affine = np.eye(4)
    axes = np.eye(3) if directions is None else np.array(directions, dtype=float)
    affine[:3, :3] = (np.eye(3) if rotation is None else rotation) @ axes @ np.diag(spacing)
    affine[:3, 3] = (-41.3, 17.9, 233.7)
    return Geometry(shape, affine)


GRIDS = {
    "isotropic RAS": grid((9, 8, 7), (1, 1, 1)),
    "anisotropic": grid((5, 12, 10), (3.3, 0.73, 0.73)),
    "oblique": grid((9, 8, 7), (0.8, 0.8, 2.2), turned(17, -9)),
    "at 45 degrees, left-handed": grid((6, 5, 7), (1, 1, 1), turned(45, 0), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
    "left-handed LAS": grid((9, 8, 7), (1, 1, 1), directions=[[-1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "PIR": grid((6, 9, 5), (0.5, 0.5, 3.0), directions=[[0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    "oblique, anisotropic, left-handed": grid(
        (5, 9, 8), (3.3, 0.7, 0.7), turned(-12, 8), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    ),
    "one sagittal slice": grid((1, 9, 8), (4.0, 0.9, 0.9), turned(5, 3)),
    "one slice, left-handed": grid((9, 8, 1), (0.9, 0.9, 4.0), directions=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]),
}  # fmt: skip


def random_labels(geometry, values, dtype, label_scheme, seed=7) -> LabelMap:
    """A mask in which every value is scattered over the whole grid."""
    rng = np.random.default_rng(seed)
    array = rng.choice(np.array([0, *values], dtype=dtype), size=geometry.shape)
    return LabelMap(array, geometry, label_scheme)


def wide_scheme(*values) -> LabelScheme:
    """A scheme with any values."""
    keys = ("vertebra_C1", "vertebra_C2", "vertebra_C3", "vertebra_C4", "vertebra_C5")
    entries = (LabelEntry(v, f"label {v}", structure(k), (10, 20, 30)) for v, k in zip(values, keys, strict=False))
    return LabelScheme("wide", tuple(entries))


class Annotator:
    """Edits a segmentation with Slicer's own editor logic, as its effects do: each act can be undone."""

    def __init__(self, case):
        scene = case.scene.mrml
        self.segmentation = case.segmentation
        self.history = slicer.vtkSegmentationHistory()
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(scene)
        self.node = scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
        self.logic.SetSegmentEditorNode(self.node)
        # The history must be known before the segmentation, else nothing can be undone.
        self.logic.SetSegmentationHistory(self.history)
        self.logic.SetSegmentationNode(case.segmentation.node)
        self.logic.SetSourceVolumeNode(case.volume)

    def let_structures_overlap(self):
        """Switch Slicer's "modify other segments" to "allow overlap"."""
        self.node.SetOverwriteMode(self.node.OverwriteNone)

    def paint(self, segment_id, points):
        """Add the voxels at world points (n, 3) to a segment."""
        self._modify(segment_id, points, self.logic.ModificationModeAdd)

    def erase(self, segment_id, points):
        """Take the voxels at world points (n, 3) out of a segment."""
        self._modify(segment_id, points, self.logic.ModificationModeRemove)

    def undo(self):
        """Press Ctrl+Z."""
        assert self.logic.CanUndo()
        self.logic.Undo()

    def redo(self):
        """Press Ctrl+Y."""
        assert self.logic.CanRedo()
        self.logic.Redo()

    def _modify(self, segment_id, points, mode):
        self.logic.SaveStateForUndo()
        self.logic.SetCurrentSegmentID(segment_id)
        brush = self._brush(points)
        self.logic.ModifySegmentByLabelmap(self.segmentation.node, segment_id, brush, mode, False, False)

    def _brush(self, points):
        """One voxel for each point, on the reference grid of the segmentation, as far outside of it as need be."""
        converter = slicer.vtkSegmentationConverter
        geometry = self.segmentation.node.GetSegmentation().GetConversionParameter(
            converter.GetReferenceImageGeometryParameterName()
        )
        brush = slicer.vtkOrientedImageData()
        converter.DeserializeImageGeometry(geometry, brush, False)
        matrix = vtk.vtkMatrix4x4()
        brush.GetWorldToImageMatrix(matrix)
        index = np.rint([matrix.MultiplyPoint((*point, 1.0))[:3] for point in points]).astype(int)
        first, last = index.min(axis=0), index.max(axis=0)
        brush.SetExtent(first[0], last[0], first[1], last[1], first[2], last[2])
        brush.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
        array = vtk_to_numpy(brush.GetPointData().GetScalars()).reshape(brush.GetDimensions(), order="F")
        array[:] = 0
        array[tuple((index - first).T)] = 1
        return brush


def value_at(volume, ras) -> float:
    """The value that a viewer shows for a volume node at a point of the world."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetRASToIJKMatrix(matrix)
    return _voxel(volume.GetImageData(), matrix, ras)


def segment_at(node, segment_id, ras) -> bool:
    """Whether a viewer shows a segment at a point of the world."""
    segment = node.GetSegmentation().GetSegment(segment_id)
    layer = segment.GetRepresentation("Binary labelmap")
    matrix = vtk.vtkMatrix4x4()
    layer.GetWorldToImageMatrix(matrix)
    return _voxel(layer, matrix, ras) == segment.GetLabelValue()


def _voxel(image, to_index, ras):
    i, j, k = np.rint(to_index.MultiplyPoint((*ras, 1.0))[:3]).astype(int)
    first, last, second, end, third, stop = image.GetExtent()
    if not (first <= i <= last and second <= j <= end and third <= k <= stop):
        return 0
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions(), order="F")
    return array[i - first, j - second, k - third]
