"""Soft maps: how likely each voxel belongs to one structure. They lie beside the mask that they were made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import GeometryError, UsageError
from ..fileops import sha256_of_file
from ..imaging import Image, write_image
from .case import Case
from .dataset import Dataset
from .description import prepare_output
from .jsonfiles import write_json
from .layout import check_inside, sidecar_path
from .masktypes import MaskType
from .names import is_valid_id, join_name
from .profiles import REFINED
from .sidecars import chain, source_file, this_program


@dataclass(frozen=True, eq=False)
class SoftMap:
    """One structure's soft map.

    Parameters
    ----------
    label
        Value of ``label-`` in the file's name: letters and digits, for example ``rootletsC5``.
    values
        float array (i, j, k) on the image's grid, 0 (no) to 1 (sure).
    description
        One sentence for the sidecar.
    """

    label: str
    values: np.ndarray
    description: str


def soft_map_path(dataset: Dataset, case: Case, label: str) -> Path:
    """Return the place of a soft map of a case; its name is BIDS in every naming style."""
    entities = {**case.entities, "space": case.contrast or "orig", "label": label, "desc": REFINED}
    return dataset.case_folder(case) / f"{join_name(entities, 'probseg')}.nii.gz"


def save_soft_map(
    dataset: Dataset,
    case: Case,
    soft: SoftMap,
    *,
    image: Image,
    mask_type: MaskType,
    generated_by: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write a soft map and its sidecar, and return its place. An older one is replaced: nobody edits them.

    Raises
    ------
    GeometryError
        It does not lie on the image's grid.
    UsageError
        Its label is no valid part of a name, or its values are not between 0 and 1.
    WriteError
        The file system refused.
    """
    if not is_valid_id(soft.label):
        raise UsageError(f"The label {soft.label!r} is not valid in a file name.", "Use letters and digits only.")
    if soft.values.shape != image.geometry.shape:
        raise GeometryError(f"The soft map {soft.label} has {soft.values.shape} voxels, the image {image.geometry}.")
    if not (np.isfinite(soft.values).all() and soft.values.min() >= 0 and soft.values.max() <= 1):
        raise UsageError(f"The soft map {soft.label} holds values outside 0 to 1.")
    path = soft_map_path(dataset, case, soft.label)
    check_inside(dataset.output, path)
    prepare_output(dataset, mask_type)
    write_image(path, Image(soft.values.astype(np.float32), image.geometry, image.source))
    source = source_file(dataset, replace(image.source, path=case.image) if image.source else case.image)
    content = {
        "Description": soft.description,
        "SpatialReference": source.name if source.is_uri else "orig",
        "Sources": [source.name] if source.is_uri else [],
        "Manual": False,
        "GeneratedBy": chain((), *generated_by, this_program()),
        "SHA256": sha256_of_file(path),
    }
    write_json(sidecar_path(path), content)
    return path
