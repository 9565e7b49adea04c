"""How recipes get from an image to a mask: one file per procedure, listed here by the name that recipes state."""

from __future__ import annotations

from ..work import Procedure
from . import plain

PROCEDURES: dict[str, Procedure] = {
    "plain": Procedure(plain.run),
}
"""All procedures by name."""
