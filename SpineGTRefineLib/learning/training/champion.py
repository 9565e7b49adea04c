"""The champion: the model that a dataset's masks of one kind are made with until another is shown to be better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...bids.jsonfiles import read_json, write_json
from ...bids.layout import state_folder
from ..evaluation import PairedComparison
from ..versions import Version

FIRST = "the first model of this kind"


@dataclass(frozen=True)
class Challenge:
    """What became of a model that challenged the champion.

    Parameters
    ----------
    mask_type
        Kind of mask.
    model
        The challenger.
    champion
        The champion before; "" if there was none.
    test_sha256
        Identity of the frozen test set.
    promoted
        Whether the challenger is the champion now.
    verdict, reason
        Of the paired comparison; ``first`` and a sentence where there was nothing to compare with.
    when
        Date and time, UTC.
    """

    mask_type: str
    model: str
    champion: str
    test_sha256: str
    promoted: bool
    verdict: str
    reason: str
    when: str


def champion_of(output: Path, mask_type: str) -> str:
    """Return the name of the champion for a kind of mask; "" while there is none."""
    promoted = [entry for entry in challenges(output) if entry.mask_type == mask_type and entry.promoted]
    return promoted[-1].model if promoted else ""


def challenges(output: Path) -> tuple[Challenge, ...]:
    """Return all challenges of a dataset, the oldest first."""
    return tuple(Challenge(**entry) for entry in _read(output))


def decide(
    output: Path, model: str, version: Version, comparison: PairedComparison | None, unfair: str = ""
) -> Challenge:
    """Note a challenge: the challenger becomes the champion if it is better, or the first; else the champion stays.

    Parameters
    ----------
    output
        Folder of the dataset's refined masks.
    model
        The challenger.
    version
        The version whose test set it was tried on; it says which kind of mask is made.
    comparison
        The challenger as the second of two against the champion; None where there is no champion, or no test set.
    unfair
        Why the two cannot be compared on this test set, "" if they can.
    """
    mask_type = version.mask_type.name
    champion = champion_of(output, mask_type)
    verdict, reason = _verdict(champion, comparison, unfair)
    challenge = Challenge(
        mask_type,
        model,
        champion,
        version.test_sha256,
        promoted=not champion or verdict == "better",
        verdict=verdict,
        reason=reason,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_json(_path(output), {"Challenges": [*_read(output), asdict(challenge)]})
    return challenge


def _verdict(champion: str, comparison: PairedComparison | None, unfair: str) -> tuple[str, str]:
    if not champion:
        return "first", f"It is {FIRST} for this dataset."
    if comparison is None:
        return "undecided", unfair or "There is no test set to compare them on."
    return comparison.verdict, comparison.reason


def _read(output: Path) -> list[Mapping[str, Any]]:
    return list(read_json(_path(output)).content.get("Challenges", []))


def _path(output: Path) -> Path:
    return state_folder(output) / "champions.json"
