"""Before a run: how much memory and time a case will take, and what to do where there is too little of it.

The figures follow from the plans, the image's grid and the machine; they are upper bounds (the empty border that
nnU-Net cuts away is counted), good to a factor of two. Nothing is loaded for them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from ..errors import ModelError
from ..imaging import Geometry
from ..models import InstalledModel, ModelEntry
from ..models.cost import configuration_of, network_cost
from ..models.folder import ResultsFolder
from .machine import Machine, describe_machine

PROGRAM_BYTES = 700 * 2**20
"""PyTorch and nnU-Net themselves, loaded."""

DEVICE_PROGRAM_BYTES = 500 * 2**20
"""What CUDA takes of a card before anything is computed."""

IMAGE_BYTES = 40
"""For each voxel of the image: copies in single precision on the way to the network, two in double precision while it
is resampled. The labels come back by slabs, however many classes there are."""

SHARE = 0.9
"""Part of what is free that may be planned with; the rest is for fragments and for others."""

MIRROR_AXES = 3
"""Axes along which mirrored copies vote where a model asks for it."""

GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """What a case will take.

    Parameters
    ----------
    model, device
        What runs where; the device may be another than was asked for (see ``notes``).
    grid
        The image on the model's grid, in voxels along the network's axes.
    tiles
        Number of runs of a network.
    seconds
        Expected time; ``measured`` tells whether it follows from an earlier run on this machine.
    main_bytes, device_bytes
        Largest amount of main memory and of the card's memory.
    notes
        What will be done differently for lack of memory, and why.
    refusal
        Why it cannot work, or "".
    """

    model: str
    device: str
    grid: tuple[int, ...]
    tiles: int
    operations: float
    seconds: float
    measured: bool
    main_bytes: int
    device_bytes: int
    notes: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def summary(self) -> str:
        """One line for a person."""
        card = f", {self.device_bytes / GIB:.1f} GB of the graphics card" if self.device_bytes else ""
        how = "" if self.measured else "roughly "
        return (
            f"{self.tiles} tiles on {self.device}, {how}{duration(self.seconds)}, "
            f"up to {self.main_bytes / GIB:.1f} GB of memory{card}"
        )

    def raise_if_refused(self) -> None:
        """Raise the refusal.

        Raises
        ------
        ModelError
            The case cannot be run on this machine.
        """
        if self.refusal:
            raise ModelError(
                self.refusal, "Use a computer with more memory, a smaller model, or an image with fewer voxels."
            )

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"grid": list(self.grid), "notes": list(self.notes), "summary": self.summary}


@dataclass(frozen=True)
class _Need:
    """Bytes of each part of a run; several networks need their sums twice: one of them, and those of all before."""

    networks: int
    tile: int
    sums: int
    image: int


def plan_run(
    model: InstalledModel,
    image: Geometry,
    machine: Machine,
    *,
    folder: ResultsFolder | None = None,
    configuration: str | None = None,
) -> Plan:
    """Plan the run of a model on an image.

    Parameters
    ----------
    model, image, machine
        What runs on what and where.
    folder, configuration
        The model's results folder and the configuration its checkpoint states, where they are known already.

    Raises
    ------
    ModelError
        The model's files do not describe a network that can be planned.
    """
    entry, folder = model.entry, folder or model.results_folder()
    settings = configuration_of(folder, configuration)
    classes, channels = len(folder.label_names), folder.channel_count
    cost = network_cost(settings, channels, classes)
    grid = _model_grid(image, entry, folder, settings)
    tiles = _tile_count(grid, tuple(settings["patch_size"]), entry.tile_step)
    folds = len(entry.folds or [fold for fold in folder.folds if fold != "all"] or ["all"])
    copies = 2**MIRROR_AXES if entry.mirroring else 1
    voxels, image_voxels = math.prod(grid), math.prod(image.shape)
    need = _Need(
        networks=4 * cost.parameters * folds,
        tile=4 * cost.values,
        sums=voxels * (2 * (classes + 1) * min(folds, 2) + 4 * channels),
        image=image_voxels * IMAGE_BYTES,
    )
    device, main, on_device, notes = _place(need, machine)
    operations = float(cost.operations) * tiles * folds * copies
    speed = machine.operations_per_s if device == machine.device else describe_machine("cpu", None).operations_per_s
    return Plan(
        model=entry.name,
        device=device,
        grid=grid,
        tiles=tiles * folds,
        operations=operations,
        seconds=operations / speed + _seconds_around(image_voxels / 1e6, classes),
        measured=machine.measured and device == machine.device,
        main_bytes=main,
        device_bytes=on_device,
        notes=tuple(notes + _notes_on_main_memory(main, machine)),
        refusal=_refusal(entry, main, machine),
    )


def duration(seconds: float) -> str:
    """Return a time as people say it: ``40 s``, ``7 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _model_grid(image: Geometry, entry: ModelEntry, folder: ResultsFolder, settings: dict[str, Any]) -> tuple[int, ...]:
    """Return the image's shape along the network's axes, at the network's voxel size."""
    letters = folder.orientation or entry.orientation or image.axcodes
    turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(letters))
    axes = np.argsort(turn[:, 0])
    # nnU-Net's readers hand arrays over as z, y, x; then its plans may exchange the axes.
    axes = axes[::-1][list(folder.plans["transpose_forward"])]
    shape, spacing = np.array(image.shape)[axes], np.array(image.spacing)[axes]
    target = np.array(settings["spacing"], dtype=float)
    if len(target) == 2:  # A network that sees slices keeps their number.
        target = np.array([spacing[0], *target])
    return tuple(int(size) for size in np.maximum(np.round(shape * spacing / target), 1))


def _tile_count(grid: tuple[int, ...], tile: tuple[int, ...], step: float) -> int:
    slices, inside = (math.prod(grid[: len(grid) - len(tile)]), grid[len(grid) - len(tile) :])
    steps = [math.ceil(max(size - part, 0) / (part * step)) + 1 for size, part in zip(inside, tile, strict=True)]
    return slices * math.prod(steps)


def _place(need: _Need, machine: Machine) -> tuple[str, int, int, list[str]]:
    """Choose where the network runs and where the tiles are added up; the same steps that the runtime takes."""
    main = PROGRAM_BYTES + need.networks + need.image + need.sums
    if machine.kind == "cpu":
        return machine.device, main + need.tile, 0, []
    network = DEVICE_PROGRAM_BYTES + need.networks + need.tile
    free = machine.device_free
    if machine.kind == "mps" or free is None:
        return machine.device, main + need.tile, 0, []
    if network + need.sums <= SHARE * free:
        return machine.device, main, network + need.sums, []
    short = f"the graphics card has {free / GIB:.1f} GB free"
    if network <= SHARE * free:
        needed = (network + need.sums) / GIB
        return machine.device, main, network, [f"Tiles are added up in main memory: {needed:.1f} GB needed, {short}."]
    return "cpu", main + need.tile, 0, [f"Runs on the processor: the network needs {network / GIB:.1f} GB, {short}."]


def _seconds_around(megavoxels: float, classes: int) -> float:
    """Return the time for reading, resampling there and back, and writing, as measured on one core."""
    return 1.0 + megavoxels * (0.4 + 0.05 * classes)


def _notes_on_main_memory(main: int, machine: Machine) -> list[str]:
    if machine.main_free is None or main <= machine.main_free:
        return []
    return [f"May be slow: up to {main / GIB:.1f} GB of memory needed, {machine.main_free / GIB:.1f} GB free."]


def _refusal(entry: ModelEntry, main: int, machine: Machine) -> str:
    if main <= machine.main_total:
        return ""
    return (
        f"{entry.name} would need {main / GIB:.1f} GB of main memory for this image; "
        f"this machine has {machine.main_total / GIB:.1f} GB."
    )
