"""Run a model on the images of one case: one call, from images to labels on the images' own grid.

Preprocessing, tile arithmetic and export are nnU-Net's own functions, called in this process: no worker pools, no
lookup of trainer classes, no temporary files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from importlib.metadata import version

import numpy as np

from ..errors import UsageError
from ..imaging import Box, Image, LabelMap
from .backends import MODES
from .case import NnunetCase, Region
from .devices import choose_device, export_with_fallback, places_for, refusing_what_does_not_fit, run_with_fallback
from .ensemble import Ensemble, Said
from .installed import InstalledModel
from .loading import LoadedModel, load_model
from .mirrors import SecondOpinion
from .postprocessing import apply_post_steps
from .prediction import Prediction
from .sliding import Control
from .soft import distance, entropy
from .way_back import WayBack

OUTPUTS = frozenset({"labels", "probabilities", "uncertainty", "flip_disagreement"})
"""What can be asked of :func:`predict`; labels are always given."""

Progress = Callable[[float, str], None]
"""Called with the part that is done, 0 to 1, and the stage."""


@refusing_what_does_not_fit()
def predict(
    images: Sequence[Image],
    model: InstalledModel | LoadedModel,
    *,
    outputs: Collection[str] = ("labels",),
    roi: Region | None = None,
    focus: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
    on_tile: Callable[[int, int], None] | None = None,
    mode: str = "exact",
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
        One or more of ``labels``, ``probabilities``, ``uncertainty``, ``flip_disagreement``; see :class:`Prediction`.
        None changes the labels. Uncertainty costs hardly anything beside the network. Flip disagreement costs nothing
        where mirrored copies vote; elsewhere so many tiles as cover the image run twice (in a large image about every
        second one along each axis). Probabilities take 4 bytes per voxel and class.
    roi
        Part of the first image: a box in its voxels, or an array of its shape that is not 0 there (a mask). Only tiles
        that touch it are computed; inside, the network's labels are those of a full run, outside is background.
    focus
        Place the tiles around ``roi`` instead of on the grid of the whole image: many times fewer, but not the labels
        of a full run, since the network sees other surroundings. For 60 mm of three phantoms the demo model of the
        canal drew with a Dice of 0.991 to 0.994 to its full run (``Testing/bench/bench_focus.py``).
    device
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. If its memory is too small, the sums
        move to the main memory, then everything moves to the CPU; the provenance says so.
    progress, cancel
        Called and asked between tiles.
    on_tile
        Called before each tile with its number, from 1, and the number of all.
    mode
        ``exact``, or ``fast``: bfloat16 on a CPU that is faster so, at the price of a few voxels at borders.

    Returns
    -------
    Prediction
        On the grid of ``images[0]``.

    Raises
    ------
    UsageError
        Unknown output, device or mode; focus without a region.
    InputError
        The number of images is wrong, or an image has no contrast.
    GeometryError
        The images lie on different grids.
    CancelledError
        ``cancel`` returned True.
    ModelError and its kinds, MissingDependencyError
        See :func:`.loading.load_model`; also if the memory is too small.
    """
    outputs = {outputs} if isinstance(outputs, str) else set(outputs)
    _check(outputs, mode, roi, focus=focus)
    places = places_for(choose_device(device))
    report = progress or (lambda _part, _stage: None)
    if isinstance(model, InstalledModel):
        report(0.0, "loading the model")
        loaded = load_model(model)
    else:
        loaded = model
    clock = _Clock({"load": loaded.load_seconds if loaded is not model else 0.0})
    report(0.0, "preparing the image")
    case = NnunetCase(images, loaded, roi)
    data = case.preprocess()
    clock.lap("preprocess")

    opinion = _second_opinion(loaded, case) if "flip_disagreement" in outputs else None
    control = Control(_counting(report, on_tile), cancel or (lambda: False))
    ensemble = Ensemble(loaded, data, case.model_roi(data.shape[1:]), focus, mode, control, opinion)
    said, place, tried = run_with_fallback(places, ensemble.run)
    notes = [*case.notes, *tried, *said.remarks]
    clock.lap("network")

    report(1.0, "writing labels onto the image's grid")
    back = case.way_back()
    labels = export_with_fallback(said.logits, back.labels, notes)
    soft = _soft_results(said, back, outputs, notes, regions=loaded.labels.has_regions)
    clock.lap("export")
    labels = apply_post_steps(labels, loaded.entry.postprocessing)
    clock.lap("postprocess")

    how = {"focus": focus, "mode": mode, **said.runner.as_dict()}
    return Prediction(
        labels=LabelMap(labels, images[0].geometry, loaded.scheme),
        channel_names=loaded.channel_names,
        probabilities=soft.get("probabilities"),
        uncertainty=soft.get("uncertainty"),
        timings=clock.laps,
        provenance=_provenance(loaded, str(place.device), notes, roi) | how,
        flip_disagreement=soft.get("flip_disagreement"),
    )


def _counting(report: Progress, on_tile: Callable[[int, int], None] | None) -> Callable[[int, int], None]:
    def count(done: int, total: int) -> None:
        if on_tile is not None:
            on_tile(done + 1, total)
        report(done / total, "running the network")

    return count


def _soft_results(
    said: Said, back: WayBack, outputs: Collection[str], notes: list[str], *, regions: bool
) -> dict[str, np.ndarray]:
    """Return what was asked for beyond labels, on the image's grid."""
    results: dict[str, np.ndarray] = {}
    if "probabilities" in outputs:
        results["probabilities"] = export_with_fallback(said.logits, back.probabilities, notes)
    if "uncertainty" in outputs:
        doubt = export_with_fallback(said.logits, partial(entropy, regions=regions), notes)
        results["uncertainty"] = back.map(doubt.cpu().numpy())
    if said.apart is not None:
        results["flip_disagreement"] = back.map(said.apart.cpu().numpy())
    return results


def _check(outputs: set[str], mode: str, roi: Region | None, *, focus: bool) -> None:
    if unknown := outputs - OUTPUTS:
        raise UsageError(f"Unknown output {sorted(unknown)[0]!r}.", f"Choose from: {', '.join(sorted(OUTPUTS))}.")
    if mode not in MODES:
        raise UsageError(f"Unknown mode {mode!r}.", f"Choose from: {', '.join(MODES)}.")
    if focus and roi is None:
        raise UsageError("There is nothing to focus on.", "Give a region of interest (roi).")


def _second_opinion(model: LoadedModel, case: NnunetCase) -> SecondOpinion | None:
    axis = case.left_right_axis()
    if axis is None:
        case.notes.append("No flip disagreement: the network sees slices in which left and right are not to be seen")
        return None
    return SecondOpinion(axis, partial(distance, regions=model.labels.has_regions))


class _Clock:
    def __init__(self, laps: dict[str, float]) -> None:
        self.laps = laps
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def _provenance(model: LoadedModel, device: str, notes: list[str], roi: Region | None) -> dict[str, object]:
    return {
        **model.identity,
        "device": device,
        "folds": list(model.networks),
        "tile_step": model.entry.tile_step,
        "mirroring": model.mirror_axes is not None,
        "orientation": model.orientation,
        "spacing_mm": list(model.configuration.spacing),
        "postprocessing": [step.as_dict() for step in model.entry.postprocessing],
        "roi": _said_of(roi),
        "torch": version("torch"),
        "nnunetv2": version("nnunetv2"),
        "notes": notes,
    }


def _said_of(region: Region | None) -> dict[str, object] | None:
    if region is None:
        return None
    if isinstance(region, Box):
        return {"start": list(region.start), "stop": list(region.stop)}
    return {"voxels": int(np.count_nonzero(region))}
