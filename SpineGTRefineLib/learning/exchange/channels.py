"""Finds the images that are the input together."""

from __future__ import annotations

from collections.abc import Sequence

from ...bids import Case, Dataset
from ...errors import DatasetError
from ..versions import Version, VersionCase


class Channels:
    """Finds the images of a case, one per channel."""

    def __init__(self, version: Version, channels: Sequence[str]) -> None:
        self._channels = channels
        self._dataset = Dataset.open(version.root, version.output) if len(channels) > 1 else None

    def __call__(self, row: VersionCase) -> tuple[str, ...]:
        """Return the URIs of a case's images, one per channel.

        Raises
        ------
        DatasetError
            One is missing.
        """
        if self._dataset is None:
            return (row.image,)
        own = self._dataset.case(row.case)
        found = {case.contrast: case for case in self._dataset.cases() if _stands_beside(case, own)}
        missing = [contrast for contrast in self._channels if contrast not in found]
        if missing:
            raise DatasetError(
                f"{row.case} has no {missing[0]} image beside it, and all cases need the channels "
                f"{', '.join(self._channels)}.",
                "Add the image (on the same grid), leave the case out, or choose fewer channels.",
            )
        uris = (self._dataset.uri(found[contrast].image) for contrast in self._channels)
        return tuple(uri for uri in uris if uri is not None)


def _stands_beside(case: Case, own: Case) -> bool:
    return (case.subject, case.session, case.entities) == (own.subject, own.session, own.entities)
