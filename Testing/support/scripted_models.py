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
    """Everything bright is the first structure that the model knows."""

    def __init__(self):
        self.images = 0

    def __call__(self, images, model, *, device, progress, cancel, outputs=("labels",)):
        self.images += 1
        if cancel is not None and cancel():
            raise CancelledError("Cancelled.")
        kind = scheme(model.entry.scheme)
        bright = images[0].array > 100
        soft = np.stack([~bright, bright]).astype(np.float32) if "probabilities" in outputs else None
        labels = LabelMap(bright.astype(np.uint8) * min(kind.values), images[0].geometry, kind)
        return Prediction(labels, ("background", kind.name), soft, None, {}, {})


class Models:
    """A store in which every model is installed."""

    def find(self, name):
        """Return the model; its labels follow from its name."""
        kinds = {"rootlets": "rootlets", "cord": "cord", "lumbosacral": "cord", "mouse": "gmwm"}
        return installed(name, of=next((kind for part, kind in kinds.items() if part in name), "canal"))
