"""A dataset in a script: open one of its cases in the scene, propose, correct and save its mask, close it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..bids import Case, Dataset, MaskType, SavedMask, load_mask, mask_type, save_mask
from ..errors import ConflictError, RefineError, UsageError
from ..imaging import Image, LabelMap, label_difference, read_image, read_labels
from ..recipes.folder_outcome import CaseOutcome
from ..recipes.spine_from_outputs import refine_spine_folders
from .case import SceneCase, empty_labels, load_case
from .context import Scene


@dataclass
class OpenCase:
    """The case at work.

    Parameters
    ----------
    dataset
        Where it lies.
    case
        Which one it is.
    mask_type
        Which of its masks is worked on.
    image
        Its image.
    shown
        Its nodes in the scene.
    on_disk
        The mask that the next save replaces; unsaved edits are what differs from it. An empty one if there is none.
    opened_at
        When work on the mask began (monotonic seconds); each save counts from the one before.
    """

    dataset: Dataset
    case: Case
    mask_type: MaskType
    image: Image
    shown: SceneCase
    on_disk: LabelMap
    opened_at: float = field(default_factory=time.monotonic)

    @property
    def is_edited(self) -> bool:
        """Whether the mask in the scene differs from the one on disk."""
        try:
            return label_difference(self.on_disk, self.shown.labels()).edited
        except RefineError:  # a segmentation that cannot be saved as it is was certainly edited
            return True

    def save(self, rater: str) -> SavedMask:
        """Save the mask as it is in the scene now."""
        labels, seconds = self.shown.labels(), time.monotonic() - self.opened_at
        saved = save_mask(
            *(self.dataset, self.case, self.mask_type, labels),
            image=self.image,
            rater=rater,
            status="corrected",
            seconds=seconds,
        )
        self.read_disk()
        self.shown.segmentation.original = self.on_disk
        self.opened_at = time.monotonic()
        return saved

    def show_proposal(self, path: Path) -> None:
        """Show a proposed mask in place of the one under edit.

        What is saved from here on replaces the mask on disk, which is not the proposal if a person saved that mask.
        """
        self.read_disk()
        proposal = read_labels(path, self.mask_type.scheme)
        self.shown.replace_labels(replace(proposal, source=self.on_disk.source))

    def read_disk(self) -> None:
        """Take what is on disk now as that which the next save replaces."""
        self.on_disk = _mask_or_empty(self.dataset, self.case, self.mask_type, self.image)


class DatasetSession:
    """An open dataset and the one case of it that is shown, with a guard against the loss of edits.

    Parameters
    ----------
    scene
        Where cases are shown.

    Attributes
    ----------
    dataset
        The open dataset; None before the first is opened.
    opened
        The case at work; None when none is shown.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.dataset: Dataset | None = None
        self.opened: OpenCase | None = None

    @property
    def has_unsaved_edits(self) -> bool:
        """Whether a case is shown whose mask differs from the one on disk."""
        return self.opened is not None and self.opened.is_edited

    def open_dataset(self, path: Path | str, output: Path | str | None = None, *, discard_edits: bool = False) -> None:
        """Open a BIDS dataset (or one image) in place of the one before; it is not written to.

        Raises
        ------
        ConflictError
            The open case has unsaved edits.
        """
        dataset = Dataset.open(path, output)
        self.close_case(discard_edits=discard_edits)
        self.dataset = dataset

    def load_case(self, key: str, mask_name: str, *, discard_edits: bool = False) -> SceneCase:
        """Show a case with its refined mask, or the mask that the dataset has, or an empty one.

        Raises
        ------
        UsageError
            No dataset is open, or it has no such case.
        ConflictError
            The case that is open now has unsaved edits.
        """
        if self.dataset is None:
            raise UsageError("No dataset is open.", "Open a dataset first.")
        case, kind = self.dataset.case(key), mask_type(mask_name)
        image = read_image(case.image)
        labels = _mask_or_empty(self.dataset, case, kind, image)
        self.close_case(discard_edits=discard_edits)
        shown = load_case(self.scene, image, labels, f"{case.key} {kind.name}")
        self.opened = OpenCase(self.dataset, case, kind, image, shown, labels)
        return shown

    def propose_from_outputs(
        self,
        recipe: str,
        spineps: Path | str,
        totalspineseg: Path | str,
        canal: Path | str,
        policy: str = "anatomical",
        *,
        discard_edits: bool = False,
    ) -> CaseOutcome:
        """Propose a mask for the open case from folders of tools' outputs and show it.

        A mask that a person has saved stays as it is on disk.

        Raises
        ------
        UsageError
            No case is open, it is not open with its spine mask, or a folder is missing.
        ConflictError
            The open case has unsaved edits.
        RefineError
            The recipe failed.
        """
        opened = self._require_case()
        if recipe != opened.mask_type.name or recipe != "spine":
            raise UsageError("This recipe needs a spine mask.", "Load the case with its spine mask first.")
        if not (spineps and totalspineseg and canal):
            raise UsageError("An output folder is missing.", "Choose those of SPINEPS, TotalSpineSeg and the canal.")
        if not discard_edits:
            self._refuse_to_lose_edits()
        outcome = refine_spine_folders(
            spineps,
            totalspineseg,
            canal,
            images=opened.dataset.root,
            output=opened.dataset.output,
            policy=policy,
            cases=[opened.case.key],
            profile=opened.dataset.profile.name,
        ).cases[0]
        if outcome.error is not None:
            raise outcome.error
        if outcome.saved is not None:
            opened.show_proposal(outcome.saved.path)
        return outcome

    def save(self, rater: str = "") -> SavedMask:
        """Save the mask of the open case as it is in the scene now, and return what was written."""
        return self._require_case().save(rater)

    def close_case(self, *, discard_edits: bool = False) -> None:
        """Take the open case, if there is one, out of the scene; other nodes stay.

        Raises
        ------
        ConflictError
            It has unsaved edits.
        """
        if self.opened is None:
            return
        if not discard_edits:
            self._refuse_to_lose_edits()
        self.opened.shown.close()
        self.opened = None

    def _require_case(self) -> OpenCase:
        if self.opened is None:
            raise UsageError("No case is open.", "Load a case first.")
        return self.opened

    def _refuse_to_lose_edits(self) -> None:
        opened = self.opened
        if opened is not None and opened.is_edited:
            raise ConflictError(
                f"The {opened.mask_type.name} mask of {opened.case.key} has unsaved edits.",
                "Save it, or choose to discard the edits.",
            )


def _mask_or_empty(dataset: Dataset, case: Case, kind: MaskType, image: Image) -> LabelMap:
    return load_mask(dataset, case, kind) or empty_labels(image, kind.scheme)
