"""Tools of others inside a recipe: run on the case's image, or not run where their output is there from before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..anatomy import scheme
from ..bids import Case, Dataset, load_mask, mask_type
from ..bids.layout import state_folder
from ..errors import MissingFileError
from ..fileops import sha256_of_file, write_text_atomic
from ..imaging import write_labels
from ..models import InstalledModel
from ..models.tools import spineps, totalspineseg
from ..models.tools.job import ToolJob, bids_stem
from ..models.tools.program import Progress, find_tool
from ..models.tools.result import ToolResult
from .carrier import has_mask
from .model_choice import FindModel
from .session_images import is_called, session_of, the_one
from .tool_weights import spineps_weights, totalspineseg_weights

RECORD = "run.json"
"""File beside a tool's output that says what it was made from."""


@dataclass(frozen=True)
class ToolPlace:
    """Where tools find the image of a case, and leave their output and logs.

    Parameters
    ----------
    dataset, case
        Whose image it is.
    """

    dataset: Dataset
    case: Case

    @property
    def folder(self) -> Path:
        """Kept with the output's other state: no part of the BIDS dataset, and used again by the next run."""
        return state_folder(self.dataset.output, "tools", self.case.key)


class ToolRuns:
    """Runs tools for one case with the options of the whole run.

    Parameters
    ----------
    place
        See :class:`ToolPlace`.
    find
        Finds installed models, which hold the tools' weights.
    device
        As for our own models; tools know ``cpu``, ``cuda`` and ``auto``.
    count
        How many tools will run, for the progress.
    progress, cancel
        Told and asked on the way.

    Attributes
    ----------
    generators : list of dict
        What ran, for the sidecar.
    notes : list of str
        What a person should know.
    """

    def __init__(
        self,
        place: ToolPlace,
        find: FindModel,
        device: str = "auto",
        count: int = 1,
        progress: Progress | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> None:
        self.generators: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._place, self._find, self._device, self._count = place, find, device, count
        self._progress, self._cancel = progress, cancel or (lambda: False)
        self._stem = bids_stem(place.case.key)

    def spineps(self, semantic: str, *, labeling: bool) -> Path:
        """Return SPINEPS' instance mask (``seg-vert``).

        Parameters
        ----------
        semantic
            Model for the parts; "" for the first installed one.
        labeling
            Whether vertebrae get names.
        """
        weights = spineps_weights(self._find, semantic, self._place.case.contrast, labeling=labeling)
        return self._run(spineps.NAME, "instances", partial(spineps.run_spineps, weights=weights), weights, {})

    def totalspineseg(self, release: str, localizer: str) -> Path:
        """Return TotalSpineSeg's final labels.

        Parameters
        ----------
        release
            Of the weights; "" for the newest that is installed.
        localizer
            Another image of the session, by its contrast or more of its name, whose spine mask says which level is
            which; "" for none.
        """
        weights = totalspineseg_weights(self._find, release)
        levels = self._localizer(localizer) if localizer else None
        run = partial(totalspineseg.run_totalspineseg, weights=weights, localizer=levels)
        settings = {"localizer": sha256_of_file(levels)} if levels else {}
        return self._run(totalspineseg.NAME, "labels", run, weights, settings)

    def _run(
        self,
        name: str,
        wanted: str,
        run: Callable[[ToolJob], ToolResult],
        weights: Mapping[str, InstalledModel],
        settings: Mapping[str, str],
    ) -> Path:
        tool, folder = find_tool(name), self._place.folder / name
        made_from = {
            "image": sha256_of_file(self._place.case.image),
            "version": tool.version,
            "weights": {phase: dict(model.hashes) for phase, model in weights.items()},
            **settings,
        }
        kept = _kept(folder, made_from)
        if kept is not None:
            self.notes.append(f"{tool.title} was not run again: its output for this image is there.")
            self.generators.append(kept["generator"])
            return folder / str(kept["file"])
        image, progress = self._place.case.image, self._share(tool.title)
        result = run(ToolJob(tool, image, folder, self._stem, self._device, progress, self._cancel))
        self.generators.append(dict(result.generator))
        file = result.files[wanted]
        record = {"made_from": made_from, "generator": result.generator, "file": str(file.relative_to(folder))}
        write_text_atomic(folder / RECORD, json.dumps(record, indent=1))
        return file

    def _share(self, title: str) -> Progress | None:
        """Return a progress of one tool that moves only its share of the whole."""
        if self._progress is None:
            return None
        tell, done = self._progress, len(self.generators)
        return lambda part, text: tell((done + part) / (self._count + 1), f"{title}: {text}")

    def _localizer(self, contrast: str) -> Path:
        """Write the spine mask of another image of the session as TotalSpineSeg wants to read it."""
        case, dataset, kind = self._place.case, self._place.dataset, mask_type("spine")
        others = [
            other
            for other in dataset
            if is_called(other, contrast)
            and session_of(other) == session_of(case)
            and other.key != case.key
            and has_mask(dataset, other, kind)
        ]
        chosen = the_one(others, case, "--set localizer=") if others else None
        mask = load_mask(dataset, chosen, kind) if chosen else None
        if chosen is None or mask is None:
            raise MissingFileError(
                f"No {contrast} image of the session of {case.key} has a spine mask to take levels from.",
                "Make one first, or leave the setting localizer out.",
            )
        labels, losses = mask.converted(scheme("totalspineseg"))
        self.notes.append(f"Levels were taken from the spine mask of {chosen.key}.")
        self.notes += [f"{name} has no label there." for name in losses.dropped]
        path = self._place.folder / "localizer" / f"{self._stem}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_labels(path, labels)
        return path


def _kept(folder: Path, made_from: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the record of an earlier run on the same image with the same tool and weights, if its output is there."""
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_same = record.get("made_from") == made_from and (folder / str(record.get("file"))).is_file()
    return record if is_same else None
