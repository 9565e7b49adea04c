"""From a dataset version to an installed model, and to the next champion.

Importing this loads neither PyTorch nor nnU-Net; training itself needs both.
"""

from .request import TrainingRequest, training_request, trainings_folder
from .run import TrainedModel, card_of, train_version

__all__ = [
    "TrainedModel",
    "TrainingRequest",
    "card_of",
    "train_version",
    "training_request",
    "trainings_folder",
]
