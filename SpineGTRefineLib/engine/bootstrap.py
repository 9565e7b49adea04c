"""Start the worker of this very folder: ``python -s -P .../SpineGTRefineLib/engine/bootstrap.py [MODULE:CLASS]``.

The class does the jobs; by default those of recipes.

The package is loaded by its path, not by its name on the search path, so the worker runs the caller's own copy
whatever else is installed in its Python.
"""

import importlib.util
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
RECIPES = "engine.recipe_jobs:RecipeJobs"


def main(handler: str = RECIPES) -> None:
    """Load the package from this folder and serve jobs on standard input and output."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE.name, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"{PACKAGE} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE.name] = module
    spec.loader.exec_module(module)
    worker = importlib.import_module(f"{PACKAGE.name}.engine.worker")
    module_name, _, class_name = handler.partition(":")
    jobs = importlib.import_module(f"{PACKAGE.name}.{module_name}")
    worker.serve(getattr(jobs, class_name)())


if __name__ == "__main__":
    main(*sys.argv[1:])
