"""The demo models that ship with the project: one file each, listed here."""

from .canal import CANAL
from .cord import CORD
from .definition import Demo
from .spine import SPINE

DEMOS: dict[str, Demo] = {demo.name: demo for demo in (CANAL, CORD, SPINE)}
"""All demos by name."""

__all__ = ["DEMOS", "Demo"]
