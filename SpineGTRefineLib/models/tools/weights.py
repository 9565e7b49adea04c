"""The weights that a tool is about to open: looked at by our own reader first.

SPINEPS, TotalSpineSeg and TotalSegmentator open checkpoints the way that runs whatever their author put in. So each
file is read before by the restricted reader of :mod:`..checkpoint`; only what it accepts is handed on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...errors import MissingDependencyError, ModelError, ToolError, UnsafeModelError
from ...fileops import sha256_of_bytes
from ...process import clean_environment, module_command, run_to_end
from ..checkpoint import load_tensors

CHECKPOINTS = (".pth", ".ckpt", ".pt")
"""Names that end so are checkpoints; everything else in a model's folder is text."""

HARMLESS = ("argparse.Namespace", "pytorch_lightning.utilities.parsing.AttributeDict", "pathlib.PosixPath")
"""Plain containers of settings that PyTorch Lightning stores beside the weights, and SPINEPS' models with it."""


def inspect_weights(folder: Path, python: Path) -> None:
    """Read every checkpoint below a folder, in this process if it has PyTorch, else in another Python.

    Raises
    ------
    UnsafeModelError
        A file could run code; what it asks for is named. Nothing of it was run.
    ModelError
        There is no checkpoint, or one is damaged.
    """
    paths = checkpoints_below(folder)
    if not paths:
        raise ModelError(f"There is no checkpoint in {folder}.", "Install the model again.")
    try:
        for path in paths:
            read_checkpoint(path)
    except MissingDependencyError:
        _inspect_elsewhere(paths, python)


def checkpoints_below(folder: Path) -> list[Path]:
    """All checkpoints in a folder and below, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix in CHECKPOINTS and path.is_file())


def read_checkpoint(path: Path) -> None:
    """Read one checkpoint without letting it run code; see :func:`..checkpoint.load_tensors` for the errors."""
    load_tensors(path, harmless=HARMLESS)


def weights_digest(hashes: Iterable[str]) -> str:
    """Return one hash for several files."""
    return sha256_of_bytes("\n".join(sorted(hashes)).encode())


def main(arguments: list[str]) -> None:
    """Read the checkpoints that are named, and print why the first bad one is refused, as JSON; {} if all are good."""
    answer: dict[str, str] = {}
    for path in arguments:
        try:
            read_checkpoint(Path(path))
        except ModelError as error:
            answer = {"class": type(error).__name__, "cause": error.cause, "remedy": error.remedy}
            break
    sys.stdout.write(json.dumps(answer) + "\n")


def _inspect_elsewhere(paths: list[Path], python: Path) -> None:
    lines: list[str] = []
    command = module_command(python, "models.tools.weights", *paths)
    end = run_to_end(command, environment=clean_environment(), on_line=lines.append)
    answer: dict[str, Any] = json.loads(lines[-1]) if end.code == 0 and lines else {"class": "ToolError"}
    if answer.get("class") == "ToolError":
        reason = end.log[-1] if end.log else "it wrote nothing"
        raise ToolError(
            f"{python} could not read the weights: {reason}", "Install PyTorch here, so that they can be read here."
        )
    if answer:
        kind = UnsafeModelError if answer["class"] == "UnsafeModelError" else ModelError
        raise kind(answer["cause"], answer["remedy"])
