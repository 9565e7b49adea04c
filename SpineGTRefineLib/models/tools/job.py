"""One run of a tool on one image: what all tools want to know, and the steps that are the same for all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...bids.names import nifti_extension
from ...errors import ToolError, UnsupportedFileError
from .program import Progress, ToolProgram, run_tool


@dataclass(frozen=True)
class ToolJob:
    """What runs on which image, and where.

    Parameters
    ----------
    tool
        The program, see :func:`.program.find_tool`.
    image
        ``.nii`` or ``.nii.gz``.
    folder
        Work folder of this run; what was in it goes. The log lies beside it.
    name
        Name for the outputs, without extension; by default the image's.
    device
        ``cpu``, ``cuda`` or ``mps``; ``auto`` leaves the choice to the tool.
    progress, cancel
        Told and asked on the way.
    """

    tool: ToolProgram
    image: Path
    folder: Path
    name: str = ""
    device: str = "auto"
    progress: Progress | None = None
    cancel: Callable[[], bool] = lambda: False

    @property
    def stem(self) -> str:
        """How the outputs are called: a name that every tool takes."""
        return bids_stem(self.name or self.image.name.removesuffix(nifti_extension(self.image.name) or ""))

    @property
    def log(self) -> Path:
        """Gets everything that the tool writes."""
        return self.folder.with_name(f"{self.folder.name}.log")

    def put_image(self) -> Path:
        """Copy the image into the work folder, made new and empty, under the name that the outputs are to carry.

        Raises
        ------
        UnsupportedFileError
            It is no ``.nii`` or ``.nii.gz``.
        """
        extension = nifti_extension(self.image.name)
        if extension is None:
            raise UnsupportedFileError(f"{self.image.name} is not a NIfTI file.", "Convert it to .nii.gz first.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        place = self.folder / f"{self.stem}{extension}"
        shutil.copyfile(self.image, place)
        return place

    def run(self, arguments: Sequence[str | Path], environment: Mapping[str, str], stages: Sequence[str]) -> None:
        """Run the tool to its end; see :func:`.program.run_tool`."""
        run_tool(
            self.tool,
            arguments,
            self.log,
            environment=environment,
            stages=stages,
            progress=self.progress,
            cancel=self.cancel,
        )

    def only_file(self, folder: Path, pattern: str, missing: str) -> Path:
        """Return the one file that the tool must have written.

        Raises
        ------
        ToolError
            There is none; ``missing`` says what that means.
        """
        found = sorted(folder.glob(pattern))
        if not found:
            raise ToolError(
                f"{self.tool.title} ended without an error, but {missing}.", f"Its log says more: {self.log}"
            )
        return found[0]


def bids_stem(name: str) -> str:
    """Return a file name (without extension) that every tool takes: from ``sub-`` to a contrast, as in BIDS."""
    if re.fullmatch(r"sub-[0-9A-Za-z]+(?:_[0-9A-Za-z]+-[0-9A-Za-z]+)*_[0-9A-Za-z]+", name):
        return name
    return f"sub-{re.sub('[^0-9A-Za-z]', '', name) or 'image'}_T2w"
