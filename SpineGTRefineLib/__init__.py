"""SpineGTRefine: repair spine MRI ground truths, headless, in 3D Slicer and in the browser.

In a console::

    from SpineGTRefineLib import open_dataset, run_recipe, refine

Importing the package itself loads nothing else, also inside Slicer: what a console needs is loaded when it is named.
The rooms of this package, from the ground up, are listed in CONTRIBUTING.md; a room imports only rooms below it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import refine
    from .console import open_dataset, read_mask, run_recipe, write_mask

__version__ = "0.1.0"

__all__ = ["open_dataset", "read_mask", "refine", "run_recipe", "write_mask"]


def __getattr__(name: str) -> Any:
    if name == "refine":
        return importlib.import_module(".refine", __name__)
    if name in __all__:
        return getattr(importlib.import_module(".console", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; for a console it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
