"""What a session can do now."""

from __future__ import annotations

from enum import Enum


class SessionState(Enum):
    """The states of a session; each is described for people."""

    CLOSED = "no mask is open"
    OPENING = "a mask is being opened"
    VIEWING = "somebody else holds it, it can be looked at only"
    EDITING = "the mask can be edited"
    SAVING = "the mask is being saved"
