"""Images as volume nodes. The array comes from our own reader, so Slicer's never opens the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from ..imaging import Image, reorient_to_grid
from .context import Scene
from .grids import fill_image, matrix_of, right_handed

_VTK_TYPES = frozenset(np.dtype(t) for t in ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"))


def add_volume(scene: Scene, image: Image, name: str) -> Any:
    """Show an image: add a ``vtkMRMLScalarVolumeNode`` with its voxels at their place in space.

    A left-handed image is stored with its last axis turned round; every voxel keeps its place in the world.
    """
    geometry = right_handed(image.geometry)
    array = reorient_to_grid(image, geometry).array
    node = scene.new_node("vtkMRMLScalarVolumeNode", name)
    data = vtk.vtkImageData()
    fill_image(data, array if array.dtype in _VTK_TYPES else array.astype(np.float64))
    node.SetIJKToRASMatrix(matrix_of(geometry.affine))
    node.SetAndObserveImageData(data)
    node.CreateDefaultDisplayNodes()
    return node
