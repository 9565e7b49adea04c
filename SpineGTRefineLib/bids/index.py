"""The index of a dataset: every image a case, every known mask of every pipeline beside its case."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DatasetError
from .case import Case, MaskFile
from .layout import PIPELINE, default_output
from .masktypes import is_mask_name, read_mask_name
from .names import nifti_extension, parse_name
from .participants import participants_notes
from .scan import IMAGE_FOLDERS, FoundFile, Note, Walk

Identity = tuple[str, str | None, frozenset[tuple[str, str]]]
"""Subject, session and the other entities of an image: what a mask shares with it, beside the contrast."""


@dataclass(frozen=True)
class Index:
    """What was found in a dataset.

    Parameters
    ----------
    opened
        The path that the user gave.
    root
        Folder that holds the ``sub-*`` folders.
    output
        Folder for what is written.
    cases
        Usable cases in order.
    notes
        Findings; what an ``error`` concerns is not among ``cases``.
    """

    opened: Path
    root: Path
    output: Path
    cases: tuple[Case, ...]
    notes: tuple[Note, ...]


def read_index(opened: Path, output: Path | None = None) -> Index:
    """Index a dataset folder, the folder of one subject, or the dataset around one image.

    Raises
    ------
    DatasetError
        The path does not exist, or holds nothing that can be opened.
    """
    opened = Path(os.path.abspath(opened))  # noqa: PTH100 - removes "..", keeps links as the user named them
    if opened.is_dir():
        subject = opened.name.removeprefix("sub-") if opened.name.startswith("sub-") else None
        root = opened.parent if subject else opened
        return _folder_index(opened, root, output or default_output(root), subject)
    if not opened.exists() and not opened.is_symlink():
        raise DatasetError(f"{opened} does not exist.", "Check the path of the dataset.")
    if nifti_extension(opened.name) is None:
        raise DatasetError(f"{opened.name} is neither a folder nor a NIfTI file.", "Open a BIDS dataset or an image.")
    return _file_index(opened, output)


def _folder_index(opened: Path, root: Path, output: Path, subject: str | None) -> Index:
    notes: list[Note] = []
    walk = Walk(root, notes, subject)
    subjects = _without_case_clashes(walk, walk.subjects())
    images: list[FoundFile] = []
    masks: list[tuple[str, FoundFile]] = []
    for name in subjects:
        for found in walk.files(name, IMAGE_FOLDERS):
            if is_mask_name(found.parsed):
                masks.append(("", found))
            else:
                images.append(found)
    if not subjects:
        notes.append(
            Note("no-subjects", "error", "There is no folder called sub-… here.", "Open the dataset's folder.")
        )
    notes += _description_notes(root)
    notes += participants_notes(root, subjects) if subject is None else []
    masks += _derivative_masks(root, output, subject, notes)
    return Index(opened, root, output, _cases(_unambiguous(images, walk), masks), tuple(notes))


def _file_index(image: Path, output: Path | None) -> Index:
    """Index one image: inside a BIDS tree with the masks of its dataset, elsewhere as a case of its own."""
    parsed = parse_name(image.name)
    folders = image.parent
    while parsed and "sub" in parsed.entities and folders != folders.parent:
        if folders.name == f"sub-{parsed.entities['sub']}":
            index = _folder_index(
                image, folders.parent, output or default_output(folders.parent), parsed.entities["sub"]
            )
            cases = tuple(case for case in index.cases if case.image == image)
            return replace(index, cases=cases) if cases else _loose_index(image, output)
        folders = folders.parent
    return _loose_index(image, output)


def _loose_index(image: Path, output: Path | None) -> Index:
    parsed = parse_name(image.name)
    stem = parsed.stem if parsed else image.name.removesuffix(nifti_extension(image.name) or "")
    subject = (parsed and parsed.entities.get("sub")) or re.sub("[^0-9A-Za-z+]", "", stem) or "image"
    entities = {"sub": subject, **(parsed.entities if parsed and "sub" in parsed.entities else {})}
    case = Case(
        key=stem if parsed else f"sub-{subject}",
        subject=subject,
        session=entities.get("ses"),
        entities=entities,
        contrast=parsed.suffix if parsed and "sub" in parsed.entities else "",
        image=image,
    )
    note = Note("single-image", "info", "One image was opened without a dataset; masks go to a folder beside it.")
    return Index(image, image.parent, output or default_output(image.parent), (case,), (note,))


def _derivative_masks(root: Path, output: Path, subject: str | None, notes: list[Note]) -> list[tuple[str, FoundFile]]:
    """All mask files of all pipelines, each with the name of its pipeline; a known output elsewhere comes last."""
    folder = root / "derivatives"
    pipelines = sorted(child for child in folder.iterdir() if child.is_dir()) if folder.is_dir() else []
    if output not in pipelines and output.is_dir():
        pipelines.append(output)
    masks: list[tuple[str, FoundFile]] = []
    for pipeline in pipelines:
        name = PIPELINE if pipeline == output else pipeline.name
        walk = Walk(pipeline, notes, subject)
        masks += ((name, found) for subject_id in walk.subjects() for found in walk.files(subject_id))
    return masks


def _cases(images: Iterable[FoundFile], masks: Iterable[tuple[str, FoundFile]]) -> tuple[Case, ...]:
    images = list(images)
    stems: dict[Identity, list[FoundFile]] = defaultdict(list)
    for image in images:
        stems[_identity(image, image.parsed.entities)].append(image)
    masks_of: dict[str, list[MaskFile]] = defaultdict(list)
    for pipeline, found in masks:
        reading = read_mask_name(found.parsed)
        if reading.mask_type is None:
            continue
        candidates = stems.get(_identity(found, reading.image_entities), [])
        if reading.contrast:
            candidates = [image for image in candidates if image.parsed.suffix == reading.contrast]
        if len(candidates) == 1:
            mask = MaskFile(found.path, reading.mask_type, pipeline, found.parsed.entities)
            masks_of[candidates[0].parsed.stem].append(mask)
    return tuple(_case(image, tuple(masks_of.get(image.parsed.stem, ()))) for image in images)


def _case(image: FoundFile, masks: tuple[MaskFile, ...]) -> Case:
    return Case(
        key=image.parsed.stem,
        subject=image.subject,
        session=image.session,
        entities={"sub": image.subject, **image.parsed.entities},
        contrast=image.parsed.suffix,
        image=image.path,
        masks=masks,
        datatype=image.datatype or "anat",
    )


def _identity(found: FoundFile, entities: dict[str, str]) -> Identity:
    others = frozenset((key, value) for key, value in entities.items() if key not in ("sub", "ses"))
    return found.subject, found.session, others


def _without_case_clashes(walk: Walk, subjects: list[str]) -> list[str]:
    """Leave out subjects that differ in upper and lower case only, and note those that differ in leading zeros."""
    same_letters, same_number = defaultdict(list), defaultdict(list)
    for subject in subjects:
        same_letters[subject.lower()].append(subject)
        same_number[re.sub(r"\d+", lambda digits: str(int(digits[0])), subject.lower())].append(subject)
    clashing: set[str] = set()
    for group in same_letters.values():
        if len(group) > 1:
            clashing.update(group)
            _note_duplicates(walk, group, "error", "upper and lower case; their files would overwrite each other")
    for group in same_number.values():
        if len({subject.lower() for subject in group}) > 1:
            _note_duplicates(walk, group, "warning", "leading zeros; are they one person?")
    return [subject for subject in subjects if subject not in clashing]


def _note_duplicates(walk: Walk, group: list[str], severity: str, what: str) -> None:
    names = ", ".join(f"sub-{subject}" for subject in group)
    walk.note(
        "duplicate-subject",
        "error" if severity == "error" else "warning",
        f"{names} differ only in {what}.",
        "Rename or merge the subjects.",
        os.path.join(walk.root, f"sub-{group[0]}"),  # noqa: PTH118
    )


def _unambiguous(images: list[FoundFile], walk: Walk) -> list[FoundFile]:
    """Leave out images that exist twice (``.nii`` beside ``.nii.gz``, or in two folders)."""
    by_stem = defaultdict(list)
    for image in images:
        by_stem[image.parsed.stem].append(image)
    for twins in by_stem.values():
        if len(twins) > 1:
            names = " and ".join(str(twin.path.relative_to(walk.root)) for twin in twins)
            walk.note(
                "ambiguous-image",
                "error",
                f"{names} claim to be the same image.",
                "Keep one of them.",
                str(twins[0].path),
            )
    return [image for image in images if len(by_stem[image.parsed.stem]) == 1]


def _description_notes(root: Path) -> list[Note]:
    if (root / "dataset_description.json").is_file():
        return []
    message = "The dataset has no dataset_description.json; BIDS asks for one."
    return [Note("no-description", "warning", message, "Add the file with Name and BIDSVersion.")]
