"""Who sees whose masks: one mask for all raters, or one for each rater that the others do not see until it is released.

The choice belongs to the dataset, not to a program's settings: raters at different machines must find the same one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..errors import UsageError
from ..fileops import write_text_atomic
from .identity import timestamp
from .jsonfiles import json_text, read_json
from .layout import state_folder
from .profiles import PROPOSAL, REFINED

Mode = Literal["single", "independent"]
"""``single``: raters share one refined mask. ``independent``: each rater has their own."""

_RESERVED = frozenset({REFINED, PROPOSAL})


@dataclass(frozen=True)
class Track:
    """Which mask of a case a rater writes.

    Parameters
    ----------
    rater
        As typed.
    mode
        See :data:`Mode`.
    """

    rater: str
    mode: Mode = "single"

    @property
    def desc(self) -> str:
        """Value of ``desc-`` in the names of the rater's masks."""
        return REFINED if self.mode == "single" else rater_desc(self.rater)

    @property
    def lock(self) -> str:
        """Name of the track in the lease; "" for the mask that all share."""
        return "" if self.mode == "single" else self.desc

    @property
    def is_blind(self) -> bool:
        """Whether the rater works without seeing the others."""
        return self.mode == "independent"


def rater_desc(rater: str) -> str:
    """Return a rater's name as the value of ``desc-``; what BIDS does not allow is replaced by a short hash.

    Raises
    ------
    UsageError
        The name is empty.
    """
    plain = re.sub(r"[^0-9A-Za-z]", "", rater)
    if not rater.strip():
        raise UsageError("Raters who work independently need a name.", "Enter the rater's name or initials.")
    if plain == rater and plain not in _RESERVED:
        return plain
    return f"{plain or 'rater'}{hashlib.sha256(rater.encode()).hexdigest()[:6]}"


def review_mode(output: Path) -> Mode:
    """Return how raters work on a dataset; ``single`` unless somebody chose otherwise."""
    chosen = read_json(_settings_path(output)).content.get("Mode")
    return "independent" if chosen == "independent" else "single"


def set_review_mode(output: Path, mode: Mode) -> None:
    """Choose how raters work on a dataset.

    Raises
    ------
    WriteError
        The folder is read-only.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"There is no review mode {mode!r}.", f"Choose one of: {', '.join(get_args(Mode))}.")
    write_text_atomic(_settings_path(output), json_text({"Mode": mode}))


def release(output: Path, case: str, mask_type: str, by: str) -> None:
    """Let the raters of a mask see each other's work from now on; releasing twice changes nothing.

    Parameters
    ----------
    output, case, mask_type
        Which mask.
    by
        Who decided so.
    """
    path = _release_path(output, case, mask_type)
    if not path.is_file():
        write_text_atomic(path, json_text({"Case": case, "MaskType": mask_type, "By": by, "Time": timestamp()}))


def is_released(output: Path, case: str, mask_type: str) -> bool:
    """Whether the raters of a mask may see each other's work."""
    return _release_path(output, case, mask_type).is_file()


def _settings_path(output: Path) -> Path:
    return state_folder(output) / "review.json"


def _release_path(output: Path, case: str, mask_type: str) -> Path:
    return state_folder(output, "released") / f"{case}__{mask_type}.json"
