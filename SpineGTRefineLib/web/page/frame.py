"""The bar on top with the case and what was done to it, and the line of status below."""

from __future__ import annotations

from .controls import box, button, do, icon, icon_button, tag

DISCARD = (
    "{title: 'Discard the edits?', text: 'The mask will be as it was saved. What you changed since then is lost.', "
    "button: 'Discard', act: 'giveUp'}"
)


def build_top() -> None:
    """Add the bar."""
    with tag("Header", "", "top"):
        tag("Span", "SpineGTRefine", "brand")
        tag("Span", "{{ dataset_name }}", "faint cut", style="max-width: 14vw", title=("dataset_name",))
        with box("line", style="gap: 0"):
            icon_button("mdi-chevron-left", "Previous mask (Alt+P)", do("previousCase"), "previousCase")
            icon_button("mdi-chevron-right", "Next mask (Alt+N)", do("nextCase"), "nextCase")
        with box("grow"):
            case = "{{ case_title || 'No mask is open' }}{{ case_kind ? ' · ' + case_kind : '' }}"
            tag("Div", case, "cut", data_testid="case-title", role="heading", aria_level=1)
            tag("Div", "{{ origin ? 'Started from: ' + origin : '' }}", "faint cut small", title=("origin",))
        with box("line warning", v_if="is_open && !can_edit"):
            icon("mdi-lock-outline")
            tag("Span", "To look at only")
            button("Take over", "takeOverMask", title="Take the mask from whoever holds it")
        _history()
        icon_button("mdi-school-outline", "Learn", do("learn"), "learn")
        icon_button("mdi-keyboard-outline", "Keys (?)", "sheet = true", "keys")


def _history() -> None:
    with box("line", style="gap: 4px"):
        undo, redo = "'Undo' + (undo_text && ': ' + undo_text)", "'Redo' + (redo_text && ': ' + redo_text)"
        icon_button("mdi-undo", (f"{undo} + ' (Ctrl+Z)'",), do("undo"), "undo", when="undo_text")
        icon_button("mdi-redo", (f"{redo} + ' (Ctrl+Y)'",), do("redo"), "redo", when="redo_text")
        text = "{{ undo_text ? 'Undo: ' + undo_text : '' }}"
        tag("Span", text, "faint cut small undo-text", data_testid="undo-text")
        edits = "can_edit && dirty"
        icon_button("mdi-content-save-outline", "Keep a draft now (Alt+D)", do("draft"), "draft", when=edits)
        icon_button("mdi-backup-restore", "Discard the edits", f"asking = {DISCARD}", "giveUp", when=edits)


def build_status() -> None:
    """Add the line of status."""
    with tag("Footer", "", "status", role="status"):
        level = ("'grow cut ' + message_level",)
        tag("Span", "{{ message }}", level, title=("message",), data_testid="message")
        tag("Span", "{{ draft_text }}", "faint", data_testid="draft_text")
        with tag("Span", "", "line warning", v_if="dirty", style="gap: 4px"):
            icon("mdi-circle-edit-outline")
            tag("Span", "not saved yet")
        tag("Span", "{{ rater ? 'Rater ' + rater : '' }}", "faint")
