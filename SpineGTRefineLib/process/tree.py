"""Ending a process together with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

GROUP_OPTIONS: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    if sys.platform == "win32"
    else {"start_new_session": True}
)
"""Options for :class:`subprocess.Popen` that make :func:`kill_tree` reach the whole tree."""


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started with :data:`GROUP_OPTIONS`, and all its descendants.

    Killing only the process is not enough: ``PythonSlicer`` is a launcher whose child does the work, and data loaders
    outlive their parent. Descendants that left the group are found through psutil where it is installed.
    """
    descendants = _descendants(process.pid)
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False, **GROUP_OPTIONS)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for descendant in descendants:
        with contextlib.suppress(Exception):  # psutil's own errors: it is already gone
            descendant.kill()
    with contextlib.suppress(OSError):
        process.kill()


def _descendants(pid: int) -> list[Any]:
    try:
        import psutil
    except ImportError:
        return []
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []
