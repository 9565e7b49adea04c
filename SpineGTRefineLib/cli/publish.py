"""``publish``: hand accepted masks over to the lab's shared folder."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DatasetError
from .options import DatasetArgument, JsonOption, OutputOption, RaterOption
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Dataset
    from ..bids.publish import PublishItem, PublishPlan

ACTIONS = {"add": "new file", "replace": "replaces", "same": "is there already", "skip": "left out"}


def publish(
    ctx: typer.Context,
    dataset: DatasetArgument,
    to: Annotated[
        str, typer.Option("--to", metavar="FOLDER", help="Folder under derivatives that the masks go to.")
    ] = "derivatives/labels",
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without this, only show what would happen.")] = False,
    rater: RaterOption = "",
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Copy masks that a person accepted or corrected to the folder where the lab keeps its ground truths.

    Shows first what would happen and writes nothing; with --apply it does that. A mask that is replaced goes to the
    history, and its earlier authors stay named.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..bids.publish import publish as carry_out

    opened = Dataset.open(dataset, output)
    plan = carry_out(opened, to, dry_run=True, rater=rater)
    _require_masks(opened, plan)
    if apply:
        plan = carry_out(opened, to, dry_run=False, plan=plan, rater=rater)
    payload = {"applied": plan.done, "to": to, "items": [_as_dict(opened, item) for item in plan.items]}
    terminal.answer(payload, lambda: _show(terminal, opened, plan))
    if all(item.action == "skip" for item in plan.items):
        reasons = Counter(item.reason for item in plan.items).most_common()
        raise DatasetError(
            f"None of the {len(plan.items)} masks can be published: "
            + "; ".join(f"{reason} ({count})" for reason, count in reasons)
            + ".",
            "Open the cases, correct or accept their masks, and publish again.",
        )


def _require_masks(dataset: Dataset, plan: PublishPlan) -> None:
    if not plan.items:
        raise DatasetError(
            f"{dataset.output} holds no refined masks.",
            "Make some with: spine-gt-refine refine spine --help, or name their folder with --output.",
        )


def _as_dict(dataset: Dataset, item: PublishItem) -> dict[str, Any]:
    return {
        "case": item.case.key,
        "mask": item.mask_type.name,
        "action": item.action,
        "reason": item.reason,
        "target": item.target.relative_to(dataset.root).as_posix(),
    }


def _show(terminal: Terminal, dataset: Dataset, plan: PublishPlan) -> None:
    rows = [
        (entry["case"], entry["mask"], ACTIONS[entry["action"]], entry["reason"] or entry["target"])
        for entry in (_as_dict(dataset, item) for item in plan.items)
    ]
    if not plan.done:
        title = "What publishing would do (nothing was written)"
    else:
        title = "Published" if plan.writes else "Nothing was published"
    terminal.table(title, ("Case", "Mask", "What", "Where, or why not"), rows)
    if plan.writes and not plan.done:
        terminal.say("Add --apply to do this.")
