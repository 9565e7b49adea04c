"""The card of a trained model: what it was trained on, how, and how good it is; as JSON and as a page of text."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from statistics import fmean
from typing import Any

from ... import __version__
from ...bids.jsonfiles import require_json
from ...models import InstalledModel
from ..evaluation import CaseMetrics, summarize

CARD, PAGE = "training.json", "MODEL_CARD.md"
"""Names of the files beside an installed model."""

FORMAT = 1


@dataclass(frozen=True)
class FoldResult:
    """How one fold went.

    Parameters
    ----------
    fold
        Its number, or ``all``.
    trained, held_back
        How many cases it trained on, and how many it held back.
    began_from
        ``MODEL, fold N`` for a fine-tuning, else "".
    new_outputs
        Structures that it learned from nothing although it began from a model.
    may_have_seen
        Whether the model that it began from was perhaps trained on the cases it holds back.
    scores
        Of the cases it held back; empty for ``all``.
    """

    fold: str
    trained: int
    held_back: int
    began_from: str
    new_outputs: tuple[str, ...]
    may_have_seen: bool
    scores: Sequence[CaseMetrics]

    @property
    def dice(self) -> float | None:
        """Mean Dice over structures and cases; None where nothing was held back."""
        return mean_dice(self.scores)

    def as_json(self) -> dict[str, Any]:
        """Return it for the card."""
        return {
            "Trained": self.trained,
            "HeldBack": self.held_back,
            "BeganFrom": self.began_from,
            "NewOutputs": list(self.new_outputs),
            "MayHaveSeenHeldBack": self.may_have_seen,
            "Dice": self.dice,
            "Structures": structure_table(self.scores),
        }


def mean_dice(scores: Sequence[CaseMetrics]) -> float | None:
    """Mean over cases of the mean Dice of their structures; None where there are none."""
    means = [mean for case in scores if (mean := case.mean("dice")) is not None]
    return fmean(means) if means else None


def structure_table(scores: Sequence[CaseMetrics]) -> dict[str, dict[str, float | int | None]]:
    """Return metrics by structure: cases, missed, and the means of Dice, surface Dice and HD95."""
    return {
        entry.key: {
            "Cases": entry.cases,
            "Missed": entry.missed,
            "Dice": entry.dice.mean,
            "NSD": entry.nsd.mean,
            "HD95mm": entry.hd95_mm.mean if entry.hd95_mm else None,
        }
        for entry in summarize(scores)
    }


def software() -> dict[str, str]:
    """Return the versions of what the training depends on."""
    found = {"spine-gt-refine": __version__, "python": platform.python_version()}
    for name in ("torch", "nnunetv2"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def card_of(model: InstalledModel) -> dict[str, Any] | None:
    """Return the card of a model that was trained here; None for others."""
    path = model.path.parent / CARD
    return require_json(path) if path.is_file() else None


def make_card(
    identity: Mapping[str, Any],
    request: Mapping[str, Any],
    folds: Mapping[str, FoldResult],
    test: Sequence[CaseMetrics],
    seconds: float,
) -> dict[str, Any]:
    """Return the card as JSON.

    Parameters
    ----------
    identity
        What was trained on what: id, name, version with hashes, kind of mask, the model it began from.
    request
        What was asked for, as JSON.
    folds
        How each fold went.
    test
        Scores of the whole model on the frozen test set.
    seconds
        Duration of training and prediction, of what was not done before.
    """
    held_back = [case for result in folds.values() for case in result.scores]
    return {
        "Format": FORMAT,
        **identity,
        "Created": datetime.now(UTC).isoformat(timespec="seconds"),
        "Settings": request["settings"],
        "Export": request["export"],
        "Regions": request["regions"],
        "Folds": {name: result.as_json() for name, result in folds.items()},
        "OutOfFold": {"Dice": mean_dice(held_back), "Structures": structure_table(held_back)},
        "Test": {"Dice": mean_dice(test), "Structures": structure_table(test)},
        "Seconds": round(seconds, 1),
        "Software": software(),
    }


def card_page(card: Mapping[str, Any]) -> str:
    """Return the card as a page of text."""
    version_, settings = card["Version"], card["Settings"]
    began = f"the model {card['BeganFrom']}" if card["BeganFrom"] else "random weights"
    parts = card["Export"]["preparation"]["parts"]
    seen = "" if parts == "whole" else f" It saw parts of the images (`--parts {parts}`), and must be shown the same."
    lines = [
        f"# Model {card['Name']}",
        "",
        (
            f"Draws {card['MaskType']} masks. Trained on the version {version_['Name']} of a dataset (SHA-256 of its "
            f"list of cases: {version_['SHA256']}), beginning from {began}, for {settings['epochs']} epochs of "
            f"{settings['iterations_per_epoch']} steps, with mirroring {'on' if settings['mirroring'] else 'off'}."
            f"{seen}"
        ),
        "",
        f"Folds: {', '.join(card['Folds'])}. Made with {', '.join(f'{n} {v}' for n, v in card['Software'].items())}.",
        *_notes(card["Folds"]),
        "",
        *_table("On the frozen test set", card["Test"]),
        *_table("Out of fold (each case judged by the network that did not see it)", card["OutOfFold"]),
        "The figures hold for images like these. Look at the results before you use them for anything else.",
        "",
    ]
    return "\n".join(lines)


def _notes(folds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    seen = [name for name, fold in folds.items() if fold["MayHaveSeenHeldBack"]]
    new = sorted({output for fold in folds.values() for output in fold["NewOutputs"]})
    notes = []
    if seen:
        notes.append(
            f"The model that it began from may have been trained on cases that fold {', '.join(seen)} holds back: its "
            "out-of-fold figures may be too good."
        )
    if new:
        notes.append(f"Learned from nothing: {', '.join(new)}.")
    return notes


def _table(title: str, part: Mapping[str, Any]) -> list[str]:
    if not part["Structures"]:
        return []
    head = ["| structure | cases | missed | Dice | surface Dice | HD95 mm |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {key} | {row['Cases']} | {row['Missed']} | {_number(row['Dice'], 3)} | {_number(row['NSD'], 3)} "
        f"| {_number(row['HD95mm'], 2)} |"
        for key, row in part["Structures"].items()
    ]
    return [f"{title}: mean Dice {part['Dice']:.3f}.", "", *head, *rows, ""]


def _number(value: float | None, digits: int) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"
