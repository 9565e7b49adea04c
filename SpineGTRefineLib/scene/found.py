"""Volumes that are in the scene already, loaded by the user: which image they are, and where a mask of them belongs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vtk

from ..errors import GeometryError, InputError, UnsupportedFileError
from ..imaging import Geometry, Image, read_image
from ..recipes.guards import contrast_in
from .grids import GridMap, affine_of, array_of

NIFTI = (".nii", ".nii.gz")
"""Endings of files that masks can be saved for."""


@dataclass(frozen=True, eq=False)
class FoundVolume:
    """A volume of the scene as an image.

    Parameters
    ----------
    image
        The file's, if the volume shows a NIfTI file as it is; else the volume's own voxels and grid, without a source.
    path
        The file; None where a mask is saved on the volume's own grid.
    note
        What the rater must know about it; "" for nothing.
    """

    image: Image
    path: Path | None
    note: str = ""


def found_volume(node: Any) -> FoundVolume:
    """Say which image a volume of the scene is.

    Parameters
    ----------
    node
        ``vtkMRMLScalarVolumeNode``.

    Raises
    ------
    GeometryError
        The volume is moved by a transform.
    UnsupportedFileError
        It has no voxels, or more than one number for each.
    InputError
        Its file cannot be used.
    """
    own = volume_image(node)
    path = _file(node)
    if path is None:
        return FoundVolume(own, None, _own_grid(node, "it has no NIfTI file"))
    image = read_image(path)
    if not _same_voxels(image.geometry, own.geometry):
        note = _own_grid(node, f"it no longer lies where its file {path.name} says")
        return FoundVolume(own, None, note)
    return FoundVolume(image, path)


def volume_image(node: Any) -> Image:
    """Return a volume of the scene as it is there, without a source.

    Parameters
    ----------
    node
        ``vtkMRMLScalarVolumeNode``.

    Raises
    ------
    GeometryError
        The volume is moved by a transform.
    UnsupportedFileError
        It is no volume, has no voxels, or more than one number for each.
    """
    if not (hasattr(node, "IsA") and node.IsA("vtkMRMLScalarVolumeNode")) or node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise UnsupportedFileError("This is no scalar volume of the scene.", "Choose an image, not a mask or a model.")
    if node.GetTransformNodeID():
        raise GeometryError(
            f"The volume {node.GetName()!r} is moved by the transform {node.GetParentTransformNode().GetName()!r}.",
            "Take it out of the transform (module Transforms); a mask is saved where the file says the image is.",
        )
    data = node.GetImageData()
    if data is None or not data.GetNumberOfPoints() or data.GetNumberOfScalarComponents() != 1:
        raise UnsupportedFileError(
            f"The volume {node.GetName()!r} is no gray image.", "Choose a volume with one number for each voxel."
        )
    return Image(array_of(data), _geometry(node))


def volume_contrast(node: Any) -> str:
    """Return the contrast of a volume as a BIDS suffix, from its file or its name; "" if neither says."""
    path = _file(node)
    return contrast_in(path.name if path is not None else "") or contrast_in(node.GetName() or "")


def _geometry(node: Any) -> Geometry:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return Geometry(node.GetImageData().GetDimensions(), affine_of(matrix))


def _file(node: Any) -> Path | None:
    storage = node.GetStorageNode()
    name = str(storage.GetFileName() or "") if storage is not None else ""
    return Path(name) if name.lower().endswith(NIFTI) and Path(name).exists() else None


def _same_voxels(file: Geometry, shown: Geometry) -> bool:
    """Whether two grids are made of the same voxels, whatever the order and direction of their axes."""
    try:
        between = GridMap.between(file, shown.affine)
    except InputError:
        return False
    corner = tuple(int(n) for n in between.offset)
    opposite = [
        o + sign * (file.shape[axis] - 1) for o, sign, axis in zip(corner, between.signs, between.axes, strict=True)
    ]
    first = tuple(min(a, b) for a, b in zip(corner, opposite, strict=True))
    last = tuple(max(a, b) for a, b in zip(corner, opposite, strict=True))
    return first == (0, 0, 0) and last == tuple(n - 1 for n in shown.shape)


def _own_grid(node: Any, reason: str) -> str:
    return f"The mask is saved on the own grid of the volume {node.GetName()!r}: {reason}."
