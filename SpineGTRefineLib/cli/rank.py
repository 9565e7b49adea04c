"""``rank``: put the masks that are most likely wrong first in the worklist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import PartialFailureError, UsageError
from .options import JsonOption, OutputOption, require_cases
from .terminal import Terminal, as_error, terminal_of

if TYPE_CHECKING:
    from ..learning.ranking.dataset import DatasetRanking, Predictions

SHOWN = 20
"""Rows of the table on the screen; the file holds all."""


def rank(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="DATASET", help="A BIDS dataset.")],
    mask: Annotated[str, typer.Option("--mask", metavar="TYPE", help="Kind of mask: spine, canal, cord …")] = "spine",
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="DIR",
            help="Masks that a model made of the same images, best out of fold; named NAME=DIR they are called NAME. "
            "Can be given several times.",
        ),
    ] = None,
    random_share: Annotated[
        float, typer.Option("--random", metavar="SHARE", help="Part of the places that are drawn at random.")
    ] = 0.15,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw.")] = 0,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Rank the masks of a dataset by how likely they are wrong, with the reason, the structure and the slice of each.

    Each structure's disagreement with the models' masks is weighed against what is usual for it in this dataset;
    broken rules of anatomy come first. What `train` keeps beside its masks counts, too: where a model was unsure, and
    where the mirrored image changed its mind. The worklist of panel and station is in this order from then on.
    """
    del json
    from ..bids import Dataset, mask_type
    from ..learning.ranking.dataset import rank_dataset, save_ranking

    terminal = terminal_of(ctx)
    dataset, kind = Dataset.open(target, output), mask_type(mask)
    require_cases(dataset)
    ranking = rank_dataset(dataset, kind, _sources(against or []), random_share=random_share, seed=seed)
    if not ranking.rows and not ranking.failures:
        raise UsageError(f"{dataset.root} holds no {kind.name} masks.", "See: spine-gt-refine index.")
    path = save_ranking(dataset, ranking.rows)
    terminal.answer(_payload(ranking, path), lambda: _show(terminal, ranking, path))
    if ranking.failures:
        raise PartialFailureError.of([case for case, _ in ranking.failures], len(ranking.rows) + len(ranking.failures))


def _sources(texts: list[Path]) -> list[Predictions]:
    from ..learning.ranking.dataset import Predictions

    sources = []
    for text in map(str, texts):
        name, equals, folder = text.partition("=")
        path = Path(folder if equals else text)
        if not path.is_dir():
            raise UsageError(f"There is no folder {path}.", "Give the folder that holds a model's masks.")
        sources.append(Predictions(name if equals else "the model", path))
    if len({source.name for source in sources}) < len(sources):
        raise UsageError(
            "Two folders have the same name, so reasons could not say which is meant.",
            "Write --against NAME=DIR with another name for each.",
        )
    return sources


def _payload(ranking: DatasetRanking, path: Path) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": str(path),
        "rows": [asdict(row) for row in ranking.rows],
        "rules_only": list(ranking.unseen),
        "failures": [{"case": case, **as_error(error)} for case, error in ranking.failures],
    }


def _show(terminal: Terminal, ranking: DatasetRanking, path: Path) -> None:
    rows = [(place, row.case, row.reason) for place, row in enumerate(ranking.rows[:SHOWN], start=1)]
    terminal.table("Look at these first", ("", "Case", "Why"), rows)
    if len(ranking.rows) > SHOWN:
        terminal.say(f"and {len(ranking.rows) - SHOWN} more.")
    if ranking.unseen:
        terminal.say(f"{len(ranking.unseen)} of them were judged by the rules alone: no model's mask was found.")
    failed = [(case, explained["cause"], explained["remedy"]) for case, explained in _explained(ranking)]
    if failed:
        terminal.table(f"{len(failed)} failed", ("Case", "Why", "What to do"), failed)
    terminal.say(f"Written: {path}")


def _explained(ranking: DatasetRanking) -> list[tuple[str, dict[str, str | int]]]:
    return [(case, as_error(error)) for case, error in ranking.failures]
