"""The commands of the program as they are declared, without printing their help."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from SpineGTRefineLib.cli.app import app

GROUP: Any = typer.main.get_command(app)
"""The program itself; making it takes a while."""


def all_commands(command: Any = GROUP, *name: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and the declaration of every command that does something."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(name), command
        return
    for word, each in inner.items():
        yield from all_commands(each, *name, word)


def command_of(words: Sequence[str]) -> tuple[Any, list[str]]:
    """Return the command that a command line names, and the words behind its name."""
    command, rest = GROUP, list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    return command, rest


def unknown_options(words: Sequence[str]) -> list[str]:
    """Return the options of a command line that its command does not have."""
    command, rest = command_of(words)
    known = {name for parameter in command.params for name in parameter.opts}
    return [word for word in rest if word.startswith("-") and word not in known]
