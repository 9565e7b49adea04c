"""The champion: the model that a dataset's masks of one kind are made with until another is shown to be better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...bids.jsonfiles import require_json, write_json
from ...bids.layout import state_folder
from ...bids.locks import one_at_a_time
from ...errors import ConflictError, InputError, ModelNotInstalledError, UsageError
from ...models import InstalledModel, ModelStore
from ..evaluation import PairedComparison
from ..versions import Version


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


def find_champion(output: Path, mask_type: str, store: ModelStore) -> InstalledModel | None:
    """Return the champion for a kind of mask, ready to use; None while there is none.

    Raises
    ------
    ModelNotInstalledError
        It is not on this machine.
    """
    name = champion_of(output, mask_type)
    try:
        return store.find(name) if name else None
    except (ModelNotInstalledError, UsageError) as error:
        raise ModelNotInstalledError(
            f"{name}, the champion for {mask_type} masks, is not on this machine.",
            f"Work where it is, or bring its folder from there to {store.folder}.",
        ) from error


def challenges(output: Path) -> tuple[Challenge, ...]:
    """Return all challenges of a dataset, the oldest first.

    Raises
    ------
    InputError
        The file that keeps them is damaged.
    """
    path = _path(output)
    try:
        return tuple(Challenge(**entry) for entry in require_json(path).get("Challenges", []))
    except TypeError as error:
        raise InputError(f"{path} holds what is no challenge: {error}.", "Bring an older copy of it back.") from error


def decide(
    output: Path,
    model: str,
    version: Version,
    comparison: PairedComparison | None = None,
    *,
    against: str = "",
    unfair: str = "",
) -> Challenge:
    """Note a challenge: the challenger becomes the champion if it is better, or the first; else the champion stays.

    Models may be shipped at the same time: no challenge is lost, and nobody becomes the champion who was compared with
    another one.

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
    against
        The champion when the comparison began, "" for none.
    unfair
        Why the two cannot be compared on this test set, "" if they can.

    Raises
    ------
    ConflictError
        Another model has become the champion since; nothing is noted.
    InputError, LockedError, WriteError
        The file of the challenges is damaged, in use, or cannot be written.
    """
    mask_type = version.mask_type.name
    verdict, reason = _verdict(against, comparison, unfair)
    challenge = Challenge(
        mask_type,
        model,
        against,
        version.test_sha256,
        promoted=not against or verdict == "better",
        verdict=verdict,
        reason=reason,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with one_at_a_time(_path(output)):
        champion = champion_of(output, mask_type)
        if champion != against:
            raise ConflictError(
                f"{champion} has become the champion while {model} was compared with {against or 'no other model'}.",
                "Ship it again, to compare it with the new champion; what was predicted is kept.",
            )
        write_json(_path(output), {"Challenges": [asdict(entry) for entry in (*challenges(output), challenge)]})
    return challenge


def _verdict(champion: str, comparison: PairedComparison | None, unfair: str) -> tuple[str, str]:
    if not champion:
        return "first", "It is the first model of this kind for this dataset."
    if comparison is None:
        return "undecided", unfair or "There is no test set to compare them on."
    return comparison.verdict, comparison.reason


def _path(output: Path) -> Path:
    return state_folder(output) / "champions.json"
