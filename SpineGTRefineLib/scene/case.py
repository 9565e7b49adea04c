"""A case in the scene: its image and the mask under edit, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..anatomy import LabelScheme
from ..imaging import Image, LabelMap
from .context import Scene
from .found import FoundVolume, found_volume
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
    owns_volume
        Whether the volume was brought by us and goes with the case; the user's own stays.
    """

    scene: Scene
    volume: Any
    segmentation: LabelSegmentation
    owns_volume: bool = True

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
        if self.owns_volume:
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


def open_volume(scene: Scene, volume: Any, scheme: LabelScheme) -> tuple[SceneCase, FoundVolume]:
    """Begin an empty mask of a volume that the user has in the scene.

    Parameters
    ----------
    scene
        The volume's scene.
    volume
        ``vtkMRMLScalarVolumeNode``.
    scheme
        What the mask may hold.

    Returns
    -------
    SceneCase, FoundVolume
        The case, and which image it is; its ``note`` must be shown to the rater.

    Raises
    ------
    InputError
        See :func:`.found_volume`.
    """
    found = found_volume(volume)
    labels = empty_labels(found.image, scheme)
    segmentation = LabelSegmentation.create(scene, labels, f"{volume.GetName()} {scheme.name}")
    segmentation.node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    return SceneCase(scene, volume, segmentation, owns_volume=False), found


def empty_labels(image: Image, scheme: LabelScheme) -> LabelMap:
    """Return a mask of nothing on the grid of an image, for a case that has none yet."""
    return LabelMap(np.zeros(image.geometry.shape, dtype=np.uint8), image.geometry, scheme)
