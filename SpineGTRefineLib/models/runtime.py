"""Run a model on the images of one case: one call, from images to labels on the images' own grid.

Preprocessing, tile arithmetic and export are nnU-Net's own functions, called in this process: no worker pools, no
lookup of trainer classes, no temporary files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from ..errors import InputError, UsageError
from ..imaging import Box, Image, LabelMap, reorient, reorient_to_grid
from .checkpoint import import_torch
from .devices import choose_device, places_for, run_with_fallback
from .installed import InstalledModel
from .loading import LoadedModel, load_model
from .postprocessing import apply_post_steps
from .prediction import Prediction, entropy_of_classes, entropy_of_regions
from .tiles import Control, Span, Tiling, predict_logits

OUTPUTS = frozenset({"labels", "probabilities", "uncertainty"})
"""What can be asked of :func:`predict`; labels are always given."""

Progress = Callable[[float, str], None]
"""Called with the part that is done, 0 to 1, and the stage."""


def predict(
    images: Sequence[Image],
    model: InstalledModel | LoadedModel,
    *,
    outputs: Collection[str] = ("labels",),
    roi: Box | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    on_tile: Callable[[int, int], None] | None = None,
) -> Prediction:
    """Predict the labels of one case.

    Parameters
    ----------
    images
        One image per input channel of the model, in its order, all on one grid (storage may differ by flips). Not
        changed.
    model
        An installed model, or one that was loaded before (:func:`.loading.load_model`), which saves the loading.
    outputs
        Any of ``labels``, ``probabilities``, ``uncertainty``.
    roi
        Part of the first image, in its voxels. Only tiles that touch it are computed; inside, the network's labels are
        those of a full run, outside is background.
    device
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. If its memory is too small, the sums
        move to the main memory, then everything moves to the CPU; the provenance says so.
    progress, cancel
        Called and asked between tiles.
    on_tile
        Called before each tile with its number, from 1, and the number of all.

    Returns
    -------
    Prediction
        On the grid of ``images[0]``.

    Raises
    ------
    UsageError
        Unknown output or device.
    InputError
        The number of images is wrong, or an image has no contrast.
    GeometryError
        The images lie on different grids.
    CancelledError
        ``cancel`` returned True.
    ModelError and its kinds, MissingDependencyError
        See :func:`.loading.load_model`; also if the memory is too small.
    """
    if unknown := set(outputs) - OUTPUTS:
        raise UsageError(f"Unknown output {sorted(unknown)[0]!r}.", f"Choose from: {', '.join(sorted(OUTPUTS))}.")
    chosen_device = choose_device(device)
    report = progress or (lambda _part, _stage: None)
    if isinstance(model, InstalledModel):
        report(0.0, "loading the model")
        loaded = load_model(model)
    else:
        loaded = model
    clock = _Clock({"load": loaded.load_seconds if isinstance(model, InstalledModel) else 0.0})

    report(0.0, "preparing the image")
    case = _Case(images, loaded, roi)
    data = case.preprocess()
    clock.lap("preprocess")

    tiling = Tiling(tuple(loaded.configuration.patch_size), loaded.entry.tile_step, loaded.mirror_axes)

    def count(done: int, total: int) -> None:
        if on_tile is not None:
            on_tile(done + 1, total)
        report(done / total, "running the network")

    control = Control(count, cancel or (lambda: False))
    logits, place, fallbacks = run_with_fallback(
        places_for(chosen_device),
        lambda where: predict_logits(
            tuple(loaded.networks.values()),
            data,
            loaded.labels.num_segmentation_heads,
            tiling,
            where,
            control,
            case.model_roi(data.shape[1:]),
        ),
    )
    clock.lap("network")

    report(1.0, "writing labels onto the image's grid")
    labels, probabilities = case.export(logits, with_probabilities=bool(set(outputs) - {"labels"}))
    clock.lap("export")
    labels = apply_post_steps(labels, loaded.entry.postprocessing)
    clock.lap("postprocess")

    uncertainty = None
    if "uncertainty" in outputs and probabilities is not None:
        regions = loaded.labels.has_regions
        uncertainty = entropy_of_regions(probabilities) if regions else entropy_of_classes(probabilities)
    return Prediction(
        LabelMap(labels, images[0].geometry, loaded.scheme),
        loaded.channel_names,
        probabilities if "probabilities" in outputs else None,
        uncertainty,
        clock.laps,
        _provenance(loaded, str(place.device), [*case.notes, *fallbacks], roi),
    )


class _Clock:
    def __init__(self, laps: dict[str, float]) -> None:
        self.laps = laps
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


class _Case:
    """One case on its way through nnU-Net's preprocessing and back."""

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
        self._images = [self._usable(reorient_to_grid(image, self._grid)) for image in images]
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
        if self._roi is not None:
            outside = np.ones(labels.shape, dtype=bool)
            outside[self._roi.slices] = False
            labels[outside] = 0
        return labels, probabilities

    def _back(self, array: np.ndarray) -> np.ndarray:
        turned_grid = reorient(self._images[0], self._orientation).geometry
        volume = Image(array.transpose(2, 1, 0), turned_grid)
        return np.ascontiguousarray(reorient(volume, self._grid.axcodes).array)

    def _usable(self, image: Image) -> Image:
        array = np.asarray(image.array)
        if not np.isfinite(array).all():
            self.notes.append("NaN or infinite voxels of the image were taken as 0")
            array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
        if array.min() == array.max():
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


def _provenance(model: LoadedModel, device: str, notes: list[str], roi: Box | None) -> dict[str, object]:
    return {
        **model.identity,
        "device": device,
        "folds": list(model.networks),
        "tile_step": model.entry.tile_step,
        "mirroring": model.mirror_axes is not None,
        "orientation": model.orientation,
        "spacing_mm": list(model.configuration.spacing),
        "postprocessing": [step.as_dict() for step in model.entry.postprocessing],
        "roi": None if roi is None else {"start": list(roi.start), "stop": list(roi.stop)},
        "torch": version("torch"),
        "nnunetv2": version("nnunetv2"),
        "notes": notes,
    }
