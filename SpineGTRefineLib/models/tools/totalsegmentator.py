"""TotalSegmentator: of its hundred structures of a CT, the sacrum.

It keeps its weights in a folder of its own and fetches what is missing without asking; so it is only started where they
are there. It also tells its makers about each run unless its settings forbid it: here they do.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ...errors import ModelNotInstalledError
from ...fileops import sha256_of_file, write_text_atomic
from .job import ToolJob
from .program import ToolProgram, few_processes
from .result import ToolResult, generator_of
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


def run_totalsegmentator(job: ToolJob) -> ToolResult:
    """Find the sacrum on one CT.

    Parameters
    ----------
    job
        The CT and the place.

    Returns
    -------
    ToolResult
        ``labels``: one file in the numbering of its version.

    Raises
    ------
    ModelNotInstalledError
        Its weights are not here.
    UnsafeModelError, ModelError
        A checkpoint could run code, or is damaged.
    ToolError
        It failed.
    CancelledError
        The job was cancelled.
    """
    weights = _present_weights(job.tool)
    for one in weights:
        inspect_weights(one, job.tool.python)
    place, output = job.put_image(), job.folder / "output"
    output.mkdir()
    arguments: list[str | Path] = ["-i", place, "-o", output / f"{job.stem}.nii.gz", "--ml", "--roi_subset", "sacrum"]
    arguments += [] if job.device == "auto" else ["--device", job.device.replace("cuda", "gpu")]
    environment = {
        "TOTALSEG_HOME_DIR": str(_quiet_home(job.folder)),
        "TOTALSEG_WEIGHTS_PATH": str(weights_folder()),
        **few_processes(1),
    }
    job.run(arguments, environment, _STAGES)
    labels = job.only_file(output, "*.nii.gz", "no labels came of it")
    digest = weights_digest(sha256_of_file(path) for one in weights for path in checkpoints_below(one))
    entry = {**generator_of(job.tool, URL, {}, {}), "WeightsSHA256": digest}
    return ToolResult({"labels": labels}, job.log, entry)


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
