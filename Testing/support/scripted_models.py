"""Models that are a line of code, for tests of everything around a network."""

from pathlib import Path

import numpy as np

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import CancelledError
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.models import InstalledModel, ModelEntry, Prediction


def installed(name="threshold", contrasts=("T2w",), digest="a" * 64, of="canal"):
    """A model that is said to be installed, with labels of the scheme ``of``."""
    entry = ModelEntry(name, "r1", "A model that thresholds", contrasts=contrasts, scheme=of)
    return InstalledModel(entry, Path(), {"fold_0/checkpoint_final.pth": digest}, "made by the test")


class Threshold:
    """Everything bright is canal, or another structure with the value 1."""

    def __init__(self, of="canal"):
        self.images, self.of = 0, of

    def __call__(self, images, model, *, device, progress, cancel):
        self.images += 1
        if cancel is not None and cancel():
            raise CancelledError("Cancelled.")
        array = (images[0].array > 100).astype(np.uint8)
        labels = LabelMap(array, images[0].geometry, scheme(self.of))
        return Prediction(labels, ("background", self.of), None, None, {}, {})
