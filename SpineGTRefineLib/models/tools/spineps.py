"""SPINEPS: vertebrae, their parts, discs and endplates of sagittal MRI.

Two generations of its command line are spoken. Up to version 2.0 its long options begin with one dash; from 2.1 on they
are in kebab case. Up to 1.3 the ids of vertebrae are their order from the top; with the labeling model they are names
(see the schemes ``spineps_vert_ordinal`` and ``spineps_vert``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...errors import MissingDependencyError
from ..installed import InstalledModel
from .job import ToolJob
from .program import few_processes
from .result import ToolResult, checked_weights, generator_of, place_of

NAME = "spineps"
URL = "https://github.com/Hendrik-code/spineps"

WEIGHTS: Mapping[str, tuple[str, ...]] = {
    "semantic": ("spineps_t2w_v1.0.9",),
    "instance": ("spineps_instance_v1.2.0",),
    "labeling": ("spineps_labeling_v1.4.0",),
}
"""What it needs, with the models of the registry that will do. Without ``labeling`` vertebrae have no names."""

SEMANTIC_OF = {"T1w": ("spineps_t1w_v1.0.9",)}
"""Semantic models of other contrasts than T2w."""

KEBAB_CASE_SINCE = (2, 1)
LABELING_SINCE = (1, 4)

_OUTPUT = "spineps"
_STAGES = ("Model loaded", "Predict Semantic Mask", "Predict instance mask", "Done. Results")
_NO_BODIES = "no instance mask came of it: it needs at least three vertebral bodies in view"


def run_spineps(job: ToolJob, weights: Mapping[str, InstalledModel]) -> ToolResult:
    """Run SPINEPS on one image.

    Parameters
    ----------
    job
        The image and the place. SPINEPS can be told to take the ``cpu``; for any other device it chooses itself.
    weights
        Models for ``semantic`` and ``instance``, and for ``labeling`` if vertebrae are to be named.

    Returns
    -------
    ToolResult
        ``instances`` (``seg-vert``) and ``semantic`` (``seg-spine``).

    Raises
    ------
    MissingDependencyError
        SPINEPS is too old for the labeling model.
    ModelError
        Weights are damaged, changed, or could run code.
    ToolError
        It failed, or found fewer than three vertebrae.
    CancelledError
        The job was cancelled.
    """
    checked_weights(job.tool, weights)
    place = job.put_image()
    models = {phase: place_of(model, "inference_config.json") for phase, model in weights.items()}
    job.run(spineps_arguments(job.tool.release, place, models, job.device), _environment(job.folder), _STAGES)
    output = job.folder / _OUTPUT
    files = {
        "instances": job.only_file(output, "*_seg-vert_msk.nii.gz", _NO_BODIES),
        "semantic": job.only_file(output, "*_seg-spine_msk.nii.gz", "no semantic mask came of it"),
    }
    return ToolResult(files, job.log, generator_of(job.tool, URL, weights, {"labeling": "labeling" in weights}))


def spineps_arguments(
    release: tuple[int, ...], image: Path, models: Mapping[str, Path], device: str = "auto"
) -> list[str]:
    """Return the command line for a version of SPINEPS, given the folders of its models.

    Raises
    ------
    MissingDependencyError
        The version is older than the labeling model that is wanted.
    """
    kebab = release >= KEBAB_CASE_SINCE
    if "labeling" in models and release < LABELING_SINCE:
        version = ".".join(map(str, release))
        raise MissingDependencyError(f"SPINEPS {version} cannot name vertebrae.", "Leave the labeling model out.")
    model = "--model-" if kebab else "-model_"
    arguments = ["sample"]
    for phase in ("semantic", "instance", "labeling"):
        if phase in models:
            arguments += [f"{model}{phase}", str(models[phase])]
    if "labeling" not in models and release >= LABELING_SINCE:
        arguments += [f"{model}labeling", "none"]
    arguments += ["--derivative-name" if kebab else "-der_name", _OUTPUT]
    # Our recipes check the contrast themselves, and say so; SPINEPS would skip the image without an error.
    arguments += ["--ignore-inference-compatibility" if kebab else "-ignore_inference_compatibility"]
    arguments += [("--cpu" if kebab else "-cpu")] if device == "cpu" else []
    # Last: older versions take "-ignore_..." for an abbreviated "-i" as well, and the last one counts.
    return [*arguments, "--input" if kebab else "-input", str(image)]


def _environment(folder: Path) -> dict[str, str]:
    """Point SPINEPS' search for models at an empty folder: it gets ours by path, and must not download others."""
    empty = folder / "no-models"
    empty.mkdir()
    return {"SPINEPS_SEGMENTOR_MODELS": str(empty), **few_processes(1)}
