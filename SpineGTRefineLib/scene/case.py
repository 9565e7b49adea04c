"""A case in the scene: its image and the mask under edit, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..anatomy import LabelScheme
from ..imaging import Image, LabelMap
from .context import Scene
from .labels import LabelSegmentation
from .volumes import add_volume


@dataclass(eq=False)
class SceneCase:
    """An image and its mask in a scene.

    Parameters
    ----------
    scene
        Where the nodes live.
    volume
        ``vtkMRMLScalarVolumeNode`` of the image.
    segmentation
        The mask under edit.
    """

    scene: Scene
    volume: Any
    segmentation: LabelSegmentation

    def labels(self) -> LabelMap:
        """Return the mask as it is now; see :meth:`LabelSegmentation.labels`."""
        return self.segmentation.labels()

    def replace_labels(self, labels: LabelMap) -> None:
        """Put another mask of the same image in the place of the one under edit."""
        old = self.segmentation
        self.segmentation = LabelSegmentation.create(self.scene, labels, old.node.GetName(), grid=old.grid)
        self.segmentation.node.SetReferenceImageGeometryParameterFromVolumeNode(self.volume)
        self.scene.remove(old.node)

    def close(self) -> None:
        """Remove the case's nodes from the scene; other nodes of the user stay."""
        self.scene.remove(self.segmentation.node)
        self.scene.remove(self.volume)


def load_case(scene: Scene, image: Image, labels: LabelMap, name: str) -> SceneCase:
    """Show an image with its mask.

    Parameters
    ----------
    scene
        Where to show them.
    image
        The image; its grid is the grid of editing.
    labels
        The mask, made of the same voxels as the image (axes may be stored in another order or direction).
    name
        Name for the volume; the segmentation gets the same name and the scheme's.

    Raises
    ------
    GeometryError
        The mask does not lie on the image's grid.
    LabelError
        The mask holds labels that cannot be edited (negative, or above 65535).
    """
    segmentation = LabelSegmentation.create(scene, labels, f"{name} {labels.scheme.name}", grid=image.geometry)
    volume = add_volume(scene, image, name)
    segmentation.node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    return SceneCase(scene, volume, segmentation)


def empty_labels(image: Image, scheme: LabelScheme) -> LabelMap:
    """Return a mask of nothing on the grid of an image, for a case that has none yet."""
    return LabelMap(np.zeros(image.geometry.shape, dtype=np.uint8), image.geometry, scheme)
