"""How recipes get from an image to a mask: one file per procedure, listed here by the name that recipes state."""

from __future__ import annotations

from ..work import Procedure
from . import lumbosacral, mouse, plain

PROCEDURES: dict[str, Procedure] = {
    "plain": Procedure(plain.run),
    "lumbosacral": Procedure(lumbosacral.run, lumbosacral.SETTINGS),
    "mouse": Procedure(mouse.run, mouse.SETTINGS),
}
"""All procedures by name."""
