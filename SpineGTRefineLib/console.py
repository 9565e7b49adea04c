"""What a person types in a Python console: open a dataset, run a recipe, repair a mask.

All of it is also in the rooms below, with more to choose from. These functions take paths and names, wait until they
are done, print nothing, and return objects that say in a console what they are. :mod:`SpineGTRefineLib.refine` has the
steps for masks, under the names of the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bids import Dataset
from .bids.masktypes import scheme_of_name
from .engine.request import RecipeRequest
from .errors import MissingFileError, PartialFailureError, UsageError
from .imaging import LabelMap, read_labels, write_labels
from .recipes.batch import RunSettings

Progress = Callable[[int, int, str], None]
"""Told how many cases are done, of how many, and what is going on. Another thread may call it."""


@dataclass(frozen=True)
class CaseResult:
    """What a recipe made of one case.

    Parameters
    ----------
    case
        Key of the case.
    mask
        The mask that was saved; None where the case failed or was done before.
    notes
        What to know before trusting it.
    problem
        Why it failed and what to do; "" if it did not.
    """

    case: str
    mask: Path | None
    notes: tuple[str, ...]
    problem: str

    def __str__(self) -> str:
        if self.problem:
            return f"{self.case}: failed. {self.problem}"
        return f"{self.case}: {self.mask.name if self.mask else 'done before'}"


@dataclass(frozen=True, repr=False)
class RecipeRun:
    """What became of a recipe that ran on cases.

    Parameters
    ----------
    title
        The recipe and its model.
    cases
        One result per case.
    """

    title: str
    cases: tuple[CaseResult, ...]

    @property
    def masks(self) -> dict[str, Path]:
        """The masks that were saved, by case."""
        return {result.case: result.mask for result in self.cases if result.mask is not None}

    @property
    def failed(self) -> dict[str, str]:
        """Why cases failed and what to do, by case."""
        return {result.case: result.problem for result in self.cases if result.problem}

    def raise_if_failed(self) -> RecipeRun:
        """Return the run itself, for scripts that must not go on with a part of the cases.

        Raises
        ------
        PartialFailureError
            A case failed.
        """
        if self.failed:
            raise PartialFailureError.of(list(self.failed), len(self.cases))
        return self

    def __repr__(self) -> str:
        head = f"<{self.title} on {len(self.cases)} cases: {len(self.masks)} saved, {len(self.failed)} failed>"
        return "\n  ".join([head, *map(str, self.cases)])


def open_dataset(path: str | Path, output: str | Path | None = None, *, profile: str = "bids") -> Dataset:
    """Open a BIDS dataset, one subject's folder or one image; see :meth:`.bids.Dataset.open`. Nothing is written."""
    return Dataset.open(Path(path).expanduser(), output, profile)


def run_recipe(
    dataset: Dataset | str | Path,
    recipe: str,
    *,
    cases: str | Sequence[str] = (),
    model: str | None = None,
    settings: Mapping[str, Any] | None = None,
    contrast: str | None = None,
    device: str = "auto",
    mode: str = "exact",
    again: bool = False,
    python: str | Path | None = None,
    in_process: bool = False,
    progress: Progress | None = None,
) -> RecipeRun:
    """Let a model propose a mask for each case, and wait for it; the same as ``spine-gt-refine run``.

    Masks that a person has edited are never touched, and a case that fails never stops the others.

    Parameters
    ----------
    dataset
        What :func:`open_dataset` returned, or its path.
    recipe
        Name of the recipe, such as ``canal``.
    cases
        Keys of cases or subjects; none for all.
    model
        Name of the model; None for the recipe's first one that is installed.
    settings
        Settings of the recipe for this run, such as ``{"last_level": "T1"}``.
    contrast
        Contrast of the images where their names do not tell.
    device, mode
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``exact`` or ``fast``.
    again
        Run also where this model has already run on the same image.
    python
        The Python that runs models, in a process of its own; None for the one that ``env create models`` made, else
        this one.
    in_process
        Run the model right here instead; PyTorch and nnU-Net must be installed here.
    progress
        See :data:`Progress`.

    Raises
    ------
    DatasetError, MissingFileError
        There is no dataset or image.
    UsageError
        A recipe, case, setting, model or mode is not known; the error names those that are.
    ModelNotInstalledError, MissingDependencyError
        The model or the Python to run it is missing; the error says how to get it.
    CancelledError
        Ctrl+C was pressed. What was saved before stays.
    """
    request = RecipeRequest.of(
        dataset if isinstance(dataset, Dataset) else open_dataset(dataset),
        recipe,
        cases=[cases] if isinstance(cases, str) else cases,
        model=model,
        stated=settings,
        settings=RunSettings(device, contrast, again, mode),
    )
    show = progress or (lambda _done, _total, _text: None)
    outcomes = request.in_this_process(show) if in_process else request.in_worker(python, show)
    return RecipeRun(request.title, tuple(map(_result, outcomes)))


def read_mask(path: str | Path, scheme: str = "") -> LabelMap:
    """Read a mask in the scheme that is asked for, else in the one that its name says, else in ``spine``.

    Raises
    ------
    MissingFileError
        There is no such file.
    UsageError
        The scheme is not known.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise MissingFileError(f"The mask {file} does not exist.", "Check the spelling of the path.")
    return read_labels(file, scheme_of_name(file.name, scheme))


def write_mask(path: str | Path, mask: LabelMap, *, overwrite: bool = False) -> Path:
    """Write a mask with the header of the file that it came from, and return its place.

    Raises
    ------
    UsageError
        There is a file already, and ``overwrite`` is not set.
    LabelError
        The mask holds values that its scheme does not know.
    """
    file = Path(path).expanduser()
    if file.exists() and not overwrite:
        raise UsageError(f"{file} exists already.", "Choose another name, or say overwrite=True.")
    write_labels(file, mask)
    return file


def _result(outcome: Mapping[str, Any]) -> CaseResult:
    error = outcome.get("error") or {}
    mask = Path(outcome["mask"]) if "mask" in outcome else None
    problem = f"{error['cause']} {error['remedy']}".strip() if error else ""
    return CaseResult(outcome["case"], mask, tuple(outcome["notes"]), problem)
