"""Section Learn: build a version, train, compare with the champion, rank; the work goes on in another process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from ..bids import mask_type
from ..engine import Engine
from ..engine.plan import duration
from ..errors import UsageError
from ..learning.training import fine_tuning_of, preset_names, settings_of
from ..learning.training.desk import TRAINERS, Choices, LearnDesk
from ..learning.training.overview import ModelRow, Overview, read_overview
from .engine_starter import startupEnvironment
from .section import Section, fillTable, stretchColumn


class LearnSection(Section):
    """Shows the loop of a dataset, and lets it turn."""

    UI = "Learn.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self.desk: LearnDesk | None = None
        self._overview = Overview()
        self._mask = ""
        stretchColumn(self.ui.learnTable, 0)
        self.ui.learnTrainerCombo.addItems(TRAINERS)
        self.ui.learnSettingsCombo.addItems(preset_names())
        self.onClick(self.ui.buildButton, lambda: self._requireDesk().build(self._mask))
        self.onClick(self.ui.trainButton, self.train)
        self.onClick(self.ui.stopButton, lambda: self._requireDesk().stop())
        self.onClick(self.ui.shipButton, self.ship)
        self.onClick(self.ui.rankButton, lambda: self._requireDesk().rank(self._mask, self._selected()))
        self.ui.learnTable.connect("itemSelectionChanged()", self.update)
        self.widget.connect("contentsCollapsed(bool)", lambda collapsed: self.look())
        self.workspace.sessionChanged.connect(self.onSessionChanged)
        self.workspace.caseOpened.connect(self.onOpened)

    def onSessionChanged(self) -> None:
        """Begin anew with another dataset; a training of the one before is stopped at its last epoch."""
        if self.desk is not None:
            self.desk.end()
        session = self.workspace.session
        self.desk = LearnDesk(session.dataset, self._makeEngine, self.onChange) if session else None
        self._mask = ""
        self.widget.text = _("Learn")
        self.ui.learnStageLabel.text = ""
        self.onOverview(Overview())

    def onOpened(self) -> None:
        """Turn to the kind of mask that is open."""
        kind = self.workspace.requireSession().item.mask_type.name
        if kind != self._mask:
            self._mask = kind
            self.widget.text = _("Learn: {mask} masks").format(mask=kind)
            self.update()
            self.look()

    def look(self) -> None:
        """Look which versions and models there are, unless nobody sees it."""
        session = self.workspace.session
        if session is None or not self._mask or self.widget.collapsed:
            return
        dataset, kind = session.dataset, mask_type(self._mask)

        def onDone(overview: Overview) -> None:
            if self.workspace.session is session and kind.name == self._mask:  # else another was opened meanwhile
                self.onOverview(overview)

        self.workspace.gui.inBackground(
            lambda: read_overview(dataset, kind), onDone, lambda error: self.workspace.say("error", str(error))
        )

    def onOverview(self, overview: Overview) -> None:
        """Show versions and models; what was chosen stays chosen, unless there is a new version."""
        isNew = overview.versions != self._overview.versions
        version = overview.versions[-1] if isNew and overview.versions else self.ui.learnVersionCombo.currentText
        selected = self._overview.models[self._row()].name if self._row() >= 0 else ""
        names = [row.name for row in overview.models]
        self._overview = overview
        _refill(self.ui.learnVersionCombo, overview.versions, version)
        _refill(self.ui.learnStartCombo, (_("nothing"), *names), self.ui.learnStartCombo.currentText)
        fillTable(self.ui.learnTable, [_cells(row) for row in overview.models])
        self.ui.learnTable.clearSelection()  # after rows have gone Qt selects one beside them
        if selected in names:
            self.ui.learnTable.selectRow(names.index(selected))
        if overview.verdict and self.ui.learnStageLabel.text == "":
            self.ui.learnStageLabel.text = overview.verdict
        self.update()

    def train(self) -> None:
        """Train on the chosen version."""
        start = self.ui.learnStartCombo.currentText if self.ui.learnStartCombo.currentIndex > 0 else ""
        epochs = self.ui.learnEpochsSpin.value
        settings = (fine_tuning_of if start else settings_of)(
            self.ui.learnSettingsCombo.currentText, device=self.workspace.preferences.device, epochs=epochs or None
        )
        trainer = TRAINERS[self.ui.learnTrainerCombo.currentIndex]
        self._requireDesk().train(Choices(self.ui.learnVersionCombo.currentText, start, settings, trainer))

    def ship(self) -> None:
        """Ship the selected model."""
        self._requireDesk().ship(self._selected().name, self.workspace.preferences.device)

    def onChange(self) -> None:
        """Show how far the job is, and how it ended."""
        desk = self._requireDesk()
        if desk.work is not None:
            left = "" if desk.work.left_s is None else _(", {time} left").format(time=duration(desk.work.left_s))
            self.ui.learnStageLabel.text = f"{desk.work.title}: {desk.work.stage}{left}"
            self.ui.learnProgressBar.value = round(100 * desk.work.part)
        elif desk.ended is not None:
            self.ui.learnStageLabel.text = desk.ended.text
            self.workspace.say(desk.ended.level, desk.ended.text)
            if desk.ended.task == "rank" and desk.ended.level == "good":
                self.workspace.requireSession().worklist.refresh()
                self.workspace.listChanged.emit()
            self.look()
        self.update()

    def update(self) -> None:
        """Enable what can be done now."""
        works = self.desk is not None and self.desk.work is not None
        isFree = self.desk is not None and bool(self._mask) and not works
        isSelected = self._row() >= 0
        self.ui.learnProgressBar.visible = works
        self.ui.stopButton.enabled = works
        self.ui.buildButton.enabled = isFree
        self.ui.trainButton.enabled = isFree and bool(self._overview.versions)
        for combo in (self.ui.learnVersionCombo, self.ui.learnStartCombo):
            combo.enabled = isFree and bool(self._overview.versions)
        for combo in (self.ui.learnTrainerCombo, self.ui.learnSettingsCombo):
            combo.enabled = isFree
        self.ui.shipButton.enabled = isFree and isSelected
        self.ui.rankButton.enabled = isFree and isSelected

    def _row(self) -> int:
        rows = self.ui.learnTable.selectionModel().selectedRows()
        return rows[0].row() if rows else -1

    def _selected(self) -> ModelRow:
        if self._row() < 0:
            raise UsageError(_("No model is selected."), _("Select a row of the table."))
        return self._overview.models[self._row()]

    def _requireDesk(self) -> LearnDesk:
        if self.desk is None:
            raise UsageError(_("No dataset is open."), _("Open a dataset first."))
        return self.desk

    def _makeEngine(self) -> Engine:
        from ..learning.training.worker import learning_engine

        chosen = self.workspace.preferences.python
        return learning_engine(
            Path(chosen) if chosen else self.workspace.engine.python,
            environment=startupEnvironment(),
            deliver=self.workspace.gui.deliver,
            on_log=self.workspace.logged.emit,
        )


def _refill(combo: Any, texts: Sequence[str], chosen: str) -> None:
    """Offer texts; choose one of them, the first if it is not there any more."""
    combo.clear()
    combo.addItems(texts)
    combo.setCurrentIndex(texts.index(chosen) if chosen in texts else 0)


def _cells(row: ModelRow) -> tuple[str, ...]:
    name = f"\u2605 {row.name}" if row.is_champion else row.name
    return name, row.version, _dice(row.test), _dice(row.held_back)


def _dice(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
