"""The files at the top of the output: what it is, who made it, what the label values mean, what a validator skips."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .. import __version__
from ..anatomy import LabelScheme
from ..fileops import write_text_atomic
from .dataset import Dataset
from .jsonfiles import read_json, write_json
from .layout import PIPELINE, STATE_FOLDER, names_this_pipeline
from .masktypes import MaskType

BIDS_VERSION = "1.10.1"
"""The version of the standard that the output follows."""

_LINK_REACH = 2
"""How many folders up a link to the raw dataset may go; a longer way could tell a person's name."""


def prepare_output(dataset: Dataset, mask_type: MaskType) -> None:
    """Write what the top of the output lacks for a mask of this type. Files that are there and usable stay as they are.

    Raises
    ------
    WriteError
        The file system refused.
    """
    description = dataset.output / "dataset_description.json"
    if not names_this_pipeline(read_json(description).content):
        write_json(description, _description(dataset))
    ignore = dataset.output / ".bidsignore"
    if not ignore.exists():
        write_text_atomic(ignore, "\n".join([f"{STATE_FOLDER}/", *dataset.profile.ignored, ""]))
    table_stem = dataset.profile.table_stem(mask_type)
    if table_stem is not None:
        _write_if_changed(dataset.output / f"{table_stem}.tsv", label_table(mask_type.scheme))


def label_table(scheme: LabelScheme) -> str:
    """Return the table of a scheme in BIDS form: index, name, color (``#rrggbb``), one row per value."""
    rows = ["index\tname\tcolor", "0\tbackground\t#000000"]
    for entry in scheme:
        red, green, blue = entry.color
        rows.append(f"{entry.value}\t{entry.name}\t#{red:02x}{green:02x}{blue:02x}")
    return "\n".join(rows) + "\n"


def _description(dataset: Dataset) -> dict[str, Any]:
    content: dict[str, Any] = {
        "Name": "Refined spine segmentations",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": PIPELINE,
                "Version": __version__,
                "Description": "Segmentations proposed by models, repaired, and reviewed by raters.",
            }
        ],
    }
    link = _link_to_raw(dataset)
    if link:
        content["DatasetLinks"] = {"raw": link}
    return content


def _link_to_raw(dataset: Dataset) -> str:
    """Return the way from the output to the dataset; "" where it is long and could tell a person's name."""
    try:
        parts = Path(os.path.relpath(dataset.root, dataset.output)).parts
    except ValueError:  # another drive on Windows
        return ""
    ups = parts.count("..")
    return "/".join(parts) if ups <= _LINK_REACH and len(parts) <= ups + 1 else ""


def _write_if_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        write_text_atomic(path, text)
