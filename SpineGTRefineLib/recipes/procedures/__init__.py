"""How recipes get from an image to a mask: one file per procedure, listed here by the name that recipes state."""

from __future__ import annotations

from ..work import Procedure
from . import lumbosacral, mouse, plain, rootlets, spine, spine_tools

PROCEDURES: dict[str, Procedure] = {
    "plain": Procedure(plain.run),
    "spine": Procedure(spine.run, spine.SETTINGS, spine.SCHEME, check=spine.check),
    "spine_tools": Procedure(
        spine_tools.run, spine_tools.SETTINGS, spine_tools.SCHEME, spine_tools.tools_of, spine_tools.check
    ),
    "sacrum": Procedure(spine.run_sacrum, scheme=spine.SCHEME),
    "lumbosacral": Procedure(lumbosacral.run, lumbosacral.SETTINGS, check=lumbosacral.check),
    "rootlets": Procedure(rootlets.run, rootlets.SETTINGS, check=rootlets.check),
    "mouse": Procedure(mouse.run, mouse.SETTINGS, check=mouse.check),
}
"""All procedures by name."""
