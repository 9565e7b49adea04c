"""How recipes get from an image to a mask: one file per procedure, listed here by the name that recipes state."""

from __future__ import annotations

from ..work import Procedure
from . import lumbosacral, mouse, plain, rootlets, spine, spine_tools

PROCEDURES: dict[str, Procedure] = {
    "plain": Procedure(plain.run),
    "spine": Procedure(spine.run, spine.SETTINGS, spine.SCHEME),
    "spine_tools": Procedure(spine_tools.run, spine_tools.SETTINGS, spine_tools.SCHEME, spine_tools.tools_of),
    "sacrum": Procedure(spine.run_sacrum, scheme=spine.SCHEME),
    "lumbosacral": Procedure(lumbosacral.run, lumbosacral.SETTINGS),
    "rootlets": Procedure(rootlets.run, rootlets.SETTINGS),
    "mouse": Procedure(mouse.run, mouse.SETTINGS),
}
"""All procedures by name."""
