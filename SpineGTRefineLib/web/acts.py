"""What the page can ask for, by name; keys and buttons use the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .parts.editing import EditingPart
from .parts.finish import FinishPart
from .parts.learn import LearnPart
from .parts.looks import LookPart
from .parts.models import ModelPart
from .parts.notices import NoticePart
from .parts.problems import ProblemPart
from .parts.slices import SlicePart
from .parts.versions import VersionPart
from .parts.worklist import WorklistPart


class Acts:
    """Everything the page can ask for.

    Parameters
    ----------
    parts
        The parts of the page, by their class.
    """

    def __init__(self, parts: dict[type, Any]) -> None:
        editing: EditingPart = parts[EditingPart]
        finish: FinishPart = parts[FinishPart]
        learn: LearnPart = parts[LearnPart]
        looks: LookPart = parts[LookPart]
        models: ModelPart = parts[ModelPart]
        notices: NoticePart = parts[NoticePart]
        problems: ProblemPart = parts[ProblemPart]
        slices: SlicePart = parts[SlicePart]
        versions: VersionPart = parts[VersionPart]
        worklist: WorklistPart = parts[WorklistPart]
        self._acts: dict[str, Callable[..., Any]] = {
            "saveAndNext": finish.save_and_next,
            "insist": lambda: finish.save_and_next(insist=True),
            "flagAndNext": finish.flag_and_next,
            "exclude": finish.exclude,
            "draft": finish.keep_draft,
            "giveUp": finish.give_up,
            "takeOverMask": finish.take_over,
            "verify": finish.verify,
            "open": worklist.go,
            "nextCase": lambda: worklist.step(1),
            "previousCase": lambda: worklist.step(-1),
            "nextToDo": worklist.next_to_do,
            "previousToDo": worklist.previous_to_do,
            "again": worklist.again,
            "dismiss": notices.dismiss,
            "problem": problems.go,
            "nextProblem": lambda: problems.step(1),
            "previousProblem": lambda: problems.step(-1),
            "run": models.run,
            "cancel": models.cancel,
            "learn": learn.open,
            "learnBuild": learn.build,
            "learnTrain": learn.train,
            "learnStop": learn.stop,
            "learnShip": learn.ship,
            "learnRank": learn.rank,
            "compare": versions.compare,
            "adoptAll": versions.adopt_all,
            "adoptChosen": versions.adopt_chosen,
            "stopComparing": versions.stop,
            "blink": versions.toggle_blink,
            "outline": looks.toggle_outline,
            "hide": looks.toggle_hidden,
            "surfaces": looks.toggle_surfaces,
            "fit": looks.fit,
            "previousSlice": lambda: looks.step_slice(-1),
            "nextSlice": lambda: looks.step_slice(1),
            "select": editing.select,
            "toggleSegment": editing.toggle,
            "add": editing.add,
            "jump": editing.jump,
            "tool": editing.use,
            "applyTool": editing.apply_tool,
            "smallerBrush": lambda: editing.resize_brush(-1),
            "largerBrush": lambda: editing.resize_brush(1),
            "sphere": editing.toggle_sphere,
            "undo": editing.undo,
            "redo": editing.redo,
            "shiftUp": lambda: editing.shift(-1),
            "shiftDown": lambda: editing.shift(1),
            "keepLargest": editing.keep_largest,
            "fillBetween": editing.fill_between,
            "copyBefore": lambda: slices.copy(-1),
            "copyAfter": lambda: slices.copy(1),
            "vouchSlice": slices.vouch,
            "partner": editing.with_partner,
            "previousStructure": lambda: editing.step(-1),
            "nextStructure": lambda: editing.step(1),
        }

    def do(self, name: str, arguments: list[Any]) -> None:
        """Do an act; ``name:argument`` stands for an act with one argument, as keys have it.

        Raises
        ------
        RefineError
            It cannot be done; the page says why.
        """
        name, _, argument = name.partition(":")
        if name in self._acts:
            self._acts[name](*([argument] if argument else arguments))
