"""A recipe on an image that is in no dataset: it lies in a folder of its own while the worker has it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bids import Dataset
from ..errors import WorkerError
from ..imaging import Image, LabelMap, read_labels, write_image
from ..recipes.definition import Recipe
from .recipe_jobs import recipe_job

SUBJECT = "sub-volume"


@dataclass(eq=False)
class ImageJob:
    """An image on its way to the worker and its mask on the way back.

    Parameters
    ----------
    image, recipe
        What to run on what.
    job
        For :meth:`.Engine.submit`.
    """

    image: Image
    recipe: Recipe
    job: dict[str, Any]
    _folder: tempfile.TemporaryDirectory[str]

    @classmethod
    def prepare(cls, image: Image, recipe: Recipe, *, contrast: str = "", **settings: Any) -> ImageJob:
        """Write the image where the worker can read it.

        Parameters
        ----------
        image, recipe
            What to run on what.
        contrast
            BIDS suffix of the image; "" if unknown.
        settings
            model, device, contrast as stated by the user; see :func:`~SpineGTRefineLib.engine.recipe_jobs.recipe_job`.
        """
        folder = tempfile.TemporaryDirectory(prefix="spine-gt-refine-")
        name = f"{SUBJECT}_{contrast}" if contrast else SUBJECT
        # Uncompressed: it is read once, and whoever asked waits for it.
        path = Path(folder.name, "image", SUBJECT, "anat", f"{name}.nii")
        write_image(path, image)
        dataset = Dataset.open(path, Path(folder.name, "output"))
        (case,) = dataset.cases()
        return cls(image, recipe, recipe_job(dataset, case, recipe.name, **settings), folder)

    def labels(self, result: dict[str, Any]) -> LabelMap:
        """Return the mask that the worker made, on exactly the grid of the image.

        Parameters
        ----------
        result
            Of the job's ticket.

        Raises
        ------
        WorkerError
            The worker says nothing about a mask.
        """
        if not result.get("mask"):
            raise WorkerError("The worker has made no mask.", "Read its log.")
        labels = read_labels(Path(result["mask"]), self.recipe.mask_type.scheme)
        # A file keeps its place in space in single precision; and it is gone soon, so it is no source.
        return replace(labels, geometry=self.image.geometry, source=None)

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()
