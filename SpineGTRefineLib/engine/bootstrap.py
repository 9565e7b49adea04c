"""What the worker's process runs, see :func:`~SpineGTRefineLib.engine.launch.worker_command`."""

from __future__ import annotations

import importlib

from .worker import serve

RECIPES = "engine.recipe_jobs:RecipeJobs"


def main(arguments: list[str]) -> None:
    """Serve jobs on standard input and output with the handler that is named, ``module:class``; default: recipes."""
    module, _, handler = (arguments[0] if arguments else RECIPES).partition(":")
    jobs = importlib.import_module(f"..{module}", __package__)
    serve(getattr(jobs, handler)())
