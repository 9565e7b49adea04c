"""A BIDS dataset whose images are bright balls in noise: what a network learns in seconds, to train on for real."""

from pathlib import Path

import numpy as np

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, mask_type, save_mask
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_image, write_image
from SpineGTRefineLib.learning.settings import SmallNetwork, TrainingSettings

SIDE = 20

TINY = TrainingSettings(
    epochs=3,
    iterations_per_epoch=10,
    validation_iterations=1,
    optimizer="adamw",
    small=SmallNetwork(spacing=(1.0, 1.0, 1.0), patch_size=(16, 16, 16), features=(6, 12, 16)),
    device="cpu",
)
"""A few seconds of training; the network finds balls, not much more."""


def ball(seed: int, kind: str = "canal") -> tuple[Image, LabelMap]:
    """A bright ball in noise, and its mask; of the cord, white matter around gray matter for ``gmwm``."""
    draw = np.random.default_rng(seed)
    center = draw.uniform(7, SIDE - 7, 3)
    distance = np.linalg.norm(np.indices((SIDE,) * 3) - center[:, None, None, None], axis=0)
    radius = draw.uniform(4, 6)
    inside = distance < radius
    labels = inside.astype(np.uint8)
    if kind == "gmwm":
        labels[inside & (distance >= radius / 2)] = 2
    geometry = Geometry(inside.shape, np.diag([-1.0, 1.0, 1.0, 1.0]))
    image = (100 * inside + 60 * (labels == 2) + draw.normal(20, 8, inside.shape)).astype(np.float32)
    return Image(image, geometry), LabelMap(labels, geometry, scheme(kind))


class BallWorld:
    """A dataset of subjects with a T2w each, and corrected masks where :meth:`save` was called."""

    def __init__(self, root: Path, subjects: int, kind: str = "canal") -> None:
        self.root, self.kind = root, mask_type(kind)
        root.mkdir(parents=True)
        (root / "dataset_description.json").write_text('{"Name": "balls", "BIDSVersion": "1.10.1"}')
        self.truth = {}
        for number in range(1, subjects + 1):
            image, labels = ball(number, kind)
            path = root / f"sub-{number:02d}" / "anat" / f"sub-{number:02d}_T2w.nii.gz"
            path.parent.mkdir(parents=True)
            write_image(path, image)
            self.truth[f"sub-{number:02d}_T2w"] = labels

    @property
    def dataset(self) -> Dataset:
        return Dataset.open(self.root)

    def save(self, key: str, labels: LabelMap | None = None, status: str = "corrected") -> None:
        """Save the true mask of a case, or another one."""
        dataset = self.dataset
        case = dataset.case(key)
        image, labels = read_image(case.image), labels or self.truth[key]
        save_mask(dataset, case, self.kind, labels, image=image, rater="ab", status=status)

    def save_all(self) -> None:
        for key in self.truth:
            self.save(key)
