"""What a dataset is made of: cases (one image each) and the masks that belong to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .annex import is_fetched
from .masktypes import MaskType


@dataclass(frozen=True)
class MaskFile:
    """A mask found in a dataset.

    Parameters
    ----------
    path
        The file as it is named in the dataset (links not resolved).
    mask_type
        Its kind.
    pipeline
        Folder under ``derivatives`` that it was found in; "" for a mask beside its image.
    entities
        All key-value parts of its name.
    """

    path: Path
    mask_type: MaskType
    pipeline: str
    entities: dict[str, str] = field(compare=False)

    @property
    def fetched(self) -> bool:
        """Whether the file's content is on this machine (git-annex)."""
        return is_fetched(self.path)


@dataclass(frozen=True)
class Case:
    """One image and the masks that belong to it.

    Parameters
    ----------
    key
        The image's name without extension: ``sub-01_ses-M0_acq-sag_T2w``.
    subject, session
        Ids without ``sub-`` and ``ses-``; session is None where the dataset has none.
    entities
        All key-value parts of the image's name, ``sub`` and ``ses`` included.
    contrast
        The image's suffix (``T2w``).
    image
        The image as it is named in the dataset (links not resolved).
    masks
        Masks of known kinds in all derivatives, in order of pipeline and name.
    datatype
        Folder of the image below the subject or session (``anat``).
    """

    key: str
    subject: str
    session: str | None
    entities: dict[str, str] = field(compare=False)
    contrast: str
    image: Path
    masks: tuple[MaskFile, ...] = ()
    datatype: str = "anat"

    @property
    def fetched(self) -> bool:
        """Whether the image's content is on this machine (git-annex)."""
        return is_fetched(self.image)

    def masks_of(self, mask_type: MaskType) -> tuple[MaskFile, ...]:
        """All masks of one kind."""
        return tuple(mask for mask in self.masks if mask.mask_type == mask_type)
