"""The lumbosacral project's folders ``data_mask/{nii,mask}`` as a new BIDS dataset; the folders stay as they are."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ...bids import MaskType
from ...bids.jsonfiles import json_text
from ...bids.names import nifti_extension
from ...errors import GeometryError, InputError, MissingFileError, UsageError, WriteError
from ...fileops import remedy_for, write_atomic, write_text_atomic
from ...imaging import LabelMap, read_image, read_labels, write_labels
from ...resources import resource_path
from .listing import Defect

IMAGES, MASKS, MASK_END = "nii", "mask", "_seg"

_NAME = re.compile(r"(?:sub-?)?(?P<subject>[0-9A-Za-z]+)_(?P<contrast>[0-9A-Za-z]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Pair:
    """An image and its mask, and what they are called in BIDS."""

    image: Path
    mask: Path
    subject: str
    contrast: str

    @property
    def key(self) -> str:
        """Key of the case that it becomes."""
        return f"sub-{self.subject}_{self.contrast}"


def find_pairs(folder: Path) -> tuple[tuple[Pair, ...], tuple[Defect, ...]]:
    """Find the pairs of a folder by their names, ``SubX_t2.nii`` and ``SubX_t2_seg.nii``; no file is read.

    Raises
    ------
    MissingFileError
        The folder does not hold the two folders.
    """
    for name in (IMAGES, MASKS):
        if not (folder / name).is_dir():
            raise MissingFileError(f"{folder} holds no folder {name!r}.", "Give the folder that holds nii and mask.")
    masks = {stem.removesuffix(MASK_END): path for stem, path in _volumes(folder / MASKS).items()}
    pairs: dict[str, Pair] = {}
    defects = []
    for stem, image in _volumes(folder / IMAGES).items():
        parsed = _NAME.fullmatch(stem)
        mask = masks.pop(stem, None)
        if mask is None:
            defects.append(Defect("no-mask", stem, f"has no mask {stem}{MASK_END}"))
        elif parsed is None or parsed["contrast"].lower() not in _suffixes():
            defects.append(Defect("bad-name", stem, "is not named SubX_contrast with a known contrast"))
        else:
            pair = Pair(image, mask, parsed["subject"], _suffixes()[parsed["contrast"].lower()])
            if pairs.setdefault(pair.key, pair) is not pair:
                message = f"would be called {pair.key}, as {pairs[pair.key].image.name}"
                defects.append(Defect("same-name", stem, message))
    defects += [Defect("no-image", stem, "is a mask without an image") for stem in masks]
    return tuple(pairs.values()), tuple(defects)


def adopt_pairs(folder: Path, target: Path, mask_type: MaskType) -> tuple[tuple[str, ...], tuple[Defect, ...]]:
    """Copy the pairs into the new BIDS dataset ``target``, images byte by byte.

    A mask with several values becomes one structure, which is reported; a pair that cannot be read, or whose mask lies
    on another grid, is left out and reported. A copy that was stopped leaves only a hidden folder.

    Returns
    -------
    tuple of str
        Keys of the cases.
    tuple of Defect
        What is wrong about the folder.

    Raises
    ------
    UsageError
        ``target`` exists.
    InputError
        No pair can be used.
    WriteError
        The file system refused.
    """
    if target.exists():
        raise UsageError(f"{target} exists already.", "Choose a new folder; what is there is never overwritten.")
    pairs, found = find_pairs(folder)
    defects, keys = list(found), []
    unfinished = target.with_name(f".{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    for pair in pairs:
        try:
            defects += _copy(pair, unfinished, mask_type)
            keys.append(pair.key)
        except InputError as error:
            defects.append(Defect("unusable", pair.key, error.cause))
    if not keys:
        raise InputError(f"No pair of {folder} can be used.", "; ".join(defect.message for defect in defects[:3]))
    description = {"Name": folder.name, "BIDSVersion": "1.10.1", "DatasetType": "raw"}
    write_text_atomic(unfinished / "dataset_description.json", json_text(description))
    try:
        unfinished.rename(target)
    except OSError as error:
        raise WriteError(f"{target} could not be made: {error.strerror}.", remedy_for(error)) from error
    return tuple(keys), tuple(defects)


def _copy(pair: Pair, root: Path, mask_type: MaskType) -> list[Defect]:
    image = read_image(pair.image)
    labels = read_labels(pair.mask, mask_type.scheme, grid=image.geometry)
    if not labels.geometry.matches(image.geometry):
        raise GeometryError(f"{pair.mask.name} ({labels.geometry}) lies on another grid than its image.")
    place = Path(f"sub-{pair.subject}", "anat")
    extension = nifti_extension(pair.image.name)
    write_atomic(root / place / f"{pair.key}{extension}", pair.image.read_bytes())
    binary = LabelMap((labels.array != 0).astype(np.uint8), image.geometry, labels.scheme)
    name = f"{pair.key}_label-{mask_type.lab_label}_{mask_type.lab_suffix}.nii.gz"
    header = image.source.header if image.source else None
    write_labels(root / "derivatives" / "labels" / place / name, binary, header)
    if unknown := labels.unknown_values():
        return [Defect("not-binary", pair.key, f"holds the values {list(unknown)}; all of them became 1")]
    return []


def _volumes(folder: Path) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.iterdir()):
        extension = nifti_extension(path.name)
        if extension:
            found[path.name.removesuffix(extension)] = path
    return found


@cache
def _suffixes() -> dict[str, str]:
    with resource_path("Bids", "contrast_words.csv").open(encoding="utf-8", newline="") as stream:
        return {row["Word"]: row["Suffix"] for row in csv.DictReader(stream)}
