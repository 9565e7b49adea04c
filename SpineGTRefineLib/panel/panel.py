"""The panel as a whole: its sections, its status line, its keys, and its life in Slicer."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from ..scene import Scene
from .case_section import CaseSection
from .dataset_section import DatasetSection
from .editor_section import EditorSection
from .engine_section import EngineSection
from .finish_section import FinishSection
from .key_section import KeySection
from .keys import Shortcuts
from .learn_section import LearnSection
from .level_section import LevelSection
from .model_section import ModelSection
from .problem_section import ProblemSection
from .section import LoadUi, Section
from .settings_page import SettingsPage
from .slice_section import SliceSection
from .version_section import VersionSection
from .worklist_section import WorklistSection
from .workspace import Workspace

SIGNS = {"info": "\u2139", "good": "\u2714", "warning": "\u25b2", "error": "\u2716"}
"""A sign before each status line: color alone would say nothing to some."""

TICK_MS = 1000


class Panel:
    """The module's panel.

    Parameters
    ----------
    loadUi
        Loads a ``.ui`` file of the module by its name.
    scene
        Where cases are shown.
    """

    def __init__(self, loadUi: LoadUi, scene: Scene) -> None:
        self.workspace = Workspace(scene)
        self.widget = loadUi("SpineGTRefine.ui")
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.keySheet = self._add(KeySection, loadUi)
        self.dataset = self._add(DatasetSection, loadUi)
        self.worklist = self._add(WorklistSection, loadUi)
        self.case = self._add(CaseSection, loadUi)
        self.models = self._add(ModelSection, loadUi)
        self.problems = self._add(ProblemSection, loadUi)
        self.editor = self._add(EditorSection, loadUi)
        self.levels = self._add(LevelSection, loadUi)
        self.slices = self._add(SliceSection, loadUi)
        self.versions = self._add(VersionSection, loadUi)
        self.finish = self._add(FinishSection, loadUi)
        self.learn = self._add(LearnSection, loadUi)
        self.engine = self._add(EngineSection, loadUi)
        self.widget.layout().addStretch(1)
        self.widget.setMRMLScene(scene.mrml)
        self.workspace.said.connect(self.showStatus)
        self.workspace.caseOpened.connect(self.leaveTextField)
        self.ui.keysButton.connect("clicked(bool)", lambda *_: self.keySheet.toggle())
        self.settings = SettingsPage(loadUi)
        self.settings.addTo(slicer.app.settingsDialog())
        self.shortcuts = Shortcuts(self._acts())
        self._tick = qt.QTimer()
        self._tick.setInterval(TICK_MS)
        self._tick.connect("timeout()", self._onTick)
        self._tick.start()

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, from top to bottom."""
        return (
            *(self.keySheet, self.dataset, self.worklist, self.case, self.models, self.problems),
            *(self.editor, self.levels, self.slices, self.versions, self.finish, self.learn, self.engine),
        )

    def enter(self) -> None:
        """Begin a visit to the module."""
        for section in self.sections:
            section.enter()
        self.shortcuts.install()

    def exit(self) -> None:
        """End a visit: keys and view observations are given back."""
        self.shortcuts.remove()
        for section in self.sections:
            section.exit()

    def closeScene(self) -> None:
        """Close the case because the scene is closed: edits are kept as a draft."""
        if self.workspace.session is not None:
            self.workspace.session.close(insist=True)

    def cleanup(self) -> None:
        """Let go of everything: the module is unloaded."""
        self.exit()
        self._tick.stop()
        self.engine.cancelSetUp()
        self.workspace.end()

    def leaveTextField(self) -> None:
        """Take the focus out of note and fields: in the next case letters are keys again, not text."""
        focused = qt.QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()

    def showStatus(self, level: str, text: str) -> None:
        """Say something in the status line, with a sign for its kind."""
        self.ui.statusLabel.text = f"{SIGNS[level]} {text}"

    def _add(self, kind: type[Any], loadUi: LoadUi) -> Any:
        section = kind(self.workspace, loadUi)
        self.widget.layout().addWidget(section.widget)
        return section

    def _onTick(self) -> None:
        if self.workspace.session is not None:
            self.workspace.session.tick()

    def _acts(self) -> dict[str, Any]:
        finish, worklist = self.finish, self.worklist
        acts = {
            "saveAndNext": (finish, finish.saveAndNext),
            "flagAndNext": (finish, finish.flagAndNext),
            "draft": (finish, finish.saveDraft),
            "note": (finish, finish.focusNote),
            "nextCase": (worklist, lambda: worklist.step(1)),
            "previousCase": (worklist, lambda: worklist.step(-1)),
            "nextToDo": (worklist, worklist.nextToDo),
            "previousToDo": (worklist, worklist.previousToDo),
            "nextProblem": (self.problems, lambda: self.problems.step(1)),
            "previousProblem": (self.problems, lambda: self.problems.step(-1)),
            "jump": (self.editor, self.editor.jumpToStructure),
            "sphere": (self.editor, self.editor.toggleSphere),
            "run": (self.models, self.models.run),
            "blink": (self.versions, self.versions.blink),
            "outline": (self.case, self.case.toggleOutline),
            "hide": (self.case, self.case.toggleHidden),
            "shiftUp": (self.levels, lambda: self.levels.shift(-1)),
            "shiftDown": (self.levels, lambda: self.levels.shift(1)),
            "copyBefore": (self.slices, lambda: self.slices.copy(-1)),
            "copyAfter": (self.slices, lambda: self.slices.copy(1)),
            "vouchSlice": (self.slices, self.slices.toggleVouched),
            "keys": (self.keySheet, self.keySheet.toggle),
        }
        return {name: _attempting(section, act) for name, (section, act) in acts.items()}


def _attempting(section: Section, act: Any) -> Any:
    return lambda: section.attempt(act)
