"""From a dataset version to an installed model, and to the next champion.

Importing this loads neither PyTorch nor nnU-Net; training itself needs both.
"""

from .card import card_of
from .champion import Challenge, challenges, champion_of
from .presets import fine_tuning_of, preset_names, settings_of
from .request import TrainingRequest, training_request, trainings_folder
from .run import TrainedModel, train_version
from .shipping import ShippedModel, ship_model

__all__ = [
    "Challenge",
    "ShippedModel",
    "TrainedModel",
    "TrainingRequest",
    "card_of",
    "challenges",
    "champion_of",
    "fine_tuning_of",
    "preset_names",
    "settings_of",
    "ship_model",
    "train_version",
    "training_request",
    "trainings_folder",
]
