"""TotalSegmentator: of its hundred structures of a CT, the sacrum.

It keeps its weights in a folder of its own and fetches what is missing without asking; so it is only started where they
are there. It also tells its makers about each run unless its settings forbid it: here they do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from ...errors import ModelNotInstalledError
from ...fileops import sha256_of_file, write_text_atomic
from .program import Progress, ToolProgram, few_processes, find_tool, run_tool
from .result import ToolResult, bids_stem, generator_of, only_file, put_image
from .weights import checkpoints_below, inspect_weights, weights_digest

NAME = "totalsegmentator"
URL = "https://github.com/wasserth/TotalSegmentator"

DATASETS = ("Dataset292_", "Dataset298_")
"""Networks for the sacrum: vertebrae at 1.5 mm, and the coarse one that finds where to look."""

_STAGES = ("Resampling", "Predicting", "Saving")


def weights_folder() -> Path:
    """Folder in which TotalSegmentator looks for its weights."""
    if chosen := os.environ.get("TOTALSEG_WEIGHTS_PATH"):
        return Path(chosen).expanduser()
    home = os.environ.get("TOTALSEG_HOME_DIR")
    return (Path(home).expanduser() if home else Path.home() / ".totalsegmentator") / "nnunet" / "results"


def run_totalsegmentator(
    image: Path,
    folder: Path,
    *,
    stem: str = "",
    device: str = "auto",
    tool: ToolProgram | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] = lambda: False,
) -> ToolResult:
    """Find the sacrum on one CT.

    Parameters
    ----------
    image
        ``.nii`` or ``.nii.gz``.
    folder
        Work folder of this run; what was in it goes.
    stem
        Name for the output; by default the image's.
    device
        ``cpu``, ``gpu`` or ``mps``; ``auto`` leaves the choice to TotalSegmentator.
    tool
        The program; None looks for it.
    progress, cancel
        Told and asked on the way.

    Returns
    -------
    ToolResult
        ``labels``: one file in the numbering of its version.

    Raises
    ------
    MissingDependencyError
        TotalSegmentator is not here.
    ModelNotInstalledError
        Its weights are not.
    UnsafeModelError, ModelError
        A checkpoint could run code, or is damaged.
    ToolError
        It failed.
    CancelledError
        ``cancel`` returned True.
    """
    tool = tool or find_tool(NAME)
    log = folder.with_suffix(".log")
    weights = _present_weights(tool)
    for one in weights:
        inspect_weights(one, tool.python)
    name = bids_stem(stem or image.name.split(".")[0])
    place = put_image(image, folder, name)
    output = folder / "output"
    output.mkdir()
    arguments: list[str | Path] = ["-i", place, "-o", output / f"{name}.nii.gz", "--ml", "--roi_subset", "sacrum"]
    arguments += [] if device == "auto" else ["--device", device.replace("cuda", "gpu")]
    environment = {
        "TOTALSEG_HOME_DIR": str(_quiet_home(folder)),
        "TOTALSEG_WEIGHTS_PATH": str(weights_folder()),
        **few_processes(1),
    }
    run_tool(tool, arguments, log, environment=environment, stages=_STAGES, progress=progress, cancel=cancel)
    labels = only_file(tool, output, "*.nii.gz", "no labels came of it", log)
    digest = weights_digest(sha256_of_file(path) for one in weights for path in checkpoints_below(one))
    entry = {**generator_of(tool, URL, {}, {}), "WeightsSHA256": digest}
    return ToolResult({"labels": labels}, log, entry)


def _present_weights(tool: ToolProgram) -> list[Path]:
    folder = weights_folder()
    found = {name: sorted(folder.glob(f"{name}*")) for name in DATASETS}
    missing = [name.rstrip("_") for name, places in found.items() if not places]
    if missing:
        fetch = tool.python.with_name("totalseg_download_weights")
        raise ModelNotInstalledError(
            f"The weights of TotalSegmentator are not in {folder}: there is no {' and no '.join(missing)}.",
            f"Fetch them, if you want to: {fetch} -t total",
        )
    return [place for places in found.values() for place in places]


def _quiet_home(folder: Path) -> Path:
    """Make a folder of settings that keeps TotalSegmentator from reporting the run to its makers."""
    home = folder / "settings"
    settings = {"totalseg_id": "totalseg_offline", "send_usage_stats": False, "prediction_counter": 0}
    write_text_atomic(home / "config.json", json.dumps(settings))
    return home
