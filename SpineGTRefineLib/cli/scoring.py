"""What ``evaluate`` and ``compare`` share: score pairs of masks, file by file, and save tables and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import MissingFileError
from ..fileops import write_text_atomic
from .batch import Outcome, each_case
from .spreadsheet import write_tsv
from .terminal import Terminal

if TYPE_CHECKING:
    from ..learning.evaluation import CaseMetrics, MaskPair

KindOption = Annotated[
    str, typer.Option("--mask", metavar="KIND", help="Only this kind of mask, such as rootlets. Default: all kinds.")
]

TruthSchemeOption = Annotated[
    str,
    typer.Option("--scheme", metavar="SCHEME", help="Label scheme. Default: what the truths' names say, else spine."),
]

DescOption = Annotated[
    str, typer.Option("--desc", metavar="DESC", help="Of each case, the prediction whose name has desc-DESC.")
]

TruthDescOption = Annotated[
    str, typer.Option("--truth-desc", metavar="DESC", help="Of each case, the truth whose name has desc-DESC.")
]

ToleranceOption = Annotated[
    float,
    typer.Option("--tolerance-mm", help="Surfaces no further apart than this count as one, for the surface Dice."),
]

ResultsOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FOLDER", help="Save tables (.tsv, .json) and a page with plots (.html) there."),
]


@dataclass(frozen=True)
class Scoring:
    """How masks are read and scored.

    Parameters
    ----------
    scheme, prediction_scheme
        Names of label schemes; "" for what the truth's name says, and for the truth's.
    tolerance_mm
        As in :func:`~SpineGTRefineLib.learning.evaluation.evaluate_case`.
    """

    scheme: str = ""
    prediction_scheme: str = ""
    tolerance_mm: float = 1.0

    def score(self, pair: MaskPair) -> CaseMetrics:
        """Read and score one pair.

        Raises
        ------
        MissingFileError
            There is no prediction for this truth.
        """
        from ..anatomy import scheme
        from ..imaging import read_labels
        from ..learning.evaluation import evaluate_case

        if pair.prediction is None:
            raise MissingFileError(
                f"There is no prediction for {pair.truth.name}.",
                "Run the model on this case too: leaving out what it fails on would flatter it.",
            )
        meaning = pair.scheme(self.scheme)
        truth = read_labels(pair.truth, meaning)
        given = scheme(self.prediction_scheme) if self.prediction_scheme else meaning
        prediction = read_labels(pair.prediction, given)
        return evaluate_case(prediction, truth, name=pair.name, tolerance_mm=self.tolerance_mm)


def score_pairs(
    terminal: Terminal, title: str, pairs: Sequence[MaskPair], score: Callable[[MaskPair], CaseMetrics]
) -> Outcome[CaseMetrics]:
    """Score every pair; one that fails is named and the others go on.

    Raises
    ------
    RefineError
        The only pair failed, or all of several.
    """
    if len(pairs) == 1:
        return Outcome([(pairs[0].name, score(pairs[0]))])
    outcome = each_case(terminal, title, [(pair.name, pair) for pair in pairs], score)
    if not outcome.results:
        raise outcome.failures[0][1]
    return outcome


def save_results(
    folder: Path, name: str, payload: Mapping[str, Any], page: str, tables: Mapping[str, Any]
) -> list[str]:
    """Save a result as ``NAME.json``, ``NAME.html`` and tables, and return the names of the files.

    Parameters
    ----------
    folder
        Made if it is not there.
    name
        Of the JSON document and the page.
    payload, page
        Their content.
    tables
        For each file name (without extension) rows as dictionaries; empty ones are left out.
    """
    import json

    written = [f"{name}.json", f"{name}.html"]
    write_text_atomic(folder / written[0], json.dumps(payload, indent=2, allow_nan=False, default=str) + "\n")
    write_text_atomic(folder / written[1], page)
    for table, rows in tables.items():
        if rows:
            columns = list(rows[0])
            write_tsv(folder / f"{table}.tsv", columns, [[row[column] for column in columns] for row in rows])
            written.append(f"{table}.tsv")
    return written


def number(value: float | None, digits: int = 3) -> str:
    """Write a number for people; n/a where there is none."""
    return "n/a" if value is None else f"{value:.{digits}f}"


def say_saved(terminal: Terminal, folder: Path | None, files: Iterable[str]) -> None:
    """Tell where results were saved."""
    if folder is not None:
        terminal.say(f"Saved in {folder}: {', '.join(files)}")
