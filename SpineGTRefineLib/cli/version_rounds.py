"""``version rounds``: the guide from a few drawn masks to a model of all."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .options import DatasetArgument, DeviceOption, JsonOption, OutputOption, require_cases
from .terminal import Terminal, terminal_of
from .version_options import FolderOption, versions_of

if TYPE_CHECKING:
    from ..learning.rounds import Guide, Round, Step


def rounds(
    ctx: typer.Context,
    dataset: DatasetArgument,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="NAME", help="mouse or rootlets. Default: the one that the masks here are for."),
    ] = None,
    do: Annotated[bool, typer.Option("--do", help="Run the next step, if it needs no person.")] = False,
    enough: Annotated[
        bool, typer.Option("--enough", help="What is done by hand is enough: go on with the step after it.")
    ] = False,
    settings: Annotated[
        str, typer.Option("--settings", metavar="NAME|FILE", help="Settings of all trainings; see: train --help.")
    ] = "nnunet",
    device: DeviceOption = "auto",
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Guide from a few drawn masks to a model of all, in rounds: what is done, what is next, and its command.

    `mouse`: slices, a 2-D model, volumes, a 3-D model, the best volumes, the last model. `rootlets`: a few people, a
    first model, all people corrected, models that say which masks to look at again, the last model.

    What is done is read from the dataset, its versions and the installed models, so a round can be interrupted at any
    time, and steps can be run without this command.

    For example:

    `spine-gt-refine version rounds DATASET`, where am I?

    `spine-gt-refine version rounds DATASET --do`, do the next step;

    `spine-gt-refine version rounds DATASET --do --enough`, though not everything is drawn or looked at.
    """
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.rounds import Choices, fitting_plan, guide
    from ..learning.rounds import plan as plan_of
    from ..learning.rounds.state import read_state
    from ..learning.training import settings_of

    settings_of(settings)  # refuse what no training could use before it stands in a command
    opened = Dataset.open(dataset, output)
    require_cases(opened)
    chosen, folder = plan_of(plan) if plan else fitting_plan(opened), versions_of(opened, versions)
    choices = Choices(str(dataset), str(output or ""), str(versions or ""), settings, device)
    found = guide(chosen, read_state(opened, chosen.mask_type, folder), choices, folder)
    following = _following(found, enough=enough)
    if not do:
        terminal.answer(_payload(found, following), lambda: _show(terminal, found, following))
    elif following is None:
        terminal.answer(_payload(found, following), lambda: terminal.say("All rounds are done.", "green"))
    else:
        _run(terminal, *following, as_json=json)


def _following(found: Guide, *, enough: bool) -> tuple[Round, Step] | None:
    """Return the step to do next; with ``enough``, the first after what is to be done by hand."""
    steps = found.open_steps()
    return next((pair for pair in steps if not (enough and pair[1].by_hand)), None)


def _run(terminal: Terminal, current: Round, step: Step, *, as_json: bool) -> None:
    if step.by_hand:
        raise UsageError(
            f"The next step needs a person ({_count(step)}): {step.text}",
            f"Run {step.command}, or use 3D Slicer. If what is there is enough, add --enough to --do.",
        )
    from .app import main

    terminal.note(f"Round {current.number}, {current.title}: {step.text}")
    terminal.note(step.command)
    main([*step.arguments, *(["--json"] if as_json else [])])


def _payload(found: Guide, following: tuple[Round, Step] | None) -> dict[str, Any]:
    following_step = following[1].command if following else None
    content = asdict(found)
    for entry, current in zip(content["rounds"], found.rounds, strict=True):
        for step, own in zip(entry["steps"], current.steps, strict=True):
            step["command"] = own.command
    return {**content, "next": following_step}


def _show(terminal: Terminal, found: Guide, following: tuple[Round, Step] | None) -> None:
    terminal.say(found.title, "bold")
    for entry in found.rounds:
        made = f" ({entry.version}{', ' + entry.model if entry.model else ''})" if entry.version else ""
        terminal.say(f"Round {entry.number}, {entry.title}{made}", "bold")
        terminal.say(f"  {entry.why}")
        for step in entry.steps:
            mark = "done" if step.done else "next" if following and step is following[1] else "    "
            terminal.say(f"  {mark}  {step.text}{'' if step.done else _count(step, before=' - ')}")
    if following is None:
        terminal.say("All rounds are done.", "green")
        return
    step = following[1]
    terminal.say("Next:", "bold")
    terminal.say(f"  {step.command}")
    if step.by_hand:
        terminal.say("  or use 3D Slicer. If what is there is enough: version rounds DATASET --do --enough")


def _count(step: Step, before: str = "") -> str:
    """Say how far a step is, where it is more than one thing."""
    return f"{before}{step.progress.done} of {step.progress.of}" if step.progress.of > 1 else ""
