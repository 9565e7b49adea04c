"""What the commands of ``version`` share: which version, and where versions are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import MissingFileError

if TYPE_CHECKING:
    from ..bids import Dataset
    from ..learning.versions import Version

NameArgument = Annotated[str, typer.Argument(metavar="VERSION", help="The version, such as D1.")]

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--versions",
        metavar="FOLDER",
        help="Where versions are kept. Default: .spine-gt-refine/versions in the output of the dataset.",
    ),
]


def versions_of(dataset: Dataset, folder: Path | None) -> Path:
    """Return the folder of versions that the user means."""
    from ..learning.versions import versions_folder

    return folder or versions_folder(dataset.output)


def open_version(dataset: Dataset, folder: Path | None, name: str) -> Version:
    """Open a version of a dataset by its name.

    Raises
    ------
    MissingFileError
        There is none; the remedy lists those that are.
    """
    from ..learning.versions import Version, version_names

    place = versions_of(dataset, folder)
    known = version_names(place)
    if name not in known:
        raise MissingFileError(
            f"{place} holds no version {name}.",
            f"There are: {', '.join(known)}." if known else "Make one with: spine-gt-refine version build",
        )
    return Version.open(place / name, dataset.root, dataset.output)
