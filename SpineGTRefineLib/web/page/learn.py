"""The dialog Learn: versions, a training with its progress, models and the champion."""

from __future__ import annotations

from typing import Any

from .controls import box, button, choice, icon, icon_button, progress, tag

FREE = "!learn_working"
FIRST = (
    "A version keeps the corrected and accepted masks as they are now, for training and for testing. "
    "Review some masks, then build the first one: a model is trained on it."
)


def build_learn(modal: dict[str, Any]) -> None:
    """Add the dialog; ``modal`` makes it one."""
    with tag("Div", v_if="learn", **modal), box("card"):
        with box("line"):
            tag("H2", "Learn: {{ learn_kind }} masks", "grow")
            icon_button("mdi-close", "Close (Esc)", "learn = false", "close-learn")
        _training()
        progress("learn_percent", "Work", when="learn_working")
        tag("P", "{{ learn_stage }}", v_if="learn_stage", data_testid="learn_stage", role="status")
        _models()


def _training() -> None:
    with box("line"):
        some = f"{FREE} && learn_versions.length"
        choice("learn_version", "learn_versions", "Version", when=some, css="field grow", empty="None yet")
        text = "{{ learn_versions.length ? 'Build the next' : 'Build the first' }}"
        button(text, "learnBuild", when=FREE, title="Of all corrected and accepted masks of this kind")
    tag("P", FIRST, "faint small", v_if="!learn_versions.length && !learn_stage", data_testid="learn-hint")
    choice("learn_start", "learn_starts", "Begin from", when=FREE)
    choice("learn_trainer", "learn_trainers", "Trainer", when=FREE)
    choice("learn_preset", "learn_presets", "Settings", when=FREE)
    with box("equal"):
        button("Train", "learnTrain", image="mdi-play", when=f"{FREE} && learn_version", css="btn main")
        button("Stop", "learnStop", when="learn_working", title="At the last epoch; train again to go on")


def _models() -> None:
    with tag("Table", "", "difference", v_if="learn_models.length"):
        with tag("Tr"):
            for text in ("", "Model", "Of", "Test", "Held back"):
                tag("Th", text)
        with tag("Tr", v_for="row in learn_models", key=("row.name",)):
            with tag("Td"):
                name = ("'Choose ' + row.name",)
                more: dict[str, Any] = {"type": "radio", "name": "learn-model", "value": ("row.name",)}
                tag("Input", v_model="learn_model", aria_label=name, data_testid="learn-model", **more)
            with tag("Td"), tag("Span", "", "line"):
                tag("Span", "{{ row.name }}", "cut")
                with tag("Span", v_if="row.champion", title="The champion", css="good"):
                    icon("mdi-star")
            for cell in ("version", "test", "held_back"):
                tag("Td", f"{{{{ row.{cell} }}}}")
    with box("equal"):
        chosen = f"{FREE} && learn_model"
        button(
            "Compare and ship", "learnShip", when=chosen, title="It becomes the champion if it is shown to be better"
        )
        button("Rank the worklist", "learnRank", when=chosen, title="What this model doubts comes first")
