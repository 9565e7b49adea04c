"""``refine recompose``: bring the one map of every case up to date with the masks it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .batch import Outcome, each_case
from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Dataset
    from ..recipes.composition import Composition


def recompose(
    ctx: typer.Context,
    dataset: DatasetArgument,
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="CASE", help="Only this case; may be repeated.")
    ] = None,
    only_stale: Annotated[
        bool, typer.Option("--only-stale", help="Leave out cases whose masks were never composed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be composed, and why.")] = False,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Lay spine, sacrum, canal and cord of each case over each other in one mask, where that is not up to date."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..recipes.composition import composition

    opened = Dataset.open(dataset, output)
    cases = [opened.case(key) for key in case] if case else opened.cases()
    known = [composition(opened, one) for one in cases]
    wanted = [one for one in known if one.is_stale or not (one.exists or only_stale)]
    outcome = Outcome[str]() if dry_run else _composed(terminal, opened, wanted)
    payload = {
        "wanted": [{"case": one.case.key, "why": _why(one)} for one in wanted],
        "composed": [{"case": name, "output": path} for name, path in outcome.results],
        "failed": outcome.failures_as_json(),
        "up_to_date": len(known) - len(wanted),
    }
    terminal.answer(payload, lambda: _show(terminal, payload, outcome))
    outcome.raise_if_any_failed()


def _composed(terminal: Terminal, dataset: Dataset, wanted: list[Composition]) -> Outcome[str]:
    from ..recipes.composition import compose_case

    items = [(one.case.key, one.case) for one in wanted]
    return each_case(terminal, "Composing", items, lambda case: str(compose_case(dataset, case).path))


def _why(one: Composition) -> list[str]:
    return list(one.reasons) or ["Never composed."]


def _show(terminal: Terminal, payload: dict[str, Any], outcome: Outcome[str]) -> None:
    if payload["wanted"]:
        rows = [(one["case"], " ".join(one["why"])) for one in payload["wanted"]]
        terminal.table("Not up to date", ("Case", "Why"), rows)
    terminal.say(f"Up to date: {payload['up_to_date']}. Composed now: {len(payload['composed'])}.")
    outcome.show_failures(terminal)
