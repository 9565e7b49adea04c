"""The masks that SPINEPS, TotalSpineSeg and a canal model left of one case, read and brought onto one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..anatomy import scheme
from ..bids import Case
from ..errors import InputError
from ..imaging import Image, LabelMap, Source, read_image, read_labels
from ..models.external import ExternalFile
from ..refine import LABELLED, SpineInputs, detect_convention
from .grids import onto_grid


@dataclass(frozen=True)
class ToolMaps:
    """The masks of one case on one grid, with notes on how they came there.

    Parameters
    ----------
    inputs
        The masks.
    sources
        The files, by the name of the tool.
    notes
        What was odd about them.
    """

    inputs: SpineInputs
    sources: dict[str, Source]
    notes: tuple[str, ...]


def read_maps(
    case: Case | None, instances: ExternalFile, labels: ExternalFile | None, canal: ExternalFile
) -> tuple[ToolMaps, Image]:
    """Read one case.

    Parameters
    ----------
    case
        Its image defines the grid. None: TotalSpineSeg's mask does.
    instances, labels, canal
        What SPINEPS, TotalSpineSeg (None where it was not run) and the canal model wrote.

    Raises
    ------
    InputError
        A mask is empty, or TotalSpineSeg's is none of its last step.
    GeometryError
        A mask lies on another grid that cannot be the image's.
    """
    maps = {"SPINEPS": instance_masks(instances.path)}
    if labels is not None:
        maps["TotalSpineSeg"] = final_labels(labels.path)
    maps["canal"] = read_labels(canal.path, scheme("canal"))
    if case is not None:
        image = read_image(case.image)
        notes = _remarks("image", image.source)
    else:
        grid = maps["TotalSpineSeg"]
        image = Image(grid.array, grid.geometry, grid.source)
        notes = ["No image was given; the grid is that of the TotalSpineSeg mask."]
    on_grid = joined(maps, image)
    return replace(on_grid, notes=(*notes, *on_grid.notes)), image


def instance_masks(path: Path) -> LabelMap:
    """Read what SPINEPS calls ``seg-vert``, in the scheme that its numbers follow."""
    vert = read_labels(path, scheme(LABELLED))
    return replace(vert, scheme=detect_convention(vert.values()))


def final_labels(path: Path) -> LabelMap:
    """Read the labels of TotalSpineSeg's last step; its first step is refused."""
    labels = read_labels(path, scheme("totalspineseg"))
    _check_is_final(labels)
    return labels


def joined(maps: Mapping[str, LabelMap], image: Image) -> ToolMaps:
    """Bring the masks of one case onto the grid of its image.

    Parameters
    ----------
    maps
        ``SPINEPS``, ``TotalSpineSeg`` (where it was run) and ``canal``.
    image
        The image.

    Raises
    ------
    InputError
        A mask is empty.
    GeometryError
        A mask lies on another grid that cannot be the image's.
    """
    notes: list[str] = []
    on_grid = {}
    for name, labels in maps.items():
        if name != "canal" and not labels.array.any():
            raise InputError(f"The {name} mask is empty.", f"Run {name} on this image again.")
        notes += _remarks(name, labels.source)
        on_grid[name], note = onto_grid(labels, image.geometry, name)
        notes += [note] if note else []
    sources = {name: labels.source for name, labels in maps.items() if labels.source is not None}
    inputs = SpineInputs(on_grid["SPINEPS"], on_grid.get("TotalSpineSeg"), on_grid["canal"])
    return ToolMaps(inputs, sources, tuple(notes))


def _remarks(name: str, source: Source | None) -> list[str]:
    """Pass on what the reader found odd about a file: qform and sform disagree, an empty mask, trailing bytes ..."""
    return [f"{name}: {note}." for note in source.notes] if source is not None else []


def _check_is_final(labels: LabelMap) -> None:
    """Refuse TotalSpineSeg's step 1, whose 50 is every vertebra below C1 and the sacrum in one."""
    present = set(labels.values())
    vertebrae = {entry.value for entry in labels.scheme.of_kind("vertebra")[1:]} & present
    discs = {entry.value for entry in labels.scheme.of_kind("disc")} & present
    if len(discs) > 2 and not vertebrae:
        raise InputError(
            "The TotalSpineSeg mask has discs but no vertebra below C1: it looks like step 1.",
            "Give the folder step2_output.",
        )
