"""A rater's hands: keys and strokes."""

import numpy as np
import slicer
from PySide6.QtTest import QTest
from pythonqt import qt

NAMES = {"N": "Key_N", "P": "Key_P", "L": "Key_L", "U": "Key_U", "K": "Key_K", "M": "Key_M", "C": "Key_C", "O": "Key_O"}


def press(program, key, modifiers=None):
    """Press a key while the main window is active and, as after a click into a view, no field has the focus."""
    program.window.activateWindow()
    qt.QApplication.processEvents()
    if (focused := qt.QApplication.focusWidget()) is not None:
        focused.clearFocus()
    code = getattr(qt.Qt, NAMES.get(key, f"Key_{key}"))
    QTest.keyClick(program.window, code, modifiers or qt.Qt.NoModifier)
    qt.QApplication.processEvents()


def paint(panel, structure, count=4):
    """Paint voxels of background with the editor's own logic; returns their indices in the file's grid."""
    case = panel.workspace.view.case
    labels = case.labels()
    index = np.argwhere(labels.array == 0)[:count]
    editor = panel.editor.ui.editor
    segment_id = case.segmentation.segment_id(labels.scheme.value_of(structure))
    editor.setCurrentSegmentID(segment_id)
    editor.saveStateForUndo()
    brush = _brush(case.segmentation.node, labels.geometry.to_world(index))
    logic = editor._logic
    logic.ModifySegmentByLabelmap(case.segmentation.node, segment_id, brush, logic.ModificationModeAdd, False, False)
    return index


def _brush(node, points):
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    converter = slicer.vtkSegmentationConverter
    text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    brush = slicer.vtkOrientedImageData()
    converter.DeserializeImageGeometry(text, brush, False)
    brush.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    array = vtk_to_numpy(brush.GetPointData().GetScalars()).reshape(brush.GetDimensions(), order="F")
    array[:] = 0
    matrix = vtk.vtkMatrix4x4()
    brush.GetWorldToImageMatrix(matrix)
    for point in points:
        array[tuple(np.rint(matrix.MultiplyPoint((*point, 1.0))[:3]).astype(int))] = 1
    return brush


def slice_position(program):
    """Where the sagittal view stands (RAS mm)."""
    matrix = program.logics["Yellow"].GetSliceNode().GetSliceToRAS()
    return [matrix.GetElement(row, 3) for row in range(3)]


def draw_outside(panel, structure, count=3):
    """Draw voxels of a structure beyond the edge of the image."""
    case = panel.workspace.view.case
    labels = case.labels()
    segment_id = case.segmentation.segment_id(labels.scheme.value_of(structure))
    panel.editor.ui.editor.saveStateForUndo()
    beyond = np.array([[-1 - step, 0, 0] for step in range(count)])
    brush = _brush_at(case.segmentation.node, labels.geometry.to_world(beyond))
    logic = panel.editor.ui.editor._logic
    logic.ModifySegmentByLabelmap(case.segmentation.node, segment_id, brush, logic.ModificationModeAdd, False, False)


def _brush_at(node, points):
    """A brush as large as need be, beyond the image's grid, too."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    brush = _brush(node, [])
    matrix = vtk.vtkMatrix4x4()
    brush.GetWorldToImageMatrix(matrix)
    index = np.rint([matrix.MultiplyPoint((*point, 1.0))[:3] for point in points]).astype(int)
    first, last = index.min(axis=0), index.max(axis=0)
    brush.SetExtent(*(int(n) for pair in zip(first, last, strict=True) for n in pair))
    brush.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    array = vtk_to_numpy(brush.GetPointData().GetScalars()).reshape(brush.GetDimensions(), order="F")
    array[:] = 0
    array[tuple((index - first).T)] = 1
    return brush
