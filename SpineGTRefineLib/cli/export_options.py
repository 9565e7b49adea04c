"""Options that say what of a version is learned from; ``version export``, ``train`` and ``finetune`` share them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError

if TYPE_CHECKING:
    from ..learning.preparation import Preparation

PANEL = "What is learned from"
PARTIAL = ("unfinished", "always", "never")

ChannelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--channel",
        metavar="CONTRAST",
        help="Contrasts that are the input together, first the one with the masks; repeat. Default: one image.",
        rich_help_panel=PANEL,
    ),
]

OrientationOption = Annotated[
    str,
    typer.Option(
        "--orientation", metavar="LETTERS", help="Turn all images to this orientation.", rich_help_panel=PANEL
    ),
]

PartialOption = Annotated[
    str,
    typer.Option(
        "--verified-only",
        metavar="WHEN",
        help="For which masks only verified slices and structures count, the rest being ignored in training: "
        "unfinished (not accepted as a whole), always, never.",
        rich_help_panel=PANEL,
    ),
]

PartsOption = Annotated[
    str,
    typer.Option(
        "--parts",
        metavar="WHICH",
        help="What of each image is written: whole; slices (each labeled slice is a case of its own); mask (a box "
        "around the mask); cord (the resampled box around the cord that the recipe lumbosacral predicts in); straight "
        "(a window of that box that follows the cord slice by slice; lumbosacral then does the same with the model).",
        rich_help_panel=PANEL,
    ),
]

SliceAxisOption = Annotated[
    str,
    typer.Option("--slice-axis", metavar="LETTER", help="Direction across slices: R, A or S.", rich_help_panel=PANEL),
]

MarginOption = Annotated[
    float, typer.Option("--margin", metavar="MM", help="Kept around the mask.", rich_help_panel=PANEL)
]

EndsOption = Annotated[
    Path | None,
    typer.Option(
        "--ends",
        metavar="FILE",
        help="Cut poor slices off: a table (tabs) with the columns case, first, last, counted from 0, both kept.",
        rich_help_panel=PANEL,
    ),
]

ZeroBelowOption = Annotated[
    str,
    typer.Option(
        "--zero-below",
        metavar="STRUCTURE",
        help="Remove labels below this structure, for training.",
        rich_help_panel=PANEL,
    ),
]

DilateOption = Annotated[
    float,
    typer.Option(
        "--dilate", metavar="MM", help="Thicken thin structures by this much, for training.", rich_help_panel=PANEL
    ),
]


def known_partial(word: str) -> Any:
    """Return ``word`` if it says when only verified parts count.

    Raises
    ------
    UsageError
        It does not.
    """
    return _known(word, PARTIAL, "--verified-only")


def preparation_of(
    parts: str, slice_axis: str, margin: float, ends: Path | None, zero_below: str, dilate: float
) -> Preparation:
    """Return what the options ask for.

    Raises
    ------
    UsageError
        One of them has a value that is not known.
    """
    from ..learning.preparation import PARTS, Preparation, read_ends

    which: Any = _known(parts, PARTS, "--parts")
    cut = read_ends(ends) if ends else {}
    return Preparation(which, slice_axis, margin_mm=margin, ends=cut, zero_below=zero_below, dilate_mm=dilate)


def _known(word: str, words: tuple[str, ...], option: str) -> str:
    if word not in words:
        raise UsageError(f"{option} {word!r} is not known.", f"Choose one of: {', '.join(words)}.")
    return word
