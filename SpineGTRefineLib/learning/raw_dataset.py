"""Write training cases as nnU-Net wants to read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..fileops import write_text_atomic
from ..imaging import Image, LabelMap, write_image, write_labels


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One case: a name without spaces, its images (one per channel) and its labels, all on one grid."""

    name: str
    images: Sequence[Image]
    labels: LabelMap


def write_raw_dataset(
    raw: Path,
    dataset: str,
    cases: Iterable[TrainingCase],
    *,
    channels: Sequence[str],
    labels: Mapping[str, int | Sequence[int]],
    regions_class_order: Sequence[int] | None = None,
) -> Path:
    """Write ``raw/dataset`` in nnU-Net's raw format.

    Parameters
    ----------
    raw
        Folder of raw datasets.
    dataset
        ``DatasetNNN_Name``.
    cases
        Written one after the other, so a generator keeps the memory small.
    channels
        Name of each input channel; ``zscore`` or an MRI contrast means normalization by mean and deviation.
    labels
        Name of each label to its value (or values, for regions); the background is added.
    regions_class_order
        Values of the regions on export, for overlapping labels.

    Returns
    -------
    Path
        The folder of the dataset.
    """
    folder = raw / dataset
    count = 0
    for case in cases:
        for number, image in enumerate(case.images):
            write_image(folder / "imagesTr" / f"{case.name}_{number:04d}.nii.gz", image)
        write_labels(folder / "labelsTr" / f"{case.name}.nii.gz", case.labels)
        count += 1
    document = {
        **dataset_description(channels, labels, count),
        **({"regions_class_order": list(regions_class_order)} if regions_class_order else {}),
    }
    write_text_atomic(folder / "dataset.json", json.dumps(document, indent=2) + "\n")
    return folder


def dataset_description(
    channels: Sequence[str], labels: Mapping[str, int | Sequence[int]], count: int
) -> dict[str, Any]:
    """Return what ``dataset.json`` says about ``count`` training cases; the background is added to the labels."""
    return {
        "channel_names": {str(number): name for number, name in enumerate(channels)},
        "labels": {"background": 0, **{name: _plain(value) for name, value in labels.items()}},
        "numTraining": count,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
    }


def _plain(value: int | Sequence[int]) -> int | list[int]:
    return value if isinstance(value, int) else list(value)
