"""The version that the next one follows."""

from __future__ import annotations

from pathlib import Path

from ...bids import Dataset, MaskType
from .places import version_names, versions_folder
from .version import Version


def latest_version(dataset: Dataset, mask_type: MaskType, folder: Path | None = None) -> Version | None:
    """Return the newest version of a kind of mask; None while there is none.

    Parameters
    ----------
    dataset, mask_type
        Of what.
    folder
        Where versions are kept; by default with the state of the output.
    """
    place = folder or versions_folder(dataset.output)
    known = [Version.open(place / name, dataset.root, dataset.output) for name in version_names(place)]
    same = [version for version in known if version.mask_type.name == mask_type.name]
    return max(same, key=lambda version: str(version.manifest["Created"]), default=None)
