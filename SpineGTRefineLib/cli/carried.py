"""What ``propagate`` and ``refine sacrum-from-ct`` share: options, pictures, and the table of results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .terminal import Terminal

if TYPE_CHECKING:
    from ..bids import Case, Dataset
    from ..imaging import Image
    from ..recipes.carrier import OnCarried
    from ..recipes.carrying import Carried
    from ..recipes.folder_outcome import FolderOutcome

MethodOption = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="NAME",
        help="header: trust the headers. rigid or affine: find the place. auto: rigid, or header where that fails.",
    ),
]


def picture_of(dataset: Dataset, case: Case, name: str) -> Path:
    """Return where the picture of a carried mask goes: beside the reports, which are no part of the BIDS dataset."""
    from ..bids.layout import state_folder

    return state_folder(dataset.output, "reports") / f"{case.key}_{name}.png"


def drawing(dataset: Dataset, name: str) -> OnCarried:
    """Return what draws the picture of each carried mask."""
    from .report.registration import write_registration_picture

    def draw(case: Case, image: Image, carried: Carried) -> None:
        write_registration_picture(picture_of(dataset, case, name), image, carried.image, carried.labels)

    return draw


def answer(terminal: Terminal, dataset: Dataset, outcome: FolderOutcome, title: str) -> None:
    """Show what was carried, or print it as JSON; ends with an error if a case failed."""

    def show() -> None:
        rows = [
            (case.key, case.saved.path.name, " ".join(case.notes), f"{case.seconds:.1f}")
            for case in outcome.succeeded
            if case.saved
        ]
        if rows:
            terminal.table(title, ("Image", "Proposal", "How it came there", "Seconds #"), rows)
            terminal.say(f"Pictures: {picture_of(dataset, next(iter(dataset)), '').parent}")
        failed = [(case.key, case.error.cause, case.error.remedy) for case in outcome.failed if case.error]
        if failed:
            terminal.table(f"{len(failed)} failed", ("Image", "Why", "What to do"), failed)

    terminal.answer(outcome.as_dict(), show)
    outcome.raise_if_failed()
