"""``rank``: put the masks that are most likely wrong first in the worklist."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .batch import Outcome
from .options import DatasetArgument, JsonOption, MaskOption, OutputOption, require_cases
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids.ranking import RankedMask
    from ..learning.ranking.dataset import DatasetRanking, Predictions

SHOWN = 20
"""Rows of the table on the screen; the file holds all."""


def rank(
    ctx: typer.Context,
    dataset: DatasetArgument,
    mask: MaskOption = "spine",
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
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the draw.")] = 0,
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
    opened, kind = Dataset.open(dataset, output), mask_type(mask)
    require_cases(opened)
    sources = _sources(against or [])
    with terminal.counter("Ranking") as show:
        ranking = rank_dataset(opened, kind, sources, random_share=random_share, seed=seed, progress=show)
    if not ranking.rows and not ranking.failures:
        raise UsageError(f"{opened.root} holds no {kind.name} masks.", "See: spine-gt-refine index.")
    path = save_ranking(opened, ranking.rows)
    outcome = Outcome([(row.case, row) for row in ranking.rows], list(ranking.failures))
    payload = {
        "file": str(path),
        "rows": [asdict(row) for row in ranking.rows],
        "rules_only": list(ranking.unseen),
        "failures": outcome.failures_as_json(),
    }
    terminal.answer(payload, lambda: _show(terminal, ranking, outcome, path))
    outcome.raise_if_any_failed()


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


def _show(terminal: Terminal, ranking: DatasetRanking, outcome: Outcome[RankedMask], path: Path) -> None:
    rows = [(place, row.case, row.reason) for place, row in enumerate(ranking.rows[:SHOWN], start=1)]
    terminal.table("Look at these first", ("", "Case", "Why"), rows)
    if len(ranking.rows) > SHOWN:
        terminal.say(f"and {len(ranking.rows) - SHOWN} more.")
    if ranking.unseen:
        terminal.say(f"{len(ranking.unseen)} of them were judged by the rules alone: no model's mask was found.")
    outcome.show_failures(terminal)
    terminal.say(f"Written: {path}")
