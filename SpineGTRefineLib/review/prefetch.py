"""The next cases are read while the rater is at the current one, so that arriving takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from ..errors import RefineError
from .loading import LoadedCase
from .worklist import Item

Key = tuple[str, str]


class Prefetcher:
    """Reads cases ahead, one at a time, on a thread of its own.

    Parameters
    ----------
    read
        Reads a case; runs on the thread.
    is_current
        Whether what was read is still what lies on the disk; runs on the caller's thread.
    """

    def __init__(self, read: Callable[[Item], LoadedCase], is_current: Callable[[LoadedCase], bool]) -> None:
        self._read = read
        self._is_current = is_current
        self._futures: dict[Key, Future[LoadedCase]] = {}
        self._pool = ThreadPoolExecutor(1, "prefetch")

    def want(self, items: Iterable[Item]) -> None:
        """Read these, in this order; forget all others."""
        wanted = {item.key: item for item in items}
        for key in self._futures.keys() - wanted.keys():
            self._futures.pop(key).cancel()
        for key, item in wanted.items():
            if key not in self._futures:
                self._futures[key] = self._pool.submit(self._read, item)

    def take(self, key: Key) -> LoadedCase | None:
        """Return what was read ahead, waiting for a read that is under way; None if there is nothing of use."""
        future = self._futures.pop(key, None)
        if future is None or future.cancel():
            return None
        try:
            loaded = future.result()
        except RefineError:
            return None  # the caller reads it again and meets the error itself
        return loaded if self._is_current(loaded) else None

    def close(self) -> None:
        """Stop reading ahead."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._futures.clear()
