"""TotalSpineSeg: vertebrae and discs of MRI with their levels, canal and cord."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ..installed import InstalledModel
from .job import ToolJob
from .program import few_processes
from .result import ToolResult, checked_weights, generator_of, place_of

NAME = "totalspineseg"
URL = "https://github.com/neuropoly/totalspineseg"

RELEASES = ("r20260730", "r20251124", "r20241115")
"""Releases of its weights, newest first; both steps must be of one."""

WEIGHTS: Mapping[str, tuple[str, ...]] = {
    step: tuple(f"totalspineseg_{step}_{release}" for release in RELEASES) for step in ("step1", "step2")
}
"""What it needs, with the models of the registry that will do."""

NO_STALLING_SINCE = (20250415,)
"""First version with the option ``--no-stalling``: without it, its processes can wait for each other forever."""

_DATASETS = {"step1": "Dataset101_TotalSpineSeg_step1", "step2": "Dataset102_TotalSpineSeg_step2"}
_RESULTS = "nnUNetTrainer__nnUNetPlans__3d_fullres"
"""Name of a results folder; it is only split into its three parts, what counts stands in the checkpoints."""

_KEPT = ("step1_output", "step1_levels", "step2_output")
"""Its other outputs are previews and copies; a run without them is faster."""

_STAGES = (
    "Preprocessing images", "Running step 1 model", "Using an iterative algorithm to label IVDs",
    "Running step 2 model", "Using an iterative algorithm to label vertebrae", "Resampling step2_output",
)  # fmt: skip
_EMPTY = "no labels came of it: it found neither canal nor a landmark disc"


def run_totalspineseg(
    job: ToolJob,
    weights: Mapping[str, InstalledModel],
    *,
    localizer: Path | None = None,
    iso: bool = False,
    workers: int = 1,
) -> ToolResult:
    """Run TotalSpineSeg on one image.

    Parameters
    ----------
    job
        The image and the place. It knows ``cpu`` and ``cuda``, and takes the first card.
    weights
        Models for ``step1`` and ``step2``.
    localizer
        Labels (scheme ``totalspineseg``) of another image of the session: they say which level is which where no
        landmark is in view.
    iso
        Leave the outputs on its own grid of 1 mm.
    workers
        Processes that it may start for each step.

    Returns
    -------
    ToolResult
        ``labels`` (step 2, the final ones).

    Raises
    ------
    ModelError
        Weights are damaged, changed, or could run code.
    ToolError
        It failed, or found no landmark.
    CancelledError
        The job was cancelled.
    """
    checked_weights(job.tool, weights)
    place = job.put_image()
    data, output = _as_it_wants(weights, job.folder / "weights"), job.folder / "output"
    arguments: list[str | Path] = [place, output, "--data-dir", data]
    arguments += ["--max-workers", str(workers), "--max-workers-nnunet", str(workers), "--keep-only", *_KEPT]
    arguments += [] if job.device == "auto" else ["--device", job.device.partition(":")[0]]
    arguments += ["--loc", localizer] if localizer is not None else []
    arguments += ["--iso"] if iso else []
    arguments += ["--no-stalling"] if job.tool.release >= NO_STALLING_SINCE else []
    job.run(arguments, few_processes(workers), _STAGES)
    labels = job.only_file(output / "step2_output", "*.nii.gz", _EMPTY)
    settings = {"iso": iso, "localizer": "" if localizer is None else localizer.name}
    return ToolResult({"labels": labels}, job.log, generator_of(job.tool, URL, weights, settings))


def _as_it_wants(weights: Mapping[str, InstalledModel], folder: Path) -> Path:
    """Lay the models out where TotalSpineSeg looks; with both there it downloads nothing."""
    for step, model in weights.items():
        source = place_of(model, "plans.json")
        target = folder / "nnUNet" / "results" / _DATASETS[step] / _RESULTS
        for file in (source / "dataset.json", source / "plans.json", *source.glob("fold_0/*.pth")):
            _link(file, target / file.relative_to(source))
    return folder


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source.resolve())
    except OSError:  # Windows asks for a right that users rarely have
        shutil.copyfile(source, target)
