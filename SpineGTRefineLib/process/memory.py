"""How much main memory this machine lets us have."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_CONTAINER_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Files that say how much a container may use, and uses (Linux control groups, second and first version)."""


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
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined, unused-ignore]
    return MainMemory(int(status.total), int(status.available))
