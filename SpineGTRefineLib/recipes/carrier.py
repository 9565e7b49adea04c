"""Carry masks between the images of a dataset, one after another, and save each as a proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..bids import Case, Dataset, MaskType, existing_mask, save_mask
from ..bids.profiles import PROPOSAL
from ..errors import UsageError
from ..imaging import Image, LabelMap, read_image
from ..imaging.registration import METHODS
from .carrying import AUTO, Carried, carry
from .folder_outcome import CaseOutcome, FolderOutcome, Progress, each_attempted

OnCarried = Callable[[Case, Image, Carried], None]
"""Called with each result before it is saved: for a picture."""


@dataclass(frozen=True)
class Carrier:
    """How masks are carried in a dataset.

    Parameters
    ----------
    dataset
        Holds the images; gets the proposals.
    method
        See :func:`.carrying.carry`.
    progress, cancel, on_carried
        Told and asked on the way.

    Raises
    ------
    UsageError
        Unknown method.
    """

    dataset: Dataset
    method: str = AUTO
    progress: Progress | None = None
    cancel: Callable[[], bool] = lambda: False
    on_carried: OnCarried | None = None

    def __post_init__(self) -> None:
        known = (AUTO, *METHODS)
        if self.method not in known:
            raise UsageError(f"There is no method {self.method!r}.", f"Choose one of: {', '.join(known)}.")

    def proposal(self, tool: str, kind: MaskType, labels: LabelMap, source: Case, target: Case) -> CaseOutcome:
        """Carry one mask and save it as a proposal that never takes the place of another mask.

        Parameters
        ----------
        tool
            What carries it, for the sidecar.
        kind
            What it becomes.
        labels
            The mask, in the scheme of that kind.
        source, target
            The image that it was drawn on, and the one that gets it.
        """
        drawn_on, image = read_image(source.image), read_image(target.image)
        carried = carry(labels, drawn_on, image, self.method, cancel=self.cancel)
        if self.on_carried is not None:
            self.on_carried(target, image, carried)
        saved = save_mask(
            self.dataset,
            target,
            kind,
            replace(carried.labels, source=None),  # made on another image: no edit of a mask of this one
            image=image,
            status="proposed",
            sources=[volume.source for volume in (labels, drawn_on) if volume.source is not None],
            generated_by=[
                {
                    "Name": f"spine-gt-refine {tool}",
                    "Description": f"From {source.key}: {carried.summary()}.",
                    "Record": carried.record(),
                }
            ],
            desc=PROPOSAL if has_mask(self.dataset, target, kind) else None,
        )
        return CaseOutcome(target.key, saved, notes=(f"{carried.summary()}.", *carried.notes))

    def each(self, jobs: Mapping[str, Callable[[], CaseOutcome]]) -> FolderOutcome:
        """Do the job of each image, by key; one that fails becomes part of the outcome.

        Raises
        ------
        CancelledError
            ``cancel`` returned True; what was saved stays.
        """
        return FolderOutcome(tuple(each_attempted(tuple(jobs.items()), self.progress)))


def has_mask(dataset: Dataset, case: Case, kind: MaskType) -> bool:
    """Whether a case has a mask of a kind: refined, or of the lab."""
    return dataset.mask_path(case, kind).is_file() or existing_mask(case, kind) is not None
