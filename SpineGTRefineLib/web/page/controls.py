"""Small controls that the page is made of: plain HTML, each with a name for screen readers and a handle for tests."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

Value = str | float | bool | tuple[str]
"""Of an attribute: plain, or (in a tuple) an expression of the page; True for an attribute without a value."""


def tag(kind: str, text: str = "", css: Value = "", /, **attributes: Value) -> Any:
    """Add an element of HTML.

    Parameters
    ----------
    kind
        Name of the element, as trame has it: ``Div``, ``Button`` ...
    text
        What is in it; ``{{ }}`` holds an expression of the page.
    css
        Its class.
    attributes
        With ``_`` for ``-``; ``css`` stands for the class too, ``on_click`` is what a click does, ``v_model_lazy``
        stands for ``v-model.lazy``. Values hold no double quotes.
    """
    written = [_written(name, value) for name, value in ({"css": css} | attributes).items() if value != ""]
    return getattr(html, kind)(text, raw_attrs=written)


def box(css: Value, **attributes: Value) -> Any:
    """Add a part of the page that holds others."""
    return tag("Div", "", css, **attributes)


def do(name: str, *arguments: str) -> str:
    """Return what a click runs: an act by its name; arguments are expressions of the page."""
    return f"utils.station.act({', '.join((repr(name), *arguments))})"


def icon(name: str) -> None:
    """Add an icon; ``{{ }}`` holds an expression of the page."""
    v3.VIcon(name, size=18)


def button(
    text: str,
    act: str,
    *,
    when: str = "true",
    image: str = "",
    css: Value = "btn",
    click: str = "",
    **attributes: Value,
) -> None:
    """Add a button with a text; it does an act, or what ``click`` says, and can be pressed while ``when`` holds."""
    settings = {"on_click": click or do(act), "data_testid": act, "disabled": (f"!({when})",), **attributes}
    with tag("Button", "", css, type="button", **settings):
        if image:
            icon(image)
        tag("Span", text, "cut")


def icon_button(
    image: str,
    name: Value,
    click: str,
    testid: str,
    *,
    when: str = "true",
    css: Value = "btn icon plain",
    **more: Value,
) -> None:
    """Add a button with an icon; its name is a tooltip and is read out."""
    names: dict[str, Value] = {"aria_label": name, "title": name, "disabled": (f"!({when})",)}
    with tag("Button", "", css, type="button", on_click=click, data_testid=testid, **names, **more):
        icon(image)


def choice(
    model: str, items: str, name: str, *, when: str = "true", css: str = "field", empty: str = "", **attributes: Value
) -> None:
    """Add a list to choose from; ``empty`` stands there while nothing is chosen."""
    with tag("Label", "", css, **attributes):
        tag("Span", name)
        with tag("Select", v_model=model, disabled=(f"!({when})",), aria_label=name, data_testid=model):
            if empty:
                tag("Option", empty, value=("null",), disabled=True)
            one = {"key": ("each.value ?? each",), "value": ("each.value ?? each",)}
            tag("Option", "{{ each.title ?? each }}", v_for=f"each in {items}", **one)


def slide(
    value: str, name: str, low: Value, high: Value, step: Value, *, change: str = "", css: str = "", **attributes: Value
) -> None:
    """Add a slider for a value of the page; ``change`` says what becomes of the number ``$it``, if not just that value.

    The limits stand before the value: a browser would cut the value to the limits that were.
    """
    moved = (change or f"{value} = $it").replace("$it", "Number($event.target.value)")
    limits: dict[str, Value] = {"type": "range", "min": low, "max": high, "step": step, "value": (value,)}
    names: dict[str, Value] = {"aria_label": name, "title": name, "data_testid": value}
    tag("Input", "", css, **limits, on_input=moved, **(names | attributes))


def slider(model: str, name: str, low: float, high: float, step: float, unit: str = "", **attributes: Value) -> None:
    """Add a slider with its name before it and its value behind it."""
    with tag("Label", "", "field", **attributes):
        tag("Span", name)
        slide(model, name, low, high, step)
        tag("Output", f"{{{{ {model} }}}}{unit}")


def tick(model: str, name: str, **attributes: Value) -> None:
    """Add a box to tick."""
    with tag("Label", "", "tick", **attributes):
        tag("Input", type="checkbox", v_model=model, data_testid=model)
        tag("Span", name)


def switch(model: str, image: str, name: str) -> None:
    """Add a button that stays pressed."""
    icon_button(image, name, f"{model} = !{model}", model, aria_pressed=(model,))


def tabs(model: str, name: str, pages: dict[str, str]) -> None:
    """Add tabs; ``model`` holds the one that is open."""
    with tag("Div", "", "tabs", role="tablist", aria_label=name):
        for page, text in pages.items():
            chosen = f"{model} === '{page}'"
            state: dict[str, Value] = {"aria_selected": (chosen,), "tabindex": (f"{chosen} ? 0 : -1",)}
            click = f"{model} = '{page}'"
            tag("Button", text, type="button", role="tab", on_click=click, data_testid=f"tab-{page}", **state)


def progress(percent: str, name: str, when: str) -> None:
    """Add a bar that is seen while ``when`` holds and as long as ``percent`` (0 to 100) says."""
    limits: dict[str, Value] = {"aria_valuemin": 0, "aria_valuemax": 100, "aria_valuenow": (percent,)}
    with box("progress", v_if=when, role="progressbar", aria_label=name, **limits):
        tag("Div", style=(f"{{width: {percent} + '%'}}",))


def head(text: str) -> None:
    """Add a heading."""
    tag("Div", text, "head", role="heading", aria_level=2)


def _written(name: str, value: Value) -> str:
    name = "class" if name == "css" else name.replace("_", "-").replace("v-model-", "v-model.")
    if name.startswith("on-"):
        return f'@{name.removeprefix("on-")}="{value}"'
    if isinstance(value, tuple):
        return f':{name}="{value[0]}"'
    return name if value is True else f'{name}="{value}"'
