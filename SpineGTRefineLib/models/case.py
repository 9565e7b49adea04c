"""The way of a case through nnU-Net's own preprocessing, and of its logits back to the image's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from ..errors import InputError, UsageError
from ..imaging import Box, Image, reorient, reorient_to_grid
from .checkpoint import import_torch
from .export import MOST_LABELS, painted_regions, resampling_axes, strongest_class, write_labels
from .loading import LoadedModel
from .tiles import Span


class NnunetCase:
    """One case on its way through nnU-Net's preprocessing and back.

    Parameters
    ----------
    images
        One per input channel; storage may differ by flips.
    model
        Says which orientation, spacing and normalization the network wants.
    roi
        Part of the first image that is asked for, or None.

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

    def __init__(self, images: Sequence[Image], model: LoadedModel, roi: Box | None) -> None:
        if len(images) != model.folder.channel_count:
            raise InputError(
                f"The model {model.entry.name} needs {model.folder.channel_count} image(s) "
                f"({', '.join(model.entry.channels)}); got {len(images)}."
            )
        self._model = model
        self._grid = images[0].geometry
        self._orientation = model.orientation or self._grid.axcodes
        self._roi = roi
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
        preprocessor = configuration.preprocessor_class(verbose=False)
        data, _, self._properties = preprocessor.run_case_npy(
            np.stack(turned).astype(np.float32),
            None,
            self._properties,
            self._model.plans,
            configuration,
            dict(self._model.folder.dataset),
        )
        return import_torch().from_numpy(np.ascontiguousarray(data))

    def model_roi(self, shape: tuple[int, ...]) -> Span | None:
        """Return where the region of interest lies in the preprocessed image, rounded outwards."""
        if self._roi is None:
            return None
        inside = np.zeros(self._grid.shape, dtype=bool)
        inside[self._roi.slices] = True
        turned = reorient(Image(inside, self._grid), self._orientation).array.transpose(2, 1, 0)
        box = Box.around(turned.transpose(self._model.plans.transpose_forward))
        if box is None:
            raise UsageError(f"The region of interest lies outside the image of {self._grid.shape} voxels.")
        crop = self._properties["bbox_used_for_cropping"]
        before = self._properties["shape_after_cropping_and_before_resampling"]
        spans = []
        for axis in range(3):
            scale = shape[axis] / before[axis]
            # One voxel more on each side: the way back interpolates between neighbours.
            start = int(np.floor((box.start[axis] - crop[axis][0]) * scale)) - 1
            stop = int(np.ceil((box.stop[axis] - crop[axis][0]) * scale)) + 1
            spans.append(slice(max(start, 0), min(stop, shape[axis])))
        return tuple(spans)

    def export(self, logits: Any, *, with_probabilities: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Bring logits to the image's grid: labels of the scheme and, if asked, probabilities (channels, i, j, k)."""
        if with_probabilities or not self._mixes_linearly():
            labels, probabilities = self._export_all_classes(logits.cpu(), with_probabilities=with_probabilities)
        else:
            labels, probabilities = self._export_labels(logits), None
        if self._roi is not None:
            outside = np.ones(labels.shape, dtype=bool)
            outside[self._roi.slices] = False
            labels[outside] = 0
        return labels, probabilities

    def _export_labels(self, logits: Any) -> np.ndarray:
        model, properties = self._model, self._properties
        whole = np.zeros(properties["shape_before_cropping"], dtype=model.table.dtype)
        target = whole[tuple(slice(start, stop) for start, stop in properties["bbox_used_for_cropping"])]
        regions = model.labels.regions_class_order if model.labels.has_regions else None
        axes = resampling_axes(logits.shape[1:], target.shape, self._thick_axis(target.shape))
        write_labels(
            logits, axes, strongest_class if regions is None else painted_regions(regions), model.table, target
        )
        return self._back(whole.transpose(model.plans.transpose_backward))

    def _export_all_classes(self, logits: Any, *, with_probabilities: bool) -> tuple[np.ndarray, np.ndarray | None]:
        from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape

        model = self._model
        result = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits,
            model.plans,
            model.configuration,
            model.labels,
            self._properties,
            return_probabilities=with_probabilities,
            num_threads_torch=import_torch().get_num_threads(),
        )
        labels, probabilities = result if with_probabilities else (result, None)
        labels = self._back(model.table[labels])
        if probabilities is not None:
            probabilities = np.stack([self._back(channel) for channel in probabilities]).astype(np.float32, copy=False)
        return labels, probabilities

    def _mixes_linearly(self) -> bool:
        """Whether the plans resample as nnU-Net does by default: linear, and thick slices taken as they are."""
        settings = self._model.configuration.configuration
        options = settings["resampling_fn_probabilities_kwargs"]
        return (
            settings["resampling_fn_probabilities"] == "resample_data_or_seg_to_shape"
            and options.get("order", 3) == 1
            and options.get("order_z", 0) == 0
            and not options.get("is_seg", False)
            and set(options) <= {"is_seg", "order", "order_z", "force_separate_z"}
            and len(self._model.table) <= MOST_LABELS
        )

    def _thick_axis(self, shape: tuple[int, ...]) -> int | None:
        """Return the axis along which nnU-Net does not interpolate because its slices are thick, or None."""
        from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis

        model = self._model
        turned = [self._properties["spacing"][axis] for axis in model.plans.transpose_forward]
        spacing = list(model.configuration.spacing)
        options = model.configuration.configuration["resampling_fn_probabilities_kwargs"]
        current = spacing if len(spacing) == len(shape) else [turned[0], *spacing]
        separate, axis = determine_do_sep_z_and_axis(options.get("force_separate_z", False), current, turned)
        return int(axis) if separate else None

    def _back(self, array: np.ndarray) -> np.ndarray:
        turned_grid = reorient(self._images[0], self._orientation).geometry
        volume = Image(array.transpose(2, 1, 0), turned_grid)
        return np.ascontiguousarray(reorient(volume, self._grid.axcodes).array)

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
