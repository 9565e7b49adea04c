"""nnU-Net's trainer with our settings, progress, stop and safe resume.

Imports PyTorch and nnU-Net at the top: import this module inside functions only.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from ..errors import CancelledError, ModelError, WriteError
from ..models.checkpoint import load_tensors
from .network_parts import freeze
from .settings import TrainingSettings

Progress = Callable[[float, str], None]

CURVES_EVERY_S = 60.0
"""Seconds between two drawings of ``progress.png``; one takes longer than an epoch of a small network."""


class RefineTrainer(nnUNetTrainer):  # type: ignore[misc]
    """Trains in this process; everything that is not overridden is nnU-Net's.

    The signature of the constructor is nnU-Net's, since it records its own arguments; what we add is set by
    :meth:`configure`.
    """

    def configure(self, settings: TrainingSettings, progress: Progress, cancelled: Callable[[], bool]) -> RefineTrainer:
        """Take the settings over; call once, before training."""
        self.settings = settings
        self.progress = progress
        self.cancelled = cancelled
        self.num_epochs = settings.epochs
        self.num_iterations_per_epoch = settings.iterations_per_epoch
        self.num_val_iterations_per_epoch = settings.validation_iterations
        self.initial_lr = settings.learning_rate
        self.save_every = settings.save_every
        self._iteration = 0
        self._draw_curves, self._drawn_at = self.logger.plot_progress_png, time.monotonic()
        self.logger.plot_progress_png = self._draw_now_and_then
        return self

    @property
    def latest(self) -> Path:
        """The checkpoint from which a stopped training goes on."""
        return Path(self.output_folder) / "checkpoint_latest.pth"

    @property
    def bare_network(self) -> Any:
        """The network itself: on a graphics card nnU-Net wraps it for compiling, which renames its weights."""
        return getattr(self.network, "_orig_mod", self.network)

    def initialize(self) -> None:
        """Build the network; what the settings freeze learns nothing, and they say how a CPU computes."""
        super().initialize()
        if self.settings.bfloat16 and self.device.type == "cpu":
            _compute_in_bfloat16(self.network)
        freeze(self.bare_network, self.settings.freeze)

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self) -> tuple[Any, ...]:  # noqa: N802
        """Leave mirroring out unless it was asked for, in training and for later predictions."""
        rotation, flat, patch, mirror_axes = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        if not self.settings.mirroring:
            mirror_axes = self.inference_allowed_mirroring_axes = None
        return rotation, flat, patch, mirror_axes

    def _build_loss(self) -> Any:
        """Let labels count differently in the cross-entropy where the settings say so."""
        loss = super()._build_loss()
        if self.settings.label_weights:
            at_each_depth = getattr(loss, "loss", loss)  # nnU-Net wraps it where the decoder is supervised in depth
            at_each_depth.ce.weight = torch.tensor(self.settings.label_weights, device=self.device)
        return loss

    def configure_optimizers(self) -> tuple[Any, Any]:
        """AdamW where asked for, else nnU-Net's SGD."""
        if self.settings.optimizer == "sgd":
            return super().configure_optimizers()  # type: ignore[no-any-return]
        optimizer = torch.optim.AdamW(self.network.parameters(), self.initial_lr, weight_decay=self.weight_decay)
        return optimizer, PolyLRScheduler(optimizer, self.initial_lr, self.num_epochs)

    def on_epoch_start(self) -> None:
        """Draw this epoch's batches from its own seed: a training that was stopped goes on as if it had not been."""
        seed = int(np.random.SeedSequence([self.settings.seed, self.current_epoch]).generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - nnU-Net's augmentation draws from the global generators
        torch.manual_seed(seed)
        super().on_epoch_start()

    def on_train_epoch_start(self) -> None:
        """Count the steps of this epoch anew."""
        self._iteration = 0
        super().on_train_epoch_start()

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """One step, unless the user stopped the training."""
        if self.cancelled():
            # Nothing is saved here: half an epoch more would be another training when it is begun again.
            raise CancelledError("The training was stopped.", "Run it again to go on from the last epoch.")
        done = (self.current_epoch + self._iteration / self.num_iterations_per_epoch) / self.num_epochs
        self.progress(done, f"epoch {self.current_epoch + 1} of {self.num_epochs}{self._last_dice()}")
        self._iteration += 1
        return super().train_step(batch)  # type: ignore[no-any-return]

    def on_train_epoch_end(self, train_outputs: list[dict[str, Any]]) -> None:
        """Stop a training that has left the range of numbers: more epochs cannot bring it back."""
        if not all(np.isfinite(output["loss"]) for output in train_outputs):
            raise ModelError(
                f"The training diverged in epoch {self.current_epoch + 1}: its loss is not a finite number.",
                "Begin it anew with a lower learning rate.",
            )
        super().on_train_epoch_end(train_outputs)

    def on_train_end(self) -> None:
        """Draw the curves of the whole training."""
        super().on_train_end()
        self._draw_curves(self.output_folder)

    def load_checkpoint(self, filename_or_checkpoint: Any) -> None:
        """Go on from a checkpoint, opened by our safe reader (nnU-Net's own would run whatever the file holds)."""
        # Not mapped: the next checkpoint is written over this file while the optimizer still holds its tensors.
        content: Any = load_tensors(Path(filename_or_checkpoint), mapped=False)
        if not self.was_initialized:
            self.initialize()
        self.bare_network.load_state_dict(content["network_weights"])
        self.optimizer.load_state_dict(content["optimizer_state"])
        self.logger.load_checkpoint(content["logging"])
        self.current_epoch = content["current_epoch"]
        self._best_ema = content["_best_ema"]
        if self.grad_scaler is not None and content["grad_scaler_state"] is not None:
            self.grad_scaler.load_state_dict(content["grad_scaler_state"])

    def save_checkpoint(self, filename: str) -> None:
        """Replace a checkpoint in one step: the one before stays whole until the new one is."""
        target = Path(filename)
        unfinished = target.with_name(f".{target.name}.part")
        try:
            super().save_checkpoint(str(unfinished))
            unfinished.replace(target)
        except (OSError, RuntimeError) as error:  # PyTorch's writer calls a full disk a RuntimeError
            unfinished.unlink(missing_ok=True)
            raise WriteError(
                f"The checkpoint {target} could not be written: {str(error).splitlines()[0]}",
                "Free some disk space and run the training again; it goes on from the last checkpoint.",
            ) from error

    def print_to_log_file(self, *args: Any, also_print_to_console: bool = False, add_timestamp: bool = True) -> None:
        """Write to the log file only; the console belongs to the caller."""
        del also_print_to_console
        super().print_to_log_file(*args, also_print_to_console=False, add_timestamp=add_timestamp)

    def plot_network_architecture(self) -> None:
        """Leave the drawing out: it needs a package that no longer works."""

    def _save_debug_information(self) -> None:
        """Leave it out: it holds the host's name."""

    def _draw_now_and_then(self, folder: str) -> None:
        if time.monotonic() - self._drawn_at >= CURVES_EVERY_S:
            self._draw_curves(folder)
            self._drawn_at = time.monotonic()

    def _last_dice(self) -> str:
        values = self.logger.get_value("ema_fg_dice", step=None)
        return f", Dice {values[-1]:.3f}" if values else ""


def _compute_in_bfloat16(network: torch.nn.Module) -> None:
    """Let a network compute in bfloat16 with the channels innermost, as fast CPUs like it; the loss gets floats."""
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    forward = torch.autocast("cpu", torch.bfloat16)(network.forward)

    def compute(images: torch.Tensor) -> list[torch.Tensor] | torch.Tensor:
        outputs = forward(images.contiguous(memory_format=torch.channels_last_3d))
        return [output.float() for output in outputs] if isinstance(outputs, list) else outputs.float()

    network.forward = compute


# Checkpoints and folders carry this name; plain nnU-Net must find a class by it when it reads our models.
RefineTrainer.__name__ = nnUNetTrainer.__name__
