"""The sacrum of MR images from what TotalSegmentator saw on a CT of the same person."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np

from ..anatomy import scheme
from ..bids import Case, mask_type
from ..errors import LabelError, MissingFileError, UsageError
from ..imaging import LabelMap, read_labels
from ..models import external
from .carrier import Carrier
from .folder_outcome import CaseOutcome, FolderOutcome
from .session_images import is_called, session_of, the_one

CT = "CT"
VERSIONS = ("auto", "v1", "v2")
"""TotalSegmentator's numbering: the sacrum is 92 in version 1 and 25 in version 2, where 92 is a rib."""


def sacrum_from_ct(
    carrier: Carrier, segmentations: Path, *, version: str = "auto", cases: Collection[str] = (), ct: str = CT
) -> FolderOutcome:
    """Give every MR image whose session (or person) has a CT the sacrum of that CT, as a proposal.

    Parameters
    ----------
    carrier
        How. Its dataset holds the MR images and the CT (``sub-01_CT.nii.gz``).
    segmentations
        What TotalSegmentator wrote: one file for each CT, or a folder of single structures for each.
    version
        ``v1`` or ``v2``; ``auto`` only where the file itself leaves no doubt, see :func:`sacrum_of`.
    cases
        Keys or subjects of the MR images that are wanted; none for all.
    ct
        Which CT, where a person has several: more of its name (``acq-bone_CT``).

    Raises
    ------
    UsageError
        Unknown version, or a name in ``cases`` fits no image.
    MissingFileError
        The dataset holds no such CT, none of a person whose MR image is wanted, or the folder does not exist.
    CancelledError
        The carrier was told to stop; what was saved stays.
    """
    if version not in VERSIONS:
        raise UsageError(f"There is no version {version!r} of TotalSegmentator.", f"Choose from {', '.join(VERSIONS)}.")
    dataset = carrier.dataset
    scans = [case for case in dataset if is_called(case, ct)]
    if not scans:
        raise MissingFileError(
            f"There is no {ct} among the images of {dataset.root}.", f"Name it sub-…_{ct}.nii.gz, beside the MR images."
        )
    found = external.ct_segmentations(segmentations)
    people = {scan.subject for scan in scans}
    targets = [case for case in dataset.select(cases) if not is_called(case, CT) and case.subject in people]
    if not targets:
        raise MissingFileError(
            f"No MR image among those that are wanted of {dataset.root} has a {ct} of the same person.",
            "See which images there are: spine-gt-refine index",
        )

    def one(case: Case) -> CaseOutcome:
        scan = _scan_of(case, scans)
        file = found.of_image(tuple(sorted(scan.entities.items())), scan.contrast)
        return carrier.proposal("sacrum-from-ct", mask_type("sacrum"), sacrum_of(file.path, version), scan, case)

    return carrier.each({case.key: partial(one, case) for case in targets})


def sacrum_of(path: Path, version: str = "auto") -> LabelMap:
    """Read the sacrum out of a segmentation by TotalSegmentator (scheme ``sacrum``).

    Parameters
    ----------
    path
        A file of one structure (``sacrum.nii.gz``, values 0 and 1), or one with the numbers of all.
    version
        Which numbering it has. ``auto`` decides where only one can be meant: a single structure, or a file in which
        only one of the two numbers occurs and nothing else does.

    Raises
    ------
    LabelError
        It is empty, there is no sacrum in it, or ``auto`` cannot decide.
    """
    labels = read_labels(path, scheme("totalsegmentator_v2"))
    numbers = {name: scheme(f"totalsegmentator_{name}").value_of("sacrum") for name in ("v1", "v2")}
    values = set(labels.values())
    if not values:
        raise LabelError(f"{path.name} is empty: TotalSegmentator found nothing.", "Look at the CT, or run it again.")
    if values == {1} and path.name.startswith("sacrum."):
        value = 1
    elif version != "auto":
        value = numbers[version]
    elif len(values) == 1 and values <= set(numbers.values()):
        (value,) = values
    else:
        raise LabelError(
            f"{path.name} holds {len(values)} structures; whether its sacrum is {numbers['v1']} (TotalSegmentator 1) "
            f"or {numbers['v2']} (version 2) cannot be told from the numbers.",
            "Say which version wrote it: --totalsegmentator v1 or v2.",
        )
    if value not in values:
        raise LabelError(f"There is no sacrum ({value}) in {path.name}.", "The CT may end above it.")
    bone = (labels.array == value).astype(np.uint8)
    return LabelMap(bone, labels.geometry, scheme("sacrum"), labels.source)


def _scan_of(case: Case, scans: list[Case]) -> Case:
    """Return the CT of the case's session, else that of the person."""
    of_person = [scan for scan in scans if scan.subject == case.subject]
    of_session = [scan for scan in of_person if session_of(scan) == session_of(case)]
    return the_one(of_session or of_person, case, "--ct ")
