"""Which installed models are the weights of a tool, and what to say where they are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ModelNotInstalledError, UsageError
from ..models import InstalledModel
from ..models.tools import spineps, totalspineseg
from ..models.tools.program import find_tool
from .model_choice import FindModel


def require_tools(names: Sequence[str], find: FindModel, settings: Mapping[str, Any]) -> None:
    """Refuse a run whose tools or weights are not here, before any case is begun.

    Raises
    ------
    MissingDependencyError, ModelNotInstalledError
        With what to do.
    """
    for name in names:
        find_tool(name)
    if spineps.NAME in names:
        spineps_weights(find, settings["spineps"], "", labeling=settings["labeling"])
    if totalspineseg.NAME in names:
        totalspineseg_weights(find, settings["totalspineseg"])


def spineps_weights(find: FindModel, semantic: str, contrast: str, *, labeling: bool) -> dict[str, InstalledModel]:
    """Find the weights that SPINEPS needs.

    Raises
    ------
    ModelNotInstalledError
        Some are not installed; the remedy says how to get them.
    """
    wanted = dict(spineps.WEIGHTS)
    wanted["semantic"] = (semantic,) if semantic else spineps.SEMANTIC_OF.get(contrast, wanted["semantic"])
    if not labeling:
        del wanted["labeling"]
    return {phase: _first(find, "SPINEPS", names) for phase, names in wanted.items()}


def totalspineseg_weights(find: FindModel, release: str) -> dict[str, InstalledModel]:
    """Find both steps of one release of TotalSpineSeg's weights.

    Raises
    ------
    ModelNotInstalledError
        No release is complete; the remedy says how to get the newest.
    """
    releases = (release,) if release else totalspineseg.RELEASES
    missing: ModelNotInstalledError | UsageError | None = None
    for one in releases:
        names = [f"totalspineseg_{step}_{one}" for step in totalspineseg.WEIGHTS]
        try:
            return dict(zip(totalspineseg.WEIGHTS, map(find, names), strict=True))
        except (ModelNotInstalledError, UsageError) as error:
            missing = missing or error
    steps = " and ".join(f"totalspineseg_{step}_{releases[0]}" for step in totalspineseg.WEIGHTS)
    raise ModelNotInstalledError(
        f"The weights of TotalSpineSeg are not here ({steps}).",
        "They are downloaded only when you say so: spine-gt-refine models install NAME, for both.",
    ) from missing


def _first(find: FindModel, title: str, names: Sequence[str]) -> InstalledModel:
    for name in names:
        try:
            return find(name)
        except ModelNotInstalledError:
            continue
    raise ModelNotInstalledError(
        f"The weights of {title} are not here ({' or '.join(names)}).",
        f"They are downloaded only when you say so: spine-gt-refine models install {names[0]}",
    )
