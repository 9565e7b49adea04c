"""The worklist: every mask of a dataset with its status, in the order in which it should be looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ..bids import Case, Dataset, MaskType
from ..bids.events import DONE, Event, current_status, read_events
from ..bids.ranking import RankedMask, ranking_path, read_ranking
from .drafts import drafted_masks

FINISHED = DONE | {"excluded"}
"""Statuses after which nobody has to look again; flagged masks wait for somebody to decide."""


@dataclass(frozen=True)
class Item:
    """One mask to look at.

    Parameters
    ----------
    case, mask_type
        Which mask of which image.
    status
        One of :data:`SpineGTRefineLib.bids.events.STATUSES`; ``draft`` where the rater has unsaved edits.
    rater
        Who set the status; "" for a program or nobody.
    seconds
        Active time of all raters so far.
    note, grade
        What was said with the status.
    risk, reason
        From the ranking; None and "" where the mask is not ranked.
    """

    case: Case
    mask_type: MaskType
    status: str = "todo"
    rater: str = ""
    seconds: float = 0.0
    note: str = ""
    grade: int | None = None
    risk: float | None = None
    reason: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Case key and mask type name."""
        return self.case.key, self.mask_type.name

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.status not in FINISHED


@dataclass(frozen=True)
class Filter:
    """Which items to show; None and "" mean all.

    Parameters
    ----------
    statuses, mask_types, contrasts
        Allowed values.
    text
        Part of the case's key, whatever the case of the letters.
    """

    statuses: frozenset[str] | None = None
    mask_types: frozenset[str] | None = None
    contrasts: frozenset[str] | None = None
    text: str = ""

    @classmethod
    def of_kinds_in(cls, dataset: Dataset) -> Filter:
        """Return the filter for the kinds of masks that a dataset has; one without any is worked on for the spine."""
        used = {mask.mask_type.name for case in dataset for mask in case.masks if mask.mask_type is not None}
        return cls(mask_types=frozenset(used or {"spine"}))

    def admits(self, item: Item) -> bool:
        """Whether an item is shown."""
        return (
            (self.statuses is None or item.status in self.statuses)
            and (self.mask_types is None or item.mask_type.name in self.mask_types)
            and (self.contrasts is None or item.case.contrast in self.contrasts)
            and self.text.casefold() in item.case.key.casefold()
        )


class Worklist:
    """The masks of a dataset for one rater.

    Parameters
    ----------
    dataset
        The dataset.
    rater
        Whose list it is. With ``blind``, the rater sees no status of others.
    mask_types
        Kinds of masks that are reviewed.
    blind
        Whether raters work without seeing each other.
    chosen
        Case keys to restrict the list to, in this order (an imported list); None for all cases.
    """

    def __init__(
        self,
        dataset: Dataset,
        rater: str,
        mask_types: Collection[MaskType],
        *,
        blind: bool = False,
        chosen: Collection[str] | None = None,
    ) -> None:
        self._dataset = dataset
        self._rater = rater
        self._mask_types = tuple(mask_types)
        self._blind = blind
        self._chosen = None if chosen is None else tuple(chosen)
        self.filter = Filter()
        self.by_risk = True
        self._items: tuple[Item, ...] = ()
        self.refresh()

    def choose(self, cases: Collection[str] | None) -> None:
        """List only these cases (keys), in this order; None for all cases again."""
        self._chosen = None if cases is None else tuple(cases)
        self.refresh()

    def refresh(self) -> None:
        """Read the events and the ranking again."""
        ranking = read_ranking(ranking_path(self._dataset.output))
        events = [e for e in read_events(self._dataset.output) if not self._blind or e.rater in ("", self._rater)]
        last, seconds = _summarized(events)
        items = (
            _item(case, kind, last.get((case.key, kind.name)), seconds, ranking.get((case.key, kind.name)))
            for case in self._cases()
            for kind in self._mask_types
        )
        drafts = drafted_masks(self._dataset, self._rater)
        self._items = tuple(_with_draft(item) if item.key in drafts else item for item in items)

    def items(self) -> tuple[Item, ...]:
        """Items that the filter admits: by risk if there is a ranking, ties and the rest in order of the dataset."""
        shown = [item for item in self._items if self.filter.admits(item)]
        if self.by_risk and self._chosen is None:
            shown.sort(key=lambda item: -(item.risk if item.risk is not None else -1.0))
        return tuple(shown)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items())

    def item(self, key: tuple[str, str]) -> Item | None:
        """Return an item by its key, shown or not."""
        return next((item for item in self._items if item.key == key), None)

    def first_to_do(self) -> Item | None:
        """Return where to go on: the first open item, or None if all is done."""
        return next((item for item in self.items() if item.is_open), None)

    def neighbor(self, key: tuple[str, str], step: int) -> Item | None:
        """Return the item ``step`` places after (or, negative, before) another one, done or not."""
        items = self.items()
        keys = [item.key for item in items]
        place = keys.index(key) + step if key in keys else 0
        return items[place] if 0 <= place < len(items) else None

    def next_to_do(self, key: tuple[str, str]) -> Item | None:
        """Return the first open item after another one, from the top again at the end; never that one itself."""
        items = self.items()
        keys = [item.key for item in items]
        start = keys.index(key) + 1 if key in keys else 0
        return next((item for item in (*items[start:], *items[:start]) if item.is_open and item.key != key), None)

    def previous_to_do(self, key: tuple[str, str]) -> Item | None:
        """Return the last open item before another one; before all of them there is none."""
        items = self.items()
        keys = [item.key for item in items]
        end = keys.index(key) if key in keys else len(keys)
        return next((item for item in reversed(items[:end]) if item.is_open), None)

    def progress(self) -> tuple[int, int]:
        """Return how many of the shown items are finished, and how many there are."""
        items = self.items()
        return sum(not item.is_open for item in items), len(items)

    def _cases(self) -> Iterator[Case]:
        if self._chosen is None:
            yield from self._dataset
            return
        known = {case.key: case for case in self._dataset}
        yield from (known[key] for key in self._chosen if key in known)


def _with_draft(item: Item) -> Item:
    return item if item.status == "excluded" else replace(item, status="draft")


def _summarized(events: Collection[Event]) -> tuple[dict[tuple[str, str], Event], dict[tuple[str, str], float]]:
    seconds: dict[tuple[str, str], float] = {}
    for event in events:
        key = (event.case, event.mask_type)
        seconds[key] = seconds.get(key, 0.0) + event.seconds
    return current_status(events), seconds


def _item(
    case: Case,
    kind: MaskType,
    event: Event | None,
    seconds: dict[tuple[str, str], float],
    ranked: RankedMask | None,
) -> Item:
    return Item(
        case,
        kind,
        status=event.status if event else "todo",
        rater=event.rater if event else "",
        seconds=seconds.get((case.key, kind.name), 0.0),
        note=event.note if event else "",
        grade=event.grade if event else None,
        risk=ranked.risk if ranked else None,
        reason=ranked.reason if ranked else "",
    )
