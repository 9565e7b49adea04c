"""Main memory: how much this machine lets us have, and what becomes of what we free."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_CONTAINER_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Files that say how much a container may use, and uses (Linux control groups, second and first version)."""

_REUSE = {-1: 2**31 - 1, -2: 2**28, -3: 2**31 - 1, -8: 1}
"""Settings of glibc's ``mallopt``: M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD, all large, and M_ARENA_MAX."""


@dataclass(frozen=True)
class MainMemory:
    """Main memory in bytes: all that there is for us, and what of it is free now (None where the system hides it)."""

    total: int
    available: int | None


def main_memory() -> MainMemory:
    """Return the main memory of this machine, or of the container that we run in."""
    if sys.platform == "win32":
        return _windows()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    available = _available(Path("/proc/meminfo"))
    for limit_file, usage_file in _CONTAINER_LIMITS:
        limit, usage = _number(Path(limit_file)), _number(Path(usage_file))
        if limit is not None and usage is not None and limit < total:
            free = limit - usage
            return MainMemory(limit, free if available is None else min(free, available))
    return MainMemory(total, available)


def reuse_freed_memory() -> None:
    """Have this process keep the memory that it frees for its next need, where the C library can be told so (glibc).

    A network asks for the same large maps for each tile. Given back and fetched anew, each of their pages is cleared
    by the system first, which takes up to a quarter of the time on a CPU. The results are the same bit for bit.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            for option, value in _REUSE.items():
                ctypes.CDLL(None).mallopt(option, value)


def give_back_freed_memory() -> None:
    """Give the memory that this process has freed back to the system, where the C library needs to be told so."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _available(meminfo: Path) -> int | None:
    if not meminfo.is_file():
        return None
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # absent, or the word "max"
        return None


def _windows() -> MainMemory:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return MainMemory(int(status.total), int(status.available))
