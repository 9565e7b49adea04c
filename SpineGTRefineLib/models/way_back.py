"""The way of a network's output back to the image's grid: undo resampling, cropping and the order of the axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..imaging import Geometry, Image, reorient
from . import soft
from .checkpoint import import_torch
from .export import MOST_LABELS, painted_regions, strongest_class, write_labels
from .loading import LoadedModel
from .resampling import Axis, resampling_axes

Write = Callable[[Sequence[Axis], np.ndarray], None]
"""Fills an array, given how its voxels are mixed from the model's grid."""


class WayBack:
    """Brings what lies on the model's grid to the image's.

    Parameters
    ----------
    model
        Says how it was prepared.
    properties
        What nnU-Net's preprocessing notes about the case.
    grid, orientation
        Of the image, and the letters that the network saw.
    inside
        Boolean array on the image's grid: what is asked for; None for all of it.
    """

    def __init__(
        self,
        model: LoadedModel,
        properties: Mapping[str, Any],
        grid: Geometry,
        orientation: str,
        inside: np.ndarray | None,
    ) -> None:
        self._model = model
        self._properties = properties
        self._grid = grid
        self._orientation = orientation
        self._inside = inside

    def labels(self, logits: Any) -> np.ndarray:
        """Return the labels of logits (channels, x, y, z), in values of the model's scheme."""
        model = self._model
        if not self._mixes_linearly():
            return self._within_roi(model.table[self._nnunets_own(logits, with_probabilities=False)])
        regions = model.labels.regions_class_order if model.labels.has_regions else None
        decide = strongest_class if regions is None else painted_regions(regions)

        def write(axes: Sequence[Axis], target: np.ndarray) -> None:
            write_labels(logits, axes, decide, model.table, target)

        return self._within_roi(self._filled(logits.shape[1:], model.table.dtype, write))

    def map(self, values: np.ndarray) -> np.ndarray:
        """Return one number per voxel (x, y, z) as float32; 0 outside the region of interest."""

        def write(axes: Sequence[Axis], target: np.ndarray) -> None:
            soft.write_map(values, axes, target)

        return self._within_roi(self._filled(values.shape, np.float32, write))

    def probabilities(self, logits: Any) -> np.ndarray:
        """Return probabilities (channels, i, j, k) as float32; sure background outside the region of interest."""
        regions = self._model.labels.has_regions
        if not self._mixes_linearly():
            result = self._nnunets_own(logits, with_probabilities=True).astype(np.float32, copy=False)
        else:

            def write(axes: Sequence[Axis], target: np.ndarray) -> None:
                soft.write_likelihoods(logits, axes, target, regions=regions)

            result = self._filled(logits.shape[1:], np.float32, write, len(logits), background=not regions)
        if self._inside is not None:
            result[:, ~self._inside] = 0
            result[0, ~self._inside] = float(not regions)
        return result

    def _filled(
        self,
        source: Sequence[int],
        dtype: Any,
        write: Write,
        channels: int | None = None,
        *,
        background: bool = False,
    ) -> np.ndarray:
        """Return an array on the image's grid: 0 where nnU-Net cropped, the rest is left to ``write``."""
        properties, order = self._properties, self._model.plans.transpose_backward
        first = () if channels is None else (channels,)
        whole = np.zeros((*first, *properties["shape_before_cropping"]), dtype=dtype)
        if background:
            whole[0] = 1
        kept = tuple(slice(start, stop) for start, stop in properties["bbox_used_for_cropping"])
        target = whole[(slice(None),) * len(first) + kept]
        shape = target.shape[len(first) :]
        write(resampling_axes(source, shape, self._thick_axis(shape)), target)
        if channels is None:
            return self._turned(whole.transpose(order))
        return np.stack([self._turned(channel.transpose(order)) for channel in whole])

    def _nnunets_own(self, logits: Any, *, with_probabilities: bool) -> np.ndarray:
        """Labels in the model's values, or probabilities (channels, ...), of plans that resample in another way."""
        from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape

        model = self._model
        result = convert_predicted_logits_to_segmentation_with_correct_shape(
            logits.cpu(),
            model.plans,
            model.configuration,
            model.labels,
            self._properties,
            return_probabilities=with_probabilities,
            num_threads_torch=import_torch().get_num_threads(),
        )
        if with_probabilities:
            return np.stack([self._turned(channel) for channel in result[1]])
        return self._turned(result)

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

    def _thick_axis(self, shape: Sequence[int]) -> int | None:
        """Return the axis along which nnU-Net does not interpolate because its slices are thick, or None."""
        from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis

        model = self._model
        turned = [self._properties["spacing"][axis] for axis in model.plans.transpose_forward]
        spacing = list(model.configuration.spacing)
        options = model.configuration.configuration["resampling_fn_probabilities_kwargs"]
        current = spacing if len(spacing) == len(shape) else [turned[0], *spacing]
        separate, axis = determine_do_sep_z_and_axis(options.get("force_separate_z", False), current, turned)
        return int(axis) if separate else None

    def _turned(self, array: np.ndarray) -> np.ndarray:
        """Turn an array from the order of nnU-Net's readers (z, y, x) and the network's orientation to the image's."""
        turned_grid = Image(np.broadcast_to(np.uint8(0), self._grid.shape), self._grid)
        volume = Image(array.transpose(2, 1, 0), reorient(turned_grid, self._orientation).geometry)
        return np.ascontiguousarray(reorient(volume, self._grid.axcodes).array)

    def _within_roi(self, array: np.ndarray) -> np.ndarray:
        return array if self._inside is None else np.where(self._inside, array, array.dtype.type(0))
