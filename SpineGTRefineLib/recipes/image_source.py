"""Which image the output files of a tool belong to, and which dataset takes the result."""

from __future__ import annotations

from pathlib import Path

from ..bids import Case, Dataset
from ..errors import MissingFileError, UsageError
from ..models import external
from ..models.external import ExternalFile, OutputFolder


class ImageSource:
    """Where the image of a case comes from: a BIDS dataset, a flat folder, or (without images) TotalSpineSeg's mask.

    Parameters
    ----------
    images
        Dataset or flat folder, or None.
    output
        Folder for the results; None for the dataset's own place.
    profile
        Naming style, ``bids`` or ``neuropoly``.

    Raises
    ------
    UsageError
        Neither images nor an output folder are given.
    MissingFileError
        The folder of images does not exist.
    """

    def __init__(self, images: Path | str | None, output: Path | str | None, profile: str) -> None:
        if images is None and output is None:
            raise UsageError("There is no place for the result.", "Say where with --output, or give --images.")
        self.has_images = images is not None
        self._output = None if output is None else Path(output)
        self._profile = profile
        self._dataset: Dataset | None = None
        self._flat: OutputFolder | None = None
        if images is not None:
            self._open(Path(images))

    def case_of(self, instances: ExternalFile, labels: ExternalFile | None) -> tuple[Dataset, Case]:
        """Return the case that a SPINEPS mask belongs to, and the dataset that takes its result.

        ``labels`` is TotalSpineSeg's mask of it, which gives the name where there are no images.
        """
        if self._dataset is not None:
            return self._dataset, self._case_in(self._dataset, instances)
        path = (labels or instances).path
        if self._flat is not None:
            path = self._flat.of_image(instances.entities, instances.contrast).path
        dataset = Dataset.open(path, self._output, self._profile)
        return dataset, next(iter(dataset))

    def _open(self, folder: Path) -> None:
        if not folder.is_dir():
            raise MissingFileError(f"The folder of images, {folder}, does not exist.", "Check the path.")
        if any(child.name.startswith("sub-") and child.is_dir() for child in folder.iterdir()):
            self._dataset = Dataset.open(folder, self._output, self._profile)
        else:
            self._flat = external.images(folder)

    @staticmethod
    def _case_in(dataset: Dataset, instances: ExternalFile) -> Case:
        wanted = frozenset(instances.entities)
        for case in dataset:
            if frozenset(case.entities.items()) == wanted and case.contrast == instances.contrast:
                return case
        raise MissingFileError(
            f"The dataset {dataset.root} has no image {instances.key}.",
            "Check that --images is the dataset the tools were run on.",
        )
