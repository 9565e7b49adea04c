"""Models: which are known, which are on this machine, and what they say about an image.

Nothing is downloaded unless asked. PyTorch and nnU-Net are imported at the moment of use.
"""

from .installed import InstalledModel, models_folder
from .loading import LoadedModel, load_model
from .prediction import Prediction
from .registry import ModelEntry, registry
from .runtime import predict
from .store import ModelStore

__all__ = [
    "InstalledModel",
    "LoadedModel",
    "ModelEntry",
    "ModelStore",
    "Prediction",
    "load_model",
    "models_folder",
    "predict",
    "registry",
]
