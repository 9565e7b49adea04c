"""SPINEPS: vertebrae, their parts, discs and endplates of sagittal MRI.

Two generations of its command line are spoken. Up to version 2.0 its long options begin with one dash; from 2.1 on they
are in kebab case. Up to 1.3 the ids of vertebrae are their order from the top; with the labeling model they are names
(see the schemes ``spineps_vert_ordinal`` and ``spineps_vert``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import MissingDependencyError
from ..installed import InstalledModel
from .program import Progress, ToolProgram, few_processes, find_tool, run_tool
from .result import ToolResult, bids_stem, checked_weights, generator_of, only_file, place_of, put_image

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


def run_spineps(
    image: Path,
    folder: Path,
    weights: Mapping[str, InstalledModel],
    *,
    stem: str = "",
    device: str = "auto",
    tool: ToolProgram | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] = lambda: False,
) -> ToolResult:
    """Run SPINEPS on one image.

    Parameters
    ----------
    image
        ``.nii`` or ``.nii.gz``.
    folder
        Work folder of this run; what was in it goes.
    weights
        Models for ``semantic`` and ``instance``, and for ``labeling`` if vertebrae are to be named.
    stem
        Name for the outputs; by default the image's.
    device
        ``cpu`` for the processor; anything else leaves the choice to SPINEPS.
    tool
        The program; None looks for it.
    progress, cancel
        Told and asked on the way.

    Returns
    -------
    ToolResult
        ``instances`` (``seg-vert``) and ``semantic`` (``seg-spine``).

    Raises
    ------
    MissingDependencyError
        SPINEPS is not here, or too old for the labeling model.
    ModelError
        Weights are damaged, changed, or could run code.
    ToolError
        It failed, or found fewer than three vertebrae.
    CancelledError
        ``cancel`` returned True.
    """
    tool = tool or find_tool(NAME)
    log = folder.with_suffix(".log")
    checked_weights(tool, weights)
    place = put_image(image, folder, bids_stem(stem or image.name.split(".")[0]))
    models = {phase: place_of(model, "inference_config.json") for phase, model in weights.items()}
    arguments = spineps_arguments(tool.release, place, models, device)
    run_tool(tool, arguments, log, environment=_environment(folder), stages=_STAGES, progress=progress, cancel=cancel)
    output = folder / _OUTPUT
    files = {
        "instances": only_file(tool, output, "*_seg-vert_msk.nii.gz", _NO_BODIES, log),
        "semantic": only_file(tool, output, "*_seg-spine_msk.nii.gz", "no semantic mask came of it", log),
    }
    named = {"labeling": "labeling" in weights}
    return ToolResult(files, log, generator_of(tool, URL, weights, named))


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
