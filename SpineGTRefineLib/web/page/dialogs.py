"""What lies over the page: keys, questions, and the curtains of who has lost the seat or the station."""

from __future__ import annotations

from .controls import Value, box, button, icon_button, tag
from .learn import build_learn

KEY = "{{ key.keys.replace('Return', 'Enter').replace('Escape', 'Esc').replace('Left', '←').replace('Right', '→') }}"


def build_dialogs() -> None:
    """Add them; each is seen only when it is its turn."""
    with tag("Div", id="over"):
        _keys()
        build_learn(_modal("Learn"))
        _objections()
        _question()
        _in_use()
        _lost()


def _keys() -> None:
    with tag("Div", v_if="sheet", **_modal("Keys")), box("card keys"):
        with box("line"):
            tag("H2", "Keys", "grow")
            icon_button("mdi-close", "Close (Esc)", "sheet = false", "close-keys")
        with tag("Dl"), tag("Div", v_for="key in key_map", key=("key.act",)):
            with tag("Dt"):
                tag("Kbd", KEY)
            tag("Dd", "{{ key.text }}")


def _objections() -> None:
    modal = _modal("What stands against it", "alertdialog")
    with tag("Div", v_if="objections.length", **modal), box("card"):
        tag("H2", "What stands against accepting this mask")
        tag("P", "{{ each }}", v_for="each in objections", key=("each",))
        with box("line"):
            button("Go back and correct it", "go-back", click="objections = []", css="btn main")
            button("Accept it in spite of that", "insist")


def _question() -> None:
    with tag("Div", v_if="asking", **_modal("Question", "alertdialog")), box("card"):
        tag("H2", "{{ asking.title }}")
        tag("P", "{{ asking.text }}")
        with box("line"):
            button("Cancel", "go-back", click="asking = null", css="btn main")
            button("{{ asking.button }}", "confirm", click="utils.station.act(asking.act); asking = null")


def _in_use() -> None:
    with tag("Div", id="curtain", hidden=True, **_modal("In use", tight=True)), box("card"):
        tag("H2", "The station is in use in another window")
        tag("P", "One person works here at a time. What was done there is kept, also when you take over.")
        with box("line"):
            button("Take over", "take-over", click="utils.station.takeOver()", css="btn main", id="take-over")


def _lost() -> None:
    with tag("Div", id="lost", hidden=True, **_modal("No connection", tight=True)), box("card"):
        tag("H2", "The station does not answer")
        tag("P", "It was ended, or the computer it runs on cannot be reached. Unsaved edits are kept there as a draft.")
        tag("P", "Start it again with the same command and open the address that it prints.", "faint")


def _modal(name: str, role: str = "dialog", *, tight: bool = False) -> dict[str, Value]:
    return {"css": "modal tight" if tight else "modal", "role": role, "aria_modal": "true", "aria_label": name}
