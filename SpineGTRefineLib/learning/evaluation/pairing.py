"""Which prediction belongs to which truth, by what their names say: two files, two folders, or a dataset version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...anatomy import LabelScheme, scheme
from ...bids import MaskType
from ...bids.masktypes import is_mask_name, read_mask_name
from ...bids.names import parse_name
from ...bids.profiles import REFINED
from ...errors import DatasetError, MissingFileError
from ..opinions import is_opinion
from ..versions import Version

CaseId = tuple[str, str]
"""A case, and the kind of mask ("" where the name does not say)."""


@dataclass(frozen=True)
class MaskPair:
    """A prediction and its truth.

    Parameters
    ----------
    name
        The case, for reports.
    prediction, truth
        The files; ``prediction`` is None where there is none for this truth.
    mask_type
        Kind of mask that the names tell, None where they do not.
    """

    name: str
    prediction: Path | None
    truth: Path
    mask_type: MaskType | None = None

    def scheme(self, chosen: str, default: str = "spine") -> LabelScheme:
        """Return the scheme that was chosen, else the mask type's, else the default."""
        if chosen or self.mask_type is None:
            return scheme(chosen or default)
        return self.mask_type.scheme


@dataclass(frozen=True)
class Choice:
    """Which masks of a folder are meant.

    Parameters
    ----------
    kind
        Name of a mask type; "" for all.
    desc
        Value of ``desc-``; "" for masks without one or with ``refined``.
    """

    kind: str = ""
    desc: str = ""


def pair_masks(
    predictions: Path, truths: Path, *, prediction: Choice = Choice(), truth: Choice = Choice()
) -> tuple[MaskPair, ...]:
    """Find the prediction of every truth.

    Parameters
    ----------
    predictions
        A file, or a folder that is searched with all folders in it.
    truths
        A file, a folder, or the folder of a dataset version, whose test set it then is.
    prediction, truth
        Which masks of the folders are meant.

    Returns
    -------
    tuple of MaskPair
        One for each truth, in order of names, also where the prediction is missing: a model that fails on a case must
        not look better for it.

    Raises
    ------
    MissingFileError
        A path does not exist, or there is no truth.
    DatasetError
        A folder holds several masks of one case.
    ChangedOnDiskError
        An image or a mask of the version's test set is not what it was.
    """
    for path in (predictions, truths):
        if not path.exists():
            raise MissingFileError(f"{path} does not exist.", "Check the spelling of the path.")
    if truths.is_file() and predictions.is_file():
        return (MaskPair(_stem(truths), predictions, truths, _mask_type(truths)),)
    true = dict(_of_version(Version.open(truths))) if _is_version(truths) else _by_case(truths, truth)
    if not true:
        raise MissingFileError(f"{truths} holds no masks to compare with.", "Name the folder that holds the truth.")
    predicted = _by_case(predictions, prediction)
    return tuple(
        MaskPair(case, predicted.get((case, kind)) or predicted.get((case, "")), path, _mask_type(path))
        for (case, kind), path in sorted(true.items())
    )


def _is_version(path: Path) -> bool:
    return (path / "manifest.json").is_file() and (path / "cases.tsv").is_file()


def _of_version(version: Version) -> Iterator[tuple[CaseId, Path]]:
    version.verify(split="test")  # scores on other truths than those of the version would compare with nothing
    for row in version.cases("test"):
        yield (row.case, version.mask_type.name), version.path_of(row.mask)


def _by_case(place: Path, choice: Choice) -> dict[CaseId, Path]:
    files = [place] if place.is_file() else sorted((*place.rglob("*.nii.gz"), *place.rglob("*.nii")))
    files = [file for file in files if not any(part.startswith(".") for part in file.relative_to(place).parts)]
    files = [file for file in files if not is_opinion(file)]
    masks = [file for file in files if _is_mask(file)]
    found: dict[CaseId, list[Path]] = {}
    for file in masks or files:  # a model's output folder holds nothing else, often under the names of the images
        case, kind, desc = _read_name(file)
        if choice.kind in ("", kind) and _is_meant(desc, choice.desc):
            found.setdefault((case, kind), []).append(file)
    return {case: _only(paths) for case, paths in found.items()}


def _is_mask(file: Path) -> bool:
    parsed = parse_name(file.name)
    return parsed is not None and "sub" in parsed.entities and is_mask_name(parsed)


def _is_meant(desc: str, chosen: str) -> bool:
    return desc == chosen if chosen else desc in ("", REFINED)


def _only(paths: Iterable[Path]) -> Path:
    first, *others = paths
    if others:
        raise DatasetError(
            f"{first} and {others[0]} are masks of one case.", "Name a folder that holds one mask for each case."
        )
    return first


def _read_name(file: Path) -> tuple[str, str, str]:
    """Return the case, the kind of mask and ``desc-`` that a name tells; the plain stem where it is no mask's name."""
    parsed = parse_name(file.name)
    if parsed is None or not _is_mask(file):
        return _stem(file), "", ""
    reading = read_mask_name(parsed)
    parts = [f"{key}-{value}" for key, value in reading.image_entities.items()]
    case = "_".join([*parts, reading.contrast] if reading.contrast else parts)
    return case, reading.mask_type.name if reading.mask_type else "", parsed.entities.get("desc", "")


def _mask_type(file: Path) -> MaskType | None:
    parsed = parse_name(file.name)
    return read_mask_name(parsed).mask_type if parsed else None


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".nii")
