"""The mask under edit: its structures, the tool in hand, undo that says what it undoes, level tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ...anatomy import spine_order, structure
from ...review import operations
from ...review.operations import Operation
from ...scene.views import center_of
from ..tools import AREAS, SCISSORS, SMOOTHINGS
from .part import Part

LARGEST_BRUSH_MM = 60


class EditingPart(Part):
    """Structures, tools, undo, levels."""

    START: ClassVar[dict[str, Any]] = {
        "mode": "draw",
        "segments": [],
        "active": "",
        "active_name": "",
        "addable": [],
        "to_add": None,
        "tool": "none",
        "brush_mm": 6,
        "sphere": False,
        "area": "everywhere",
        "areas": list(AREAS),
        "scissors": "erase inside",
        "scissor_modes": list(SCISSORS),
        "smoothing": "median",
        "smoothings": list(SMOOTHINGS),
        "smooth_mm": 3,
        "island_voxels": 100,
        "intensity": [0, 1],
        "intensity_limits": [0, 1],
        "in_range_only": False,
        "undo_text": "",
        "redo_text": "",
        "partners": [],
        "partner": None,
        "is_vertebra": False,
    }

    def set_up(self) -> None:
        """Follow the controls."""
        self._offered: tuple[str, list[str]] = ("", [])
        tools, change = self.station.tools, self.state.change
        change("brush_mm", "sphere")(lambda brush_mm, sphere, **_: tools.set_brush(brush_mm, sphere=sphere))
        change("area")(lambda area, **_: tools.set_area(area))
        change("scissors")(lambda scissors, **_: tools.set_scissors(scissors))
        change("intensity", "in_range_only")(lambda **_: self._set_intensity())
        self.station.opened.connect(self._on_opened)

    # Structures ------------------------------------------------------------------------------------------------------

    def select(self, key: str) -> None:
        """Select a structure."""
        self.station.choose(key)

    def step(self, by: int) -> None:
        """Select the structure before (-1) or after (1) the selected one, around the end of the list."""
        keys = [segment["key"] for segment in self.state.segments]
        if keys:
            place = keys.index(self.state.active) + by if self.state.active in keys else min(by, 0)
            self.select(keys[place % len(keys)])

    def toggle(self, segment_id: str) -> None:
        """Show or hide a structure; this never affects what is saved."""
        case = self.station.display.case
        if case is not None:
            node = case.segmentation.node.GetDisplayNode()
            node.SetSegmentVisibility(segment_id, not node.GetSegmentVisibility(segment_id))

    def add(self) -> None:
        """Add an empty structure and select it."""
        case = self.station.display.case
        if case is not None and self.state.to_add and self.station.can_edit:
            scheme = case.segmentation.original.scheme
            case.segmentation.add_segment(scheme.value_of(self.state.to_add))
            self.station.choose(self.state.to_add)

    def jump(self) -> None:
        """Show the middle of the selected structure."""
        key = self.station.structure
        if key:
            labels = self.station.session.bench.labels()
            place = center_of(labels, labels.scheme.value_of(key))
            if place is not None:
                self.station.display.jump_to(place)

    # Tools -----------------------------------------------------------------------------------------------------------

    def use(self, name: str) -> None:
        """Take a tool into the hand, or put it away if it is there already."""
        if not self.station.can_edit:
            self.station.say("info", "This mask can be looked at only.")
            return
        self.station.tools.use("none" if name == self.station.tools.name else name)
        self._set_intensity()

    def resize_brush(self, by: int) -> None:
        """Make the brush larger or smaller (mm)."""
        self.state.brush_mm = min(max(1, self.state.brush_mm + by), LARGEST_BRUSH_MM)

    def toggle_sphere(self) -> None:
        """Brush in the slice, or a ball."""
        self.state.sphere = not self.state.sphere

    def apply_tool(self) -> None:
        """Do what the tool in hand does to the whole structure."""
        tools = self.station.tools
        if tools.name == "threshold":
            tools.apply_threshold()
        elif tools.name == "islands":
            tools.remove_small_islands(self.state.island_voxels)
        elif tools.name == "smoothing":
            tools.smooth(self.state.smoothing, self.state.smooth_mm)

    def undo(self) -> None:
        """Undo the last step and say what it was."""
        text = self.station.session.undo()
        self.station.say("info", f"Undone: {text}." if text else "Nothing to undo.")

    def redo(self) -> None:
        """Do the last undone step again and say what it was."""
        text = self.station.session.redo()
        self.station.say("info", f"Done again: {text}." if text else "Nothing to redo.")

    # Levels ----------------------------------------------------------------------------------------------------------

    def shift(self, by: int) -> None:
        """Rename the selected vertebra and all below it by one level."""
        self.apply(lambda key: operations.shift_levels(key, by))

    def keep_largest(self) -> None:
        """Erase all pieces of the selected structure but the largest."""
        self.apply(operations.keep_largest_piece)

    def fill_between(self) -> None:
        """Fill the slices between those in which the selected structure is drawn."""
        self.apply(operations.fill_between_slices)

    def with_partner(self, act: str) -> None:
        """Swap the selected structure with another one, merge it into that, or rename it as that."""
        make = {"swap": operations.swap_levels, "merge": operations.merge, "rename": operations.relabel}[act]
        if self.state.partner:
            self.apply(lambda key: make(key, self.state.partner))

    def apply(self, make: Callable[[str], Operation]) -> None:
        """Do an act on the selected structure."""
        key = self.station.structure
        if not key:
            self.station.say("info", "Select a structure first.")
            return
        operation = make(key)
        self.station.session.apply(operation)
        self.station.say("good", f"Done: {operation.text}. Ctrl+Z undoes it.")

    # State -----------------------------------------------------------------------------------------------------------

    def update(self) -> None:
        """Show structures, tool, undo and partners as they are now."""
        case, key, state = self.station.display.case, self.station.structure, self.state
        is_open = self.station.is_open and case is not None
        editor = self.station.session.bench.editor if is_open else None
        state.undo_text = editor.undo_text if editor and self.station.can_edit else ""
        state.redo_text = editor.redo_text if editor and self.station.can_edit else ""
        state.tool = self.station.tools.name
        state.active = key
        state.active_name = structure(key).name if key else ""
        state.is_vertebra = bool(key) and structure(key).kind == "vertebra"
        state.segments = self._segments() if is_open else []
        present = {segment["key"] for segment in state.segments}
        scheme = case.segmentation.original.scheme if case is not None and is_open else ()
        state.addable = [_choice(e.structure.key) for e in scheme if e.structure.key not in present]
        alike = spine_order(e.structure.key for e in scheme.of_kind(structure(key).kind)) if key and scheme else ()
        self._offer_partners(key, alike)

    def _offer_partners(self, key: str, alike: Sequence[str]) -> None:
        """Offer the others of its kind, beginning with the next one toward the tail."""
        partners = [each for each in alike if each != key]
        if (key, partners) != self._offered:
            self._offered = (key, partners)
            self.state.partners = [_choice(each) for each in partners]
            self.state.partner = partners[min(alike.index(key), len(partners) - 1)] if partners else None

    def _segments(self) -> list[dict[str, Any]]:
        case = self.station.display.case
        assert case is not None
        node = case.segmentation.node
        marks = self.station.session.bench.verified.structures
        rows = []
        for segment_id, value in case.segmentation.values.items():
            segment = node.GetSegmentation().GetSegment(segment_id)
            if segment is None:
                continue
            key = case.segmentation.key_of(segment_id)
            red, green, blue = (round(255 * part) for part in segment.GetColor())
            rows.append(
                {
                    "id": segment_id,
                    "key": key,
                    "value": value,
                    "name": segment.GetName(),
                    "color": f"#{red:02x}{green:02x}{blue:02x}",
                    "shown": bool(node.GetDisplayNode().GetSegmentVisibility(segment_id)),
                    "verified": key in marks,
                }
            )
        return rows

    def _on_opened(self) -> None:
        if not self.station.is_open:
            return
        array = self.station.session.image.array
        low, high = float(array.min()), float(array.max())
        self.state.intensity_limits = [low, high]
        self.state.intensity = [low + 0.5 * (high - low), high]
        self.state.in_range_only = False
        self.station.tools.set_brush(self.state.brush_mm, sphere=self.state.sphere)
        self.station.tools.set_area(self.state.area)

    def _set_intensity(self) -> None:
        if self.station.is_open:
            low, high = self.state.intensity
            self.station.tools.set_threshold(low, high)
            self.station.tools.set_range(low, high, on=bool(self.state.in_range_only))


def _choice(key: str) -> dict[str, str]:
    return {"title": structure(key).name, "value": key}
