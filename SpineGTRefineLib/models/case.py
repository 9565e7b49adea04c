"""The way of a case through nnU-Net's own preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from ..errors import InputError, UsageError
from ..imaging import Box, Image, reorient, reorient_to_grid
from .checkpoint import import_torch
from .loading import LoadedModel
from .resampling import resampling_axes
from .way_back import WayBack

Region = Box | np.ndarray
"""Part of an image: a box in its voxels, or an array of its shape that is not 0 there."""


class NnunetCase:
    """One case on its way through nnU-Net's preprocessing.

    Parameters
    ----------
    images
        One per input channel; storage may differ by flips.
    model
        Says which orientation, spacing and normalization the network wants.
    roi
        Part of the first image that is asked for: a box, an array that is not 0 there, or None.

    Attributes
    ----------
    notes
        What had to be done to the images that the user should know.

    Raises
    ------
    InputError
        The number of images is wrong, or an image has no contrast.
    GeometryError
        The images lie on different grids.
    """

    def __init__(self, images: Sequence[Image], model: LoadedModel, roi: Region | None) -> None:
        if isinstance(images, Image):
            raise UsageError(
                "Images come as a list, one for each channel of the model.", "Write predict([image], model)."
            )
        if len(images) != model.folder.channel_count:
            raise InputError(
                f"The model {model.entry.name} needs {model.folder.channel_count} image(s) "
                f"({', '.join(model.entry.channels)}); got {len(images)}.",
                "Give one image for each, in this order.",
            )
        self._model = model
        self._grid = images[0].geometry
        self._orientation = model.orientation or self._grid.axcodes
        self._inside = None if roi is None else _inside(roi, self._grid.shape)
        self.notes: list[str] = []
        self._images = [
            self._usable(reorient_to_grid(image, self._grid), normalization)
            for image, normalization in zip(images, model.configuration.normalization_schemes, strict=True)
        ]
        # nnU-Net's readers hand arrays over as z, y, x, whatever the file format.
        self._properties: dict[str, Any] = {"spacing": self._spacing(images[0])[::-1]}

    def preprocess(self) -> Any:
        """Return the tensor (channels, x, y, z) that the network sees."""
        configuration = self._model.configuration
        turned = [reorient(image, self._orientation).array.transpose(2, 1, 0) for image in self._images]
        stacked = np.stack(turned).astype(np.float32)
        self._check_extent(stacked)
        preprocessor = configuration.preprocessor_class(verbose=False)
        data, _, self._properties = preprocessor.run_case_npy(
            stacked,
            None,
            self._properties,
            self._model.plans,
            configuration,
            dict(self._model.folder.dataset),
        )
        return import_torch().from_numpy(np.ascontiguousarray(data))

    def model_roi(self, shape: tuple[int, ...]) -> np.ndarray | None:
        """Return which voxels of the preprocessed image decide about the region of interest, as a boolean array."""
        if self._inside is None:
            return None
        turned = reorient(Image(self._inside, self._grid), self._orientation).array.transpose(2, 1, 0)
        wanted = turned.transpose(self._model.plans.transpose_forward)
        wanted = wanted[tuple(slice(start, stop) for start, stop in self._properties["bbox_used_for_cropping"])]
        for number, axis in enumerate(resampling_axes(shape, wanted.shape, None)):
            wanted = np.moveaxis(axis.sources_of(np.moveaxis(wanted, number, 0), shape[number]), 0, number)
        return wanted

    def left_right_axis(self) -> int | None:
        """Return the axis of a tile along which left and right lie, None if the network sees slices without it."""
        turned = next(number for number, letter in enumerate(reversed(self._orientation)) if letter in "LR")
        axis = list(self._model.plans.transpose_forward).index(turned)
        sliced = 3 - len(self._model.configuration.patch_size)
        return axis - sliced if axis >= sliced else None

    def way_back(self) -> WayBack:
        """Return the way of what :meth:`preprocess` gave, back to the image's grid."""
        return WayBack(self._model, self._properties, self._grid, self._orientation, self._inside)

    def _usable(self, image: Image, normalization: str) -> Image:
        array = np.asarray(image.array)
        if not np.isfinite(array).all():
            self.notes.append("NaN or infinite voxels of the image were taken as 0")
            array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
        # A channel that is taken as it is may be a mask, and a mask may be empty.
        if normalization != "NoNormalization" and array.min() == array.max():
            raise InputError(
                "The image has no contrast: all voxels have one value.", "Check that it is the right file."
            )
        return replace(image, array=array)

    def _check_extent(self, stacked: np.ndarray) -> None:
        """Refuse an image of which the model's voxels would leave nothing; nnU-Net cuts its empty border away first."""
        order = list(self._model.plans.transpose_forward)
        content = Box.around((stacked != 0).any(axis=0).transpose(order))
        if content is None:
            return
        extent = np.subtract(content.stop, content.start) * np.array(self._properties["spacing"])[order]
        wanted = np.array(self._model.configuration.spacing)
        extent = extent[-len(wanted) :]
        if (np.round(extent / wanted) < 1).any():
            raise InputError(
                f"The image is only {_in_mm(extent)} large; the model {self._model.entry.name} sees voxels of "
                f"{_in_mm(wanted)}.",
                "Check the voxel size in the image's header: it has to be in millimeters.",
            )

    def _spacing(self, image: Image) -> list[float]:
        """Voxel size along the axes of the model's orientation.

        The header's own numbers are taken where there are any: nnU-Net reads those, and a difference in the seventh
        digit can tip the rounding of the resampled shape.
        """
        spacing = np.array(image.geometry.spacing)
        if image.source is not None:
            stated = np.array([float(zoom) for zoom in image.source.header.get_zooms()[:3]])
            if stated.shape == (3,) and np.allclose(stated, spacing, rtol=1e-4):
                spacing = stated
        turn = ornt_transform(io_orientation(self._grid.affine), axcodes2ornt(self._orientation))
        turned = np.empty(3)
        turned[turn[:, 0].astype(int)] = spacing
        return [float(length) for length in turned]


def _in_mm(lengths: np.ndarray) -> str:
    return f"{' x '.join(f'{length:.3g}' for length in lengths)} mm"


def _inside(region: Region, shape: tuple[int, ...]) -> np.ndarray:
    """Return a region as a boolean array."""
    if isinstance(region, Box):
        inside = np.zeros(shape, dtype=bool)
        inside[region.slices] = True
    else:
        inside = np.asarray(region) != 0
    if inside.shape != shape or not inside.any():
        raise UsageError(
            f"The region of interest lies outside the image of {shape} voxels.",
            "Give a box in voxels of the first image, or an array of its shape.",
        )
    return inside
