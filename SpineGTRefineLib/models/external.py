"""Output folders of other tools: which file of SPINEPS, TotalSpineSeg and a canal model belongs to which image.

The tools name their files differently: ``sub-01_mod-T2w_seg-vert_msk``, ``sub-01_T2w``, ``sub-01_T2w_label-canal_seg``.
Files belong together if they share all entities of the image (subject, session, acquisition, run ...) and its
contrast, in whatever order the parts stand. Flat folders and folders in BIDS layout are read alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..bids.names import ParsedName, join_name, mask_entities, nifti_extension, parse_name
from ..errors import DatasetError, MissingFileError

Identity = tuple[frozenset[tuple[str, str]], str]
"""The entities of the image and its contrast ("" where a name does not tell it)."""

_TOTALSPINESEG_FINAL = "step2_output"
_TOTALSPINESEG_OTHER = ("input", "step1_", "step2_input", "step2_raw", "localizers", "preview")
_SPINEPS_OTHER = ("output_raw", "debug")
_SACRUM = "sacrum.nii"
_MASK_WORDS = frozenset({"canal", "seg", "dseg", "mask", "msk"})


@dataclass(frozen=True)
class ExternalFile:
    """One output file of a tool.

    Parameters
    ----------
    path
        The file.
    entities
        Key-value parts of the image's name.
    contrast
        The image's suffix, or "" where the name does not tell it.
    """

    path: Path
    entities: tuple[tuple[str, str], ...]
    contrast: str

    @property
    def identity(self) -> Identity:
        """What files of one image have in common."""
        return frozenset(self.entities), self.contrast

    @property
    def key(self) -> str:
        """Name of the image without extension, for example ``sub-01_ses-M0_T2w``."""
        return join_name(dict(self.entities), self.contrast) if self.contrast else _stem(self.path)


class OutputFolder:
    """The usable files of one tool's output folder, by the image they belong to.

    Parameters
    ----------
    tool
        Name of the tool, for messages.
    folder
        Where it was looked.
    files
        What was found, in order of the path.
    """

    def __init__(self, tool: str, folder: Path, files: tuple[ExternalFile, ...]) -> None:
        self.tool, self.folder, self.files = tool, folder, files

    def of_image(self, entities: tuple[tuple[str, str], ...], contrast: str) -> ExternalFile:
        """Return the one file of an image.

        Raises
        ------
        MissingFileError
            There is none.
        DatasetError
            There are several.
        """
        found = self.find(entities, contrast)
        if found is None:
            wanted = join_name(dict(entities), contrast or "…")
            raise MissingFileError(
                f"{self.tool} left no file for {wanted} in {self.folder}.",
                "Run it on this image, or rename its output to match the image's name.",
            )
        return found

    def find(self, entities: tuple[tuple[str, str], ...], contrast: str) -> ExternalFile | None:
        """Return the one file of an image, or None; a file that names the contrast goes before one that does not."""
        same = [file for file in self.files if frozenset(file.entities) == frozenset(entities)]
        exact = [file for file in same if file.contrast == contrast]
        candidates = exact or [file for file in same if not file.contrast or not contrast]
        if len(candidates) > 1:
            names = ", ".join(str(file.path.relative_to(self.folder)) for file in candidates)
            raise DatasetError(
                f"{self.tool} left several files for {join_name(dict(entities), contrast or '…')}: {names}.",
                "Keep one of them in the folder.",
            )
        return candidates[0] if candidates else None


def spineps_instances(folder: Path) -> OutputFolder:
    """Find the instance masks of SPINEPS (``seg-vert``) in a folder and below."""
    return _collect("SPINEPS", folder, _is_instances, _below(lambda name: name.startswith(_SPINEPS_OTHER)))


def totalspineseg_labels(folder: Path) -> OutputFolder:
    """Find TotalSpineSeg's final label maps: in ``step2_output`` if there is one, else in the folder and below."""
    final = Path(folder) / _TOTALSPINESEG_FINAL
    start = final if final.is_dir() else Path(folder)
    return _collect(
        "TotalSpineSeg", start, _is_spine_labels, _below(lambda name: name.startswith(_TOTALSPINESEG_OTHER))
    )


def canal_masks(folder: Path) -> OutputFolder:
    """Find masks of the whole canal: ``label-canal`` and ``_canal_seg`` names, or plain names of images."""
    return _collect("The canal model", folder, _is_canal, _below(lambda _name: False))


def ct_segmentations(folder: Path) -> OutputFolder:
    """Find what TotalSegmentator wrote: a file named after each CT, or a folder of that name with ``sacrum.nii.gz``."""
    whole = _collect("TotalSegmentator", folder, _is_ct_segmentation, _below(lambda _name: False))
    single = [
        _external(path, parsed)
        for path in sorted(whole.folder.rglob(f"*/{_SACRUM}*"))
        if nifti_extension(path.name) and (parsed := parse_name(f"{_stem(path.parent)}.nii.gz"))
    ]
    return OutputFolder(whole.tool, whole.folder, (*whole.files, *single))


def images(folder: Path) -> OutputFolder:
    """Find plain images (names without parts of a mask's name) in a folder, not below it."""
    return _collect("The image folder", folder, _is_plain, lambda start: [start])


Walk = Callable[[Path], Iterable[Path]]
"""Gives the folders to look into, from the one to start with."""


def _collect(tool: str, folder: Path, wanted: Callable[[ParsedName], bool], walk: Walk) -> OutputFolder:
    folder = Path(folder)
    if not folder.is_dir():
        raise MissingFileError(f"The output folder of {tool}, {folder}, does not exist.", "Check the path.")
    paths = sorted(path for place in walk(folder) for path in place.iterdir() if nifti_extension(path.name))
    files = (_external(path, parsed) for path in paths if (parsed := parse_name(path.name)) and wanted(parsed))
    return OutputFolder(tool, folder, tuple(files))


def _below(is_left_out: Callable[[str], bool]) -> Walk:
    """Walk all folders below a start, but those with certain names and hidden ones."""
    return lambda start: _folders(start, is_left_out)


def _folders(start: Path, is_left_out: Callable[[str], bool]) -> Iterator[Path]:
    for place, names, _ in os.walk(start):
        names[:] = sorted(name for name in names if not name.startswith(".") and not is_left_out(name))
        yield Path(place)


def _external(path: Path, parsed: ParsedName) -> ExternalFile:
    entities = {key: value for key, value in parsed.entities.items() if key not in mask_entities()}
    if "sub" in entities and entities["sub"] == parsed.entities.get("mod"):
        # SPINEPS calls the output of "scan.nii.gz" "sub-scan_mod-scan_...".
        del entities["sub"]
    return ExternalFile(path, tuple(sorted(entities.items())), _contrast(parsed))


def _contrast(parsed: ParsedName) -> str:
    words = [word for word in parsed.words if word not in _MASK_WORDS]
    told = words[0] if words else parsed.entities.get("mod") or parsed.entities.get("space", "")
    return "" if told in ("orig", "other") else told


def _is_instances(parsed: ParsedName) -> bool:
    return parsed.entities.get("seg") == "vert" and parsed.suffix in ("msk", "mask")


def _is_spine_labels(parsed: ParsedName) -> bool:
    is_named = "spine" in (parsed.entities.get("label"), parsed.entities.get("seg")) and parsed.suffix == "dseg"
    return _is_plain(parsed) or is_named


def _is_canal(parsed: ParsedName) -> bool:
    is_named = parsed.entities.get("label") == "canal" or parsed.words[-2:] == ("canal", "seg")
    return _is_plain(parsed) or is_named


def _is_ct_segmentation(parsed: ParsedName) -> bool:
    """Whether a name is that of a CT, or of a CT and ``seg``; not that of a single structure."""
    return "sub" in parsed.entities and not mask_entities() & set(parsed.entities)


def _is_plain(parsed: ParsedName) -> bool:
    """Whether a name says nothing but which image it is."""
    return not mask_entities() & set(parsed.entities) and not _MASK_WORDS & set(parsed.words)


def _stem(path: Path) -> str:
    return path.name.removesuffix(nifti_extension(path.name) or "")
