"""``demo``: on its way."""

from __future__ import annotations

import typer

from .options import JsonOption


def demo(ctx: typer.Context, json: JsonOption = False) -> None:
    """On its way."""
