"""Volumes of the scene that have no file of their own: a copy is kept, so that masks have an image to belong to."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..imaging import Image, write_image
from ..userfolders import user_state_folder, with_tilde
from .found import found_volume, volume_contrast


def file_of(node: Any) -> tuple[Path, str]:
    """Return the NIfTI file that masks of a volume belong to, and what the rater must know about it.

    A volume that shows its file as it is stands for this file. Of any other a copy with the volume's own grid is kept
    in the user's folder, under a name that the same voxels find again; drafts and masks lie beside it.

    Parameters
    ----------
    node
        ``vtkMRMLScalarVolumeNode``.

    Raises
    ------
    InputError
        See :func:`.found_volume`.
    WriteError
        The copy could not be written.
    """
    found = found_volume(node)
    if found.path is not None:
        return found.path, found.note
    name = re.sub("[^0-9A-Za-z]", "", node.GetName() or "") or "volume"
    contrast = volume_contrast(node)
    folder = user_state_folder("volumes", f"{name}-{_digest(found.image)}")
    path = folder / (f"sub-{name}_{contrast}.nii.gz" if contrast else f"{name}.nii.gz")
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_image(path, found.image)
    return path, f"{found.note} A copy of the volume and the masks are kept in {with_tilde(folder)}."


def _digest(image: Image) -> str:
    grid = np.round(image.geometry.affine, 4) + 0.0  # no negative zeros
    content = hashlib.sha256(np.ascontiguousarray(image.array).data)
    content.update(grid.tobytes())
    return content.hexdigest()[:8]
