"""What a demo model is: its training phantoms, its network, and how well it must do on phantoms it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...models.installed import InstalledModel
from ..raw_dataset import TrainingCase
from ..settings import TrainingSettings

Scores = Mapping[str, Mapping[str, float]]
"""Of each test phantom: name of a figure (a structure, say) to its value."""


ON_TWO_CORES = TrainingSettings(
    fold="all",
    iterations_per_epoch=25,
    validation_iterations=2,
    learning_rate=5e-3,
    optimizer="adamw",
    device="cpu",
)
"""What the trainings of all demos have in common: made for minutes on a processor, not for a day on a graphics card."""


@dataclass(frozen=True)
class Demo:
    """One demo model. It is called ``demo_NAME`` in the registry and lies in ``Resources/Models/demo/NAME``.

    Parameters
    ----------
    name
        Name on the command line; a Python identifier.
    number
        Of nnU-Net's dataset, unique among the demos (901 and above).
    labels
        Name of each label to its value; the values are those of the registry entry's scheme.
    seeds
        Phantoms to train on, one training case each.
    training_case
        Makes the case of a seed.
    settings
        Network and length of the training.
    tests
        Test phantoms by name, as arguments of the function that makes them. Their seeds are never trained on.
    measure
        Runs the model on every test phantom.
    purpose
        Sentences for the model card: what the phantoms are, what the model cannot do.
    channels
        nnU-Net's name of each image, which decides how it is normalized.
    """

    name: str
    number: int
    labels: Mapping[str, int]
    seeds: range
    training_case: Callable[[int], TrainingCase]
    settings: TrainingSettings
    tests: Mapping[str, Mapping[str, object]]
    measure: Callable[[InstalledModel], Scores]
    purpose: str = ""
    channels: tuple[str, ...] = field(default=("MRI",))

    @property
    def dataset(self) -> str:
        """nnU-Net's name of the training data."""
        return f"Dataset{self.number}_Demo{self.name.capitalize()}"
