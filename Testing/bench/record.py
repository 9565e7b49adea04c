"""What every benchmark keeps of a run: its table, and what a reader must know of the day and the machine."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def keep(path: Path, text: str) -> None:
    """Print a result and write it to its file."""
    print(text)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def circumstances(*packages: str) -> str:
    """Return the day, the machine, the version of Python and those of packages, without a full stop."""
    machine = f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} cores"
    versions = [f"{name} {version(name)}" for name in packages]
    return ", ".join([f"{datetime.now(UTC):%Y-%m-%d}", machine, f"Python {platform.python_version()}", *versions])


def _processor() -> str:
    """Name of the processor; Linux tells it in a file only."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
