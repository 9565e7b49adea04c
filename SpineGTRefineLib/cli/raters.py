"""``raters``: who has done what, and whether raters share a mask or work without seeing each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from .options import DatasetArgument, JsonOption, OutputOption, require_cases
from .terminal import Terminal, terminal_of


class Mode(StrEnum):
    """How raters work on a dataset."""

    SINGLE = "single"
    INDEPENDENT = "independent"


MEANING = {
    Mode.SINGLE: "All raters share one mask of each case.",
    Mode.INDEPENDENT: "Each rater has a mask of their own, which the others see once it is released.",
}


def raters(
    ctx: typer.Context,
    dataset: DatasetArgument,
    mode: Annotated[
        Mode | None,
        typer.Option("--mode", help="single: one mask for all. independent: one for each, unseen by the others."),
    ] = None,
    release: Annotated[
        list[str] | None,
        typer.Option("--release", metavar="CASE", help="Let raters see each other's masks of a case. Repeatable."),
    ] = None,
    mask: Annotated[
        str | None, typer.Option("--mask", metavar="KIND", help="Release this kind of mask only. Default: all kinds.")
    ] = None,
    rater: Annotated[str, typer.Option("--rater", metavar="NAME", help="Who decides to release; kept with it.")] = "",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Show what each rater has done, and say how raters work on this dataset.

    The choice is kept with the dataset's results: panel and station follow it for whoever opens the dataset next. Masks
    that were made stay, whichever way is chosen; `consensus` puts those of several raters together.

    For example:

    `spine-gt-refine raters DATASET --mode independent`;

    `spine-gt-refine raters DATASET --release sub-01_T2w`.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset, mask_type, mask_types
    from ..bids.events import read_events, status_by_rater
    from ..bids.tracks import release as release_masks
    from ..bids.tracks import review_mode, set_review_mode

    opened = Dataset.open(dataset, output)
    require_cases(opened)
    kinds = [mask_type(mask)] if mask is not None else list(mask_types().values())
    released = [opened.case(name) for name in release or ()]
    if mode is not None:
        set_review_mode(opened.output, mode.value)
    for case in released:
        for kind in kinds:
            release_masks(opened.output, case.key, kind.name, by=rater)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (_, _, name), event in status_by_rater(read_events(opened.output)).items():
        if name:  # A program has none.
            counts[name][event.status] += 1
    chosen = Mode(review_mode(opened.output))
    payload = {"mode": chosen, "released": [case.key for case in released], "raters": counts}
    terminal.answer(payload, lambda: _show(terminal, chosen, counts))


def _show(terminal: Terminal, mode: Mode, counts: Mapping[str, Counter[str]]) -> None:
    terminal.say(MEANING[mode])
    if not counts:
        terminal.say("Nobody has reviewed a mask yet.")
        return
    statuses = sorted({status for count in counts.values() for status in count})
    rows = [(name, *(count[status] for status in statuses)) for name, count in sorted(counts.items())]
    terminal.table("Masks by rater", ("Rater", *(f"{status} #" for status in statuses)), rows)
