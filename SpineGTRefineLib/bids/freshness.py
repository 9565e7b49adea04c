"""Whether a saved mask still follows from the files that it was made from."""

from __future__ import annotations

from pathlib import Path

from ..errors import DatasetError
from ..fileops import sha256_of_file
from .dataset import Dataset
from .jsonfiles import read_json
from .layout import sidecar_path
from .sidecars import SourceFile, recorded_sources


def changed_sources(dataset: Dataset, mask: Path) -> tuple[SourceFile, ...]:
    """Return the sources of a saved mask, as its sidecar records them, whose content is another one today.

    Sources outside of the dataset, and those that are not on this machine now, cannot be compared and are left out.

    Parameters
    ----------
    dataset
        The dataset that the mask belongs to.
    mask
        A mask that this project saved.
    """
    recorded = recorded_sources(read_json(sidecar_path(mask)).content)
    return tuple(source for source in recorded if source.is_uri and _is_changed(dataset, source))


def _is_changed(dataset: Dataset, source: SourceFile) -> bool:
    try:
        path = dataset.path_of(source.name)
    except DatasetError:
        return False
    return path.is_file() and sha256_of_file(path) != source.sha256
