"""All networks of a model over one preprocessed image: which runners, which tiles, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .backends import Runner, runners_for
from .loading import LoadedModel
from .mirrors import SecondOpinion
from .sliding import Control, Place, predict_logits
from .tiles import Tiling


@dataclass(frozen=True, eq=False)
class Said:
    """What the networks gave.

    Parameters
    ----------
    logits
        Tensor (classes, x, y, z), the mean of all networks.
    apart
        Tensor (x, y, z), how far the second opinion is from the first; None where none was asked for.
    runner
        What computed one of them, as all others.
    remarks
        What had to be done differently.
    """

    logits: Any
    apart: Any
    runner: Runner
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The networks of a model, about to be run over one image.

    Parameters
    ----------
    model
        Whose networks.
    data
        Tensor (channels, x, y, z), preprocessed.
    part, focus, control, opinion
        See :func:`.sliding.predict_logits`, where ``part`` is the region of interest.
    mode
        One of :data:`.backends.MODES`.
    """

    model: LoadedModel
    data: Any
    part: np.ndarray | None
    focus: bool
    mode: str
    control: Control
    opinion: SecondOpinion | None

    def run(self, where: Place) -> Said:
        """Run them at a place; see :func:`.sliding.predict_logits` for the errors."""
        model = self.model
        tiling = Tiling(tuple(model.configuration.patch_size), model.entry.tile_step, model.mirror_axes)
        runners, remarks = runners_for(model.networks, tiling.tile, where.device, self.mode, model.runners)
        logits, apart = predict_logits(
            runners,
            self.data,
            model.labels.num_segmentation_heads,
            tiling,
            where.sums,
            self.control,
            self.part,
            focus=self.focus,
            opinion=self.opinion,
        )
        return Said(logits, apart, runners[0], remarks)
