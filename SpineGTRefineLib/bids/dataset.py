"""A dataset: its cases, the masks that exist for them, and where the refined ones go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from ..errors import UsageError
from . import profiles, uris
from .case import Case
from .index import Index, read_index
from .layout import check_output
from .masktypes import MaskType
from .names import nifti_extension
from .profiles import REFINED, ImageName


class Dataset:
    """A BIDS dataset, or one subject or one image of it, as it was when it was opened.

    Parameters
    ----------
    index
        What was found.
    profile
        Naming style of what is written.

    Attributes
    ----------
    root : Path
        Folder that holds the ``sub-*`` folders.
    output : Path
        Folder that refined masks are written to.
    notes : tuple of Note
        What was found on the way; what an ``error`` concerns is not among the cases.
    """

    def __init__(self, index: Index, profile: profiles.Profile) -> None:
        self.root = index.root
        self.output = index.output
        self.notes = index.notes
        self.profile = profile
        self._opened = index.opened
        self._cases = {case.key: case for case in index.cases}

    @classmethod
    def open(cls, path: str | Path, output: str | Path | None = None, profile: str = "bids") -> Dataset:
        """Open a dataset folder, the folder of one subject, or one NIfTI file. Nothing is written.

        Parameters
        ----------
        path
            The folder or file.
        output
            Where refined masks go; None for ``derivatives/spine-gt-refine`` in the dataset (beside a single file).
        profile
            ``bids`` or ``neuropoly``: how new files are named. Both styles are read.

        Raises
        ------
        DatasetError
            The path does not exist or is neither a dataset nor an image.
        UsageError
            The output folder would touch files of others.
        """
        index = read_index(Path(path), Path(output) if output is not None else None)
        check_output(index.root, index.output)
        return cls(index, profiles.profile(profile))

    def reopened(self) -> Dataset:
        """Look at the dataset again, with the same output and naming style."""
        return Dataset.open(self._opened, self.output, self.profile.name)

    def cases(self) -> tuple[Case, ...]:
        """All cases, in order of subject, session and name."""
        return tuple(self._cases.values())

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases.values())

    def __len__(self) -> int:
        return len(self._cases)

    def __repr__(self) -> str:
        subjects = len({case.subject for case in self})
        masks = Counter(mask.mask_type.name for case in self for mask in case.masks)
        found = ", ".join(f"{name} {count}" for name, count in sorted(masks.items())) or "none"
        return (
            f"<Dataset {self.root.name}: {len(self)} images of {subjects} subjects; masks: {found}; "
            f"refined ones go to {self.output}>"
        )

    def case(self, key: str) -> Case:
        """Return one case by its key (the image's file name works, too).

        Raises
        ------
        UsageError
            There is no such case; the message says why where the reason is known.
        """
        name = Path(key).name
        extension = nifti_extension(name)
        stem = name.removesuffix(extension) if extension else name
        if stem in self._cases:
            return self._cases[stem]
        reasons = [note for note in self.notes if note.severity == "error" and stem in note.path]
        if reasons:
            raise UsageError(f"{stem} is left out of the dataset: {reasons[0].message}", reasons[0].remedy)
        raise UsageError(f"There is no case {key!r} in {self.root.name}.", "List the cases with: spine-gt-refine index")

    def select(self, names: Collection[str]) -> tuple[Case, ...]:
        """Return the cases that are named by their key or their subject, with or without ``sub-``; all without names.

        Raises
        ------
        UsageError
            A name fits no case.
        """
        wanted = {name.removeprefix("sub-") for name in names}
        known = {case: {case.subject, case.key.removeprefix("sub-")} for case in self}
        if missing := sorted(wanted.difference(*known.values())):
            raise UsageError(
                f"There is no subject or case {missing[0]!r} in {self.root.name}.",
                "List the cases with: spine-gt-refine index",
            )
        return tuple(case for case, own in known.items() if not wanted or own & wanted)

    def mask_path(self, case: Case, mask_type: MaskType, desc: str = REFINED) -> Path:
        """Return the place of a case's mask in the output, whether it exists or not."""
        image = ImageName(case.key, case.entities, case.contrast)
        stem = self.profile.mask_stem(image, mask_type, desc)
        return self.case_folder(case) / f"{stem}.nii.gz"

    def uri(self, path: Path) -> str | None:
        """Return the BIDS URI of a file: ``bids::`` in the output, ``bids:raw:`` in the dataset, None elsewhere."""
        return uris.uri_of(path, self.root, self.output)

    def path_of(self, uri: str) -> Path:
        """Return the file that a URI made by :meth:`uri` stands for.

        Raises
        ------
        DatasetError
            It is no such URI, or it leads out of its folder.
        """
        return uris.path_of(uri, self.root, self.output)

    def case_folder(self, case: Case) -> Path:
        """Return the folder of a case's files in the output."""
        parts = [f"sub-{case.subject}"]
        if case.session is not None:
            parts.append(f"ses-{case.session}")
        return self.output.joinpath(*parts, case.datatype)
