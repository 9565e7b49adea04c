"""How output files are named: valid BIDS by default, the NeuroPoly lab's style on request.

The reader understands both, whatever the writer's profile is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import UsageError
from .masktypes import MaskType
from .names import join_name

REFINED = "refined"
"""``desc-`` of the mask that is to be used."""

PROPOSAL = "proposal"
"""``desc-`` of a model's mask that waits beside one that a person has edited."""


@dataclass(frozen=True)
class ImageName:
    """What of an image's name goes into the names of its masks."""

    stem: str
    entities: dict[str, str]
    contrast: str


class Profile(Protocol):
    """A naming style for output files."""

    name: str
    ignored: tuple[str, ...]

    def mask_stem(self, image: ImageName, mask_type: MaskType, desc: str) -> str:
        """Return the name of a mask without its extension."""

    def table_stem(self, mask_type: MaskType) -> str | None:
        """Return the name, at the top of the output, of the table of a mask's values; None where there is none."""


class BidsProfile:
    """Names that the BIDS validator accepts, for example ``sub-01_space-T2w_seg-spine_desc-refined_dseg``."""

    name = "bids"
    ignored: tuple[str, ...] = ()

    def mask_stem(self, image: ImageName, mask_type: MaskType, desc: str) -> str:
        """Return the mask's name; ``space-`` keeps the contrast, which BIDS does not allow elsewhere."""
        label_key = "seg" if mask_type.kind == "dseg" else "label"
        own = {"space": image.contrast or "orig", label_key: mask_type.bids_label, "desc": desc}
        return join_name({**image.entities, **own}, mask_type.kind)

    def table_stem(self, mask_type: MaskType) -> str | None:
        """Return the name of the table that all segmentations of this type inherit."""
        return f"seg-{mask_type.bids_label}_dseg" if mask_type.kind == "dseg" else None


class NeuropolyProfile:
    """Names in the style of the NeuroPoly lab, for example ``sub-01_T2w_label-SC_seg``."""

    name = "neuropoly"
    ignored: tuple[str, ...] = ("*_label-*_seg.*", "*_label-*_dseg.*", "*_label-*_dlabel.*")

    def mask_stem(self, image: ImageName, mask_type: MaskType, desc: str) -> str:
        """Return the mask's name; the refined mask has the plain name that the lab's scripts look for."""
        middle = "" if desc == REFINED else f"_desc-{desc}"
        return f"{image.stem}{middle}_label-{mask_type.lab_label}_{mask_type.lab_suffix}"

    def table_stem(self, mask_type: MaskType) -> str | None:  # noqa: ARG002
        """Return None: the lab's style knows no tables."""
        return None


_PROFILES: dict[str, Profile] = {profile.name: profile for profile in (BidsProfile(), NeuropolyProfile())}


def profile(name: str) -> Profile:
    """Return the naming style called ``name`` (``bids`` or ``neuropoly``).

    Raises
    ------
    UsageError
        There is none.
    """
    try:
        return _PROFILES[name]
    except KeyError:
        raise UsageError(
            f"There is no naming style called {name!r}.", f"Choose one of: {', '.join(_PROFILES)}."
        ) from None
