"""The recipe ``spine`` from what SPINEPS, TotalSpineSeg and a canal model have left in their output folders.

Every case stands for itself: one that fails is reported with its cause and remedy, the others go on.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..bids import Case, Dataset, SavedMask, mask_type, save_mask
from ..bids.layout import state_folder
from ..errors import InputError, MissingFileError, UsageError
from ..fileops import write_text_atomic
from ..models import external
from ..models.external import ExternalFile
from ..refine import POLICIES, SpineRefinement, refine_spine
from .folder_outcome import CaseOutcome, FolderOutcome, Progress, each_attempted
from .image_source import ImageSource
from .level_doubts import level_doubts
from .tool_masks import ToolMaps, read_maps

TOOLS = {
    "SPINEPS": "https://github.com/Hendrik-code/spineps",
    "TotalSpineSeg": "https://github.com/neuropoly/totalspineseg",
}
"""Whose masks are joined, and where these tools are."""

BESIDE = "A person works on this mask or had a say in it: the new one lies beside it, as a proposal."


def refine_spine_folders(
    spineps: Path | str,
    totalspineseg: Path | str | None,
    canal: Path | str,
    images: Path | str | None = None,
    output: Path | str | None = None,
    policy: str = "anatomical",
    *,
    cases: Collection[str] = (),
    profile: str = "bids",
    progress: Progress | None = None,
) -> FolderOutcome:
    """Refine every case that SPINEPS or TotalSpineSeg has a mask of; one that either lacks fails with that reason.

    Parameters
    ----------
    spineps, totalspineseg, canal
        Output folders of the three tools, flat or in BIDS layout. Without TotalSpineSeg the levels are counted from
        the landmarks in SPINEPS' masks, and every doubt is a note of the case.
    images
        The images: a BIDS dataset or a flat folder. They define the grid and are named as sources. None: the grid of
        the TotalSpineSeg mask is used, and the sidecar says so.
    output
        Where the masks go. None: ``derivatives/spine-gt-refine`` in the dataset of the images.
    policy
        ``anatomical`` or ``compatible``, see :func:`SpineGTRefineLib.refine.refine_spine`.
    cases
        Only these: names of images, or subjects (``sub-01`` or ``01``). Empty for all.
    profile
        Naming style of the output, ``bids`` or ``neuropoly``.
    progress
        Told about each case before it starts.

    Returns
    -------
    FolderOutcome
        One outcome per case; failures are in there, not raised.

    Raises
    ------
    UsageError
        The request makes no sense (unknown policy, no output, a case that does not exist, neither TotalSpineSeg nor
        images).
    MissingFileError
        A folder does not exist, or SPINEPS left no instance mask in its folder.
    """
    if policy not in POLICIES:
        raise UsageError(f"There is no policy {policy!r}.", f"Choose one of: {', '.join(POLICIES)}.")
    if totalspineseg is None and images is None:
        raise UsageError("Without TotalSpineSeg's masks the images are needed.", "Give them with --images.")
    job = _Job(spineps, totalspineseg, canal, ImageSource(images, output, profile), policy)
    jobs = [(file.key, partial(job.refined, file)) for file in job.chosen(cases)]
    return FolderOutcome(tuple(each_attempted(jobs, progress)), policy)


class _Job:
    """One run over the output folders."""

    def __init__(
        self,
        spineps: Path | str,
        totalspineseg: Path | str | None,
        canal: Path | str,
        images: ImageSource,
        policy: str,
    ) -> None:
        self._instances = external.spineps_instances(Path(spineps))
        self._labels = None if totalspineseg is None else external.totalspineseg_labels(Path(totalspineseg))
        self._canals = external.canal_masks(Path(canal))
        self._images, self._policy = images, policy

    def chosen(self, cases: Collection[str]) -> tuple[ExternalFile, ...]:
        """Return a file of each case that was asked for: the instance mask where there is one."""
        if not self._instances.files:
            raise MissingFileError(
                f"There is no SPINEPS instance mask (…_seg-vert_msk.nii.gz) in {self._instances.folder}.",
                "Check the folder, or run SPINEPS with its instance model first.",
            )
        files = sorted((*self._instances.files, *self._without_instances()), key=lambda file: file.key)
        wanted = {name.removesuffix(".gz").removesuffix(".nii") for name in cases}
        names = {file: _names_of(file) for file in files}
        unknown = wanted - {name for known in names.values() for name in known}
        if unknown:
            known = ", ".join(file.key for file in files)
            raise UsageError(f"No tool left a mask of {', '.join(sorted(unknown))}.", f"There are: {known}.")
        return tuple(file for file in files if not wanted or wanted & names[file])

    def _without_instances(self) -> Iterator[ExternalFile]:
        """Find what TotalSpineSeg labelled and SPINEPS did not: a case that must not be missing silently."""
        known: dict[tuple[tuple[str, str], ...], set[str]] = defaultdict(set)
        for file in self._instances.files:
            known[file.entities].add(file.contrast)
        for file in self._labels.files if self._labels is not None else ():
            contrasts = known[file.entities]
            if not contrasts or (file.contrast and not contrasts & {file.contrast, ""}):
                yield file

    def refined(self, file: ExternalFile) -> CaseOutcome:
        """Refine one case and save it."""
        instances = self._instances.of_image(file.entities, file.contrast)
        identity = instances.entities, instances.contrast
        labels = None if self._labels is None else self._labels.of_image(*identity)
        canal = self._canals.of_image(*identity)
        dataset, case = self._images.case_of(instances, labels)
        maps, image = read_maps(case if self._images.has_images else None, instances, labels, canal)
        refinement = refine_spine(maps.inputs, self._policy)
        if not refinement.labels.array.any():
            raise InputError(
                "Nothing is left of the spine once the canal is taken away.",
                "Look at the canal mask: it covers everything. Run the canal model on this image again.",
            )
        saved = save_mask(
            dataset,
            case,
            mask_type("spine"),
            refinement.labels,
            image=image,
            sources=tuple(maps.sources.values()),
            generated_by=_generators(self._policy, maps),
        )
        report = _write_report(dataset, case, saved, refinement, self._policy, maps)
        actions = Counter(decision.action for decision in refinement.decisions)
        beside = saved.path != dataset.mask_path(case, mask_type("spine"))
        notes = (*maps.notes, *_doubts(refinement), *([BESIDE] if beside else []))
        return CaseOutcome(case.key, saved, report, actions=tuple(sorted(actions.items())), notes=notes)


def _names_of(file: ExternalFile) -> set[str]:
    """Names by which a case can be asked for: its key, and its subject with and without ``sub-``."""
    subject = dict(file.entities).get("sub", "")
    return {file.key, subject, f"sub-{subject}"} - {"", "sub-"}


def _doubts(refinement: SpineRefinement) -> list[str]:
    """Say in words how sure counted levels are; those of another tool are not judged here."""
    if refinement.column is None:
        return []
    return [f"{doubt.message} {doubt.remedy}" for doubt in level_doubts(refinement.column, refinement.naming)]


def _generators(policy: str, maps: ToolMaps) -> list[dict[str, Any]]:
    by = "with levels of TotalSpineSeg" if "TotalSpineSeg" in maps.sources else "with levels counted along the spine"
    description = " ".join([f"Shapes of SPINEPS {by}, without the canal.", *maps.notes])
    return [
        *({"Name": tool, "CodeURL": url} for tool, url in TOOLS.items() if tool in maps.sources),
        {"Name": "refine spine", "Policy": policy, "Description": description},
    ]


def _write_report(
    dataset: Dataset, case: Case, saved: SavedMask, refinement: SpineRefinement, policy: str, maps: ToolMaps
) -> Path:
    """Write all decisions as JSON; the folder for state is no part of the BIDS dataset."""
    path = state_folder(dataset.output, "reports") / f"{case.key}_refine-spine.json"
    content = {
        "Case": case.key,
        "Mask": saved.path.name,
        "SHA256": saved.sha256,
        "Policy": policy,
        "Sources": {tool: {"File": s.path.name, "SHA256": s.sha256} for tool, s in maps.sources.items()},
        "Notes": list(maps.notes),
        "Decisions": [decision.as_dict() for decision in refinement.decisions],
    }
    write_text_atomic(path, json.dumps(content, indent=1) + "\n")
    return path
