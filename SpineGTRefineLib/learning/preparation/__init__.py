"""What is done to cases on their way into a training; recorded, and never in place."""

from .ends import read_ends
from .parts import PARTS, Preparation, boxes_of, grid_of, prepared_labels, window_of

__all__ = ["PARTS", "Preparation", "boxes_of", "grid_of", "prepared_labels", "read_ends", "window_of"]
