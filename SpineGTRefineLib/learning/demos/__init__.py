"""The demo models that ship with the project: one file each, listed here."""

from .canal import CANAL
from .cord import CORD
from .definition import Demo
from .lumbosacral import LUMBOSACRAL
from .mouse import MOUSE, MOUSE_2D
from .rootlets import ROOTLETS, SPINAL_LEVELS
from .spine import SPINE

DEMOS: dict[str, Demo] = {
    demo.name: demo for demo in (CANAL, CORD, SPINE, ROOTLETS, SPINAL_LEVELS, LUMBOSACRAL, MOUSE, MOUSE_2D)
}
"""All demos by name."""

__all__ = ["DEMOS", "Demo"]
