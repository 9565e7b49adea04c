"""What happens before the rater asks: the next cases are read, and models run on those that have no mask yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..bids import Dataset, MaskType
from ..bids.tracks import Track
from .loading import LoadedCase, file_state, load_case
from .prefetch import Prefetcher
from .runs import RecipeRuns
from .worklist import Item, Worklist

CASES_AHEAD = 2
"""Cases that are read ahead; more would fill the memory with images that are looked at much later."""


class LookAhead:
    """Reads masks, the next ones ahead of time.

    Parameters
    ----------
    dataset, track, outlines
        See :func:`SpineGTRefineLib.review.loading.load_case`.
    runs
        Runs models ahead.
    """

    def __init__(self, dataset: Dataset, track: Track, outlines: Collection[MaskType], runs: RecipeRuns) -> None:
        self._dataset = dataset
        self._track = track
        self._outlines = tuple(outlines)
        self._runs = runs
        self._prefetcher = Prefetcher(self._load, self._is_current)

    def load(self, item: Item) -> LoadedCase:
        """Return a mask as it is on the disk now: read ahead if it was, and is still the same."""
        known = self._prefetcher.take(item.key)
        return self._load(item) if known is None else replace(known, item=item)

    def prepare(self, item: Item, worklist: Worklist) -> None:
        """Look ahead from the mask that was just opened."""
        self._runs.bring_forward(item.key)
        following = upcoming(worklist, item)
        self._prefetcher.want(following)
        self._runs.run_ahead(following)

    def end(self) -> None:
        """Stop looking ahead."""
        self._runs.drop_ahead()
        self._prefetcher.close()

    def _load(self, item: Item) -> LoadedCase:
        return load_case(self._dataset, item, self._track, self._outlines)

    def _is_current(self, loaded: LoadedCase) -> bool:
        own = loaded.item.mask_type
        kinds = (own, *(kind for kind in self._outlines if kind != own))
        return file_state(self._dataset, loaded.item.case, kinds, self._track) == loaded.stamp


def upcoming(worklist: Worklist, item: Item) -> tuple[Item, ...]:
    """Return the next masks to do after one."""
    found: list[Item] = []
    here = item
    for _ in range(CASES_AHEAD):
        following = worklist.next_to_do(here.key)
        if following is None or following.key == item.key or following in found:
            break
        found.append(following)
        here = following
    return tuple(found)
