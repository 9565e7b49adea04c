"""BIDS datasets: the only room that knows names and places."""

from .case import Case, MaskFile
from .dataset import Dataset
from .loading import existing_mask, load_mask
from .masktypes import MaskType, mask_type, mask_types
from .saving import Remarks, SavedMask, save_mask
from .scan import Note

__all__ = [
    "Case",
    "Dataset",
    "MaskFile",
    "MaskType",
    "Note",
    "Remarks",
    "SavedMask",
    "existing_mask",
    "load_mask",
    "mask_type",
    "mask_types",
    "save_mask",
]
