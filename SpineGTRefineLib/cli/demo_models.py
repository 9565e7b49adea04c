"""The part of ``demo`` that runs models: canal and cord of one subject, compared with the truth of the phantom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..errors import RefineError

if TYPE_CHECKING:
    from ..phantoms import PhantomDataset
    from .report import CaseResult

RECIPES = ("canal", "cord")
SUBJECT = "01"
NOT_INSTALLED = "The models did not run: PyTorch and nnU-Net are not installed (pip install 'spine-gt-refine[models]')."
NOTE = (
    "Drawn by a model that was trained on artificial spines like this one, but never on this one. It agrees with the "
    "exact mask to a Dice of {dice:.3f}. This says nothing about real patients."
)


@dataclass(frozen=True, eq=False)
class ModelResult:
    """What a recipe drew, and how well it agrees with the truth (Dice, 0 to 1)."""

    recipe: str
    model: str
    dice: float
    section: CaseResult


def models_can_run() -> bool:
    """Whether PyTorch and nnU-Net are installed (they are not imported to find out)."""
    return all(find_spec(name) is not None for name in ("torch", "nnunetv2"))


def run_models(made: PhantomDataset, done: Callable[[str], None]) -> list[ModelResult]:
    """Run the demo models on one subject and save their proposals; ``done`` is called with each recipe's title.

    Raises
    ------
    RefineError
        A recipe failed.
    """
    from ..bids import Dataset
    from ..checks import check_labels
    from ..imaging import read_image, read_labels
    from ..learning.demos.scores import dice
    from ..models import ModelStore
    from ..recipes.batch import RunSettings, run_on_dataset
    from ..recipes.definition import recipe
    from .report import CaseResult

    dataset = Dataset.open(made.root)
    case = next(case for case in dataset if case.subject == SUBJECT)
    results = []
    for name in RECIPES:
        chosen, model = recipe(name), ModelStore().find(f"demo_{name}")
        (outcome,) = run_on_dataset(chosen, dataset, [case], model, RunSettings(again=True))
        if outcome.error is not None or outcome.saved is None:
            raise outcome.error or RefineError(f"The recipe {name} wrote nothing.")
        labels = read_labels(outcome.saved.path, chosen.mask_type.scheme)
        agreement = dice(labels.array > 0, getattr(made.phantoms[case.key], name).array > 0)
        section = CaseResult(
            name=f"{case.key}: {chosen.title.lower()}",
            image=read_image(case.image),
            before=None,
            after=labels,
            problems_after=check_labels(labels),
            note=NOTE.format(dice=agreement),
            saved_as=outcome.saved.path.relative_to(dataset.root).as_posix(),
        )
        results.append(ModelResult(name, model.entry.name, agreement, section))
        done(chosen.title)
    return results
