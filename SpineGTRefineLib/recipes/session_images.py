"""Which other image of a session is meant: the one that a name fits, and never just the first of several."""

from __future__ import annotations

from collections.abc import Sequence

from ..bids import Case
from ..bids.names import join_name, parse_name
from ..errors import UsageError


def session_of(case: Case) -> tuple[str, str | None]:
    """Return what the images of one session have in common."""
    return case.subject, case.session


def is_called(case: Case, name: str) -> bool:
    """Whether a name fits an image.

    That is its contrast (``T2w``), with parts of its name where they matter (``acq-sag_T2w``); a name with a subject is
    that of one image alone (``sub-01_T2w``).

    Raises
    ------
    UsageError
        The name can be that of no image.
    """
    parsed = parse_name(f"{name}.nii.gz")
    if parsed is None:
        raise UsageError(f"{name!r} can be the name of no image.", "Give a contrast: T2w, or acq-sag_T2w.")
    if "sub" in parsed.entities:
        return case.key == name
    return case.contrast.casefold() == parsed.suffix.casefold() and parsed.entities.items() <= case.entities.items()


def the_one(candidates: Sequence[Case], target: Case, option: str) -> Case:
    """Return the only candidate.

    Parameters
    ----------
    candidates
        Images that a mask of ``target`` could come from; one at least.
    target
        The image that gets something.
    option
        What a user writes before the name of the one that is meant, for the message: ``--from ``.

    Raises
    ------
    UsageError
        There are several; the message names them all.
    """
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(case.key for case in candidates)
    longest = max(candidates, key=lambda case: len(case.entities))
    part = join_name({key: longest.entities[key] for key in longest.entities.keys() - {"sub", "ses"}}, longest.contrast)
    raise UsageError(
        f"Several images could be meant for {target.key}: {names}.",
        f"Say which with more of its name ({option}{part}), or with all of it ({option}{longest.key}).",
    )
