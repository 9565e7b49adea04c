"""What a run of a tool left, and the weights that it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ..installed import InstalledModel
from .program import ToolProgram
from .weights import inspect_weights, weights_digest


@dataclass(frozen=True)
class ToolResult:
    """What a tool left.

    Parameters
    ----------
    files
        Its outputs by what they are (``instances``, ``labels`` ...).
    log
        What it wrote while it ran.
    generator
        Entry for the ``GeneratedBy`` list of a sidecar.
    """

    files: Mapping[str, Path]
    log: Path
    generator: Mapping[str, Any]


def generator_of(
    tool: ToolProgram, url: str, weights: Mapping[str, InstalledModel], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the ``GeneratedBy`` entry: tool, version, weights with their hash, and settings."""
    names = ", ".join(f"{model.entry.name} {model.entry.version}" for model in weights.values())
    hashes = [digest for model in weights.values() for digest in model.hashes.values()]
    return {
        "Name": tool.title,
        "Version": tool.version,
        "CodeURL": url,
        **({"Model": names, "WeightsSHA256": weights_digest(hashes)} if weights else {}),
        **({"Settings": dict(settings)} if settings else {}),
    }


def checked_weights(tool: ToolProgram, weights: Mapping[str, InstalledModel]) -> None:
    """Refuse weights that changed since they were installed, or that could run code.

    Raises
    ------
    ChecksumError, UnsafeModelError, ModelError
        See :meth:`..installed.InstalledModel.verify` and :func:`.weights.inspect_weights`.
    """
    for model in weights.values():
        model.verify()
        inspect_weights(model.path, tool.python)


def place_of(model: InstalledModel, file: str) -> Path:
    """Return the folder in which a model's ``file`` lies; archives wrap their content in folders of any name.

    Raises
    ------
    ModelError
        It lies nowhere, or in several places.
    """
    found = sorted(path.parent for path in model.path.rglob(file))
    if len(found) != 1:
        raise ModelError(
            f"The model {model.entry.name} must hold one {file}; it holds {len(found)}.", "Install it again."
        )
    return found[0]
