"""Options and arguments that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DatasetError, MissingFileError, UsageError
from .terminal import terminal_of

if TYPE_CHECKING:
    from ..bids import Dataset


def _use_json(ctx: typer.Context, value: bool) -> bool:
    if value:
        terminal_of(ctx).json = True
    return value


JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the result as one JSON document, for other programs, instead of a table.",
        callback=_use_json,
        is_eager=True,
    ),
]

DatasetArgument = Annotated[
    Path,
    typer.Argument(metavar="DATASET", help="The folder of the BIDS dataset (it holds the folders sub-...)."),
]

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FOLDER",
        help="Where corrected masks are kept. Default: derivatives/spine-gt-refine inside the dataset.",
    ),
]

RaterOption = Annotated[
    str,
    typer.Option("--rater", metavar="NAME", help="Who does this; stored with the mask. Choose a short code."),
]

MaskOption = Annotated[
    str,
    typer.Option("--mask", metavar="KIND", help="Which mask: spine, canal, cord, sacrum, rootlets or gmwm."),
]

TsvOption = Annotated[
    Path | None,
    typer.Option("--tsv", metavar="FILE", help="Also save the table as a file that a spreadsheet program opens."),
]

PythonOption = Annotated[
    Path | None,
    typer.Option(
        "--python",
        metavar="PATH",
        help="The Python that runs models. Default: $SPINEGTREFINE_PYTHON, else what `env create models` made.",
    ),
]


DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]


def existing_folder(path: Path, what: str) -> Path:
    """Return ``path`` if it is a folder; ``what`` names it in the error.

    Raises
    ------
    MissingFileError
        There is no such folder.
    UsageError
        It is a file.
    """
    if path.is_dir():
        return path
    if path.exists():
        raise UsageError(f"The {what} {path} is a file, but a folder is needed.", "Give the folder that holds it.")
    raise MissingFileError(f"The {what} {path} does not exist.", "Check the spelling of the path.")


def existing_file(path: Path, what: str) -> Path:
    """Return ``path`` if it is a file; ``what`` names it in the error.

    Raises
    ------
    MissingFileError
        There is no such file.
    UsageError
        It is a folder.
    """
    if path.is_file():
        return path
    if path.is_dir():
        raise UsageError(f"The {what} {path} is a folder, but a file is needed.", "Give one file, such as mask.nii.gz.")
    raise MissingFileError(f"The {what} {path} does not exist.", "Check the spelling of the path.")


def require_cases(dataset: Dataset) -> None:
    """Refuse a folder in which there is nothing to do, before a command says something stranger about it.

    Raises
    ------
    DatasetError
        It holds no images of subjects.
    """
    if dataset.cases():
        return
    errors = [note for note in dataset.notes if note.severity == "error"]
    if errors:
        raise DatasetError(f"{dataset.root} holds no usable image: {errors[0].message}", errors[0].remedy)
    raise DatasetError(
        f"{dataset.root} holds no images of subjects.",
        "Give the folder that holds sub-01, sub-02, ... with images such as sub-01/anat/sub-01_T2w.nii.gz.",
    )
