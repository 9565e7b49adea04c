"""Run a module of this very folder in another Python: ``python -s .../run_module.py models.tools.weights FILES``.

The package is loaded by its path, not by its name on the search path, so that the caller's own copy runs whatever else
is installed in that Python.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parents[1]


def load(name: str) -> ModuleType:
    """Return the module ``name`` (relative to the package) of the package in this folder."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE.name, PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit(f"{PACKAGE} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE.name] = module
    spec.loader.exec_module(module)
    return importlib.import_module(f"{PACKAGE.name}.{name}")


if __name__ == "__main__":
    load(sys.argv[1]).main(sys.argv[2:])
