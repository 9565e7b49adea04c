"""For tests of the scene: masks on the grids that go wrong most often, and what a viewer sees at a place in the world."""

import numpy as np
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
    "left-handed LAS": grid((9, 8, 7), (1, 1, 1), directions=[[-1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "PIR": grid((6, 9, 5), (0.5, 0.5, 3.0), directions=[[0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    "oblique, anisotropic, left-handed": grid((5, 9, 8), (3.3, 0.7, 0.7), turned(-12, 8), [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
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
