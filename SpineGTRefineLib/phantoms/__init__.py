"""Synthetic spines and mouse cords with exact labels, and model-like outputs with controlled errors."""

from .dataset import PhantomCase, PhantomDataset, lab_mask, make_dataset
from .defects import Defect
from .mouse import MousePhantom, make_mouse
from .outputs import SpinepsOutput, canal_like, spineps_like, totalspineseg_like
from .spine import SpinePhantom, SpineSettings, make_spine
from .storage import storage_variant

__all__ = [
    "Defect",
    "MousePhantom",
    "PhantomCase",
    "PhantomDataset",
    "SpinePhantom",
    "SpineSettings",
    "SpinepsOutput",
    "canal_like",
    "lab_mask",
    "make_dataset",
    "make_mouse",
    "make_spine",
    "spineps_like",
    "storage_variant",
    "totalspineseg_like",
]
