"""Small controls that the page is made of; each has a name for screen readers and a handle for tests."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3


def do(name: str, *arguments: str) -> str:
    """Return what a click runs: an act by its name; arguments are expressions of the page."""
    return f"utils.station.act({', '.join((repr(name), *arguments))})"


def button(text: str, act: str, *, icon: str = "", **settings: Any) -> v3.VBtn:
    """Add a button with a text."""
    settings.setdefault("variant", "tonal")
    return v3.VBtn(
        text,
        size="small",
        click=do(act),
        prepend_icon=icon or None,
        **{"data-testid": act},
        **settings,
        __properties=["data-testid"],
    )


def icon_button(icon: str | tuple[str], name: str, click: str, testid: str, **settings: Any) -> v3.VBtn:
    """Add a button with an icon; its name is a tooltip and is read out."""
    settings.setdefault("variant", "text")
    return v3.VBtn(
        icon=icon,
        size="small",
        density="comfortable",
        click=click,
        title=name,
        **{"aria-label": name, "data-testid": testid},
        **settings,
        __properties=["aria-label", "data-testid", "title"],
    )


def choice(model: str, items: str, name: str, **settings: Any) -> v3.VSelect:
    """Add a list to choose from."""
    return v3.VSelect(
        v_model=(model,),
        items=(items,),
        label=name,
        density="compact",
        variant="outlined",
        hide_details=True,
        **{"data-testid": model},
        **settings,
        __properties=["data-testid"],
    )


def slider(model: str, name: str, low: float, high: float, step: float, **settings: Any) -> None:
    """Add a slider with its name before it and its value behind it."""
    with html.Div(classes="line"):
        html.Span(name, style="width: 76px; flex: none")
        v3.VSlider(
            v_model=(model,),
            min=low,
            max=high,
            step=step,
            density="compact",
            hide_details=True,
            thumb_size=14,
            **{"aria-label": name, "data-testid": model},
            **settings,
            __properties=["aria-label", "data-testid"],
        )
        html.Span(f"{{{{ {model} }}}}", classes="faint", style="width: 34px; text-align: right; flex: none")


def tick(model: str, name: str, **settings: Any) -> v3.VCheckbox:
    """Add a box to tick."""
    return v3.VCheckbox(
        v_model=(model,),
        label=name,
        density="compact",
        hide_details=True,
        **{"data-testid": model},
        **settings,
        __properties=["data-testid"],
    )


def head(text: str) -> None:
    """Add a heading."""
    html.Div(text, classes="head", role="heading", __properties=["role"])
