"""The worker: models run in a process of their own, warm, one job at a time per device, and can be cancelled."""

from .client import Engine
from .launch import find_python, worker_command
from .tickets import JobFailedError, Progress, State, Ticket

__all__ = [
    "Engine",
    "JobFailedError",
    "Progress",
    "State",
    "Ticket",
    "find_python",
    "worker_command",
]
