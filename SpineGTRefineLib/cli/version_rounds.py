"""``version rounds``: the plan from drawn slices to a volume model."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .options import DatasetArgument, JsonOption, OutputOption
from .terminal import terminal_of
from .version_options import FolderOption, versions_of


def rounds(
    ctx: typer.Context,
    dataset: DatasetArgument,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Show the rounds from a few drawn slices to a volume model of gray and white matter, and which comes next."""
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..learning.preparation.rounds import plan_rounds

    opened = Dataset.open(dataset, output)
    plan = plan_rounds(dataset, versions_of(opened, versions))
    current = next((entry for entry in plan if not entry.version), None)

    def tell() -> None:
        for entry in plan:
            state = f"done with {entry.version}" if entry.version else "next" if entry is current else "later"
            terminal.say(f"Round {entry.number}, {entry.title} ({state})", "bold")
            terminal.say(entry.why)
            for number, step in enumerate(entry.steps, start=1):
                terminal.say(f"  {number}. {step.text}")
                if step.command:
                    terminal.say(f"     {step.command}")

    terminal.answer({"rounds": [asdict(entry) for entry in plan], "next": current.number if current else None}, tell)
