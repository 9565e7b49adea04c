"""Section Models: run them on the open case or on the whole list; masks arrive as proposals, none is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from ..errors import UsageError
from ..recipes.definition import recipe, recipe_names
from ..review.model_choices import ModelChoice, model_choices
from .preferences import modelOf, remember, setModel
from .run_list import RunList
from .section import Section, stretchColumn

DEVICES = ("auto", "cpu", "cuda", "mps")


class ModelSection(Section):
    """Chooses models by structure and queues them."""

    UI = "Models.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self.names = recipe_names()
        self._combos: dict[str, Any] = {}
        self._isChosen = False
        self._fillModels()
        self.runs = RunList(self)
        self.ui.deviceCombo.addItems(DEVICES)
        self.ui.deviceCombo.connect("currentIndexChanged(int)", self.onDevice)
        self.ui.modelTable.connect("cellClicked(int,int)", self.onTicked)
        self.ui.logCheck.connect("toggled(bool)", lambda on: self.ui.logText.setVisible(on))
        self.onClick(self.ui.runButton, self.run)
        self.onClick(self.ui.runAllButton, self.runAll)
        self.workspace.caseOpened.connect(self.onOpened)
        self.workspace.caseClosed.connect(self.update)
        self.workspace.sessionChanged.connect(self.update)
        self.workspace.logged.connect(self.ui.logText.appendPlainText)

    def enter(self) -> None:
        """Look which models are installed, and where they are to run."""
        self.ui.deviceCombo.setCurrentText(self.workspace.preferences.device)
        self.workspace.gui.inBackground(model_choices, self.onModels, lambda error: None)

    def run(self) -> None:
        """Queue the ticked recipes for the open case."""
        if not self.workspace.isOpen:
            return
        session = self.workspace.requireSession()
        for name, settings in self._ticked():
            session.run(name, again=True, **settings)
        self.runs.show()

    def runAll(self) -> None:
        """Queue the ticked recipes for every case of the list."""
        session = self.workspace.requireSession()
        count = sum(session.run_all(name, **settings) for name, settings in self._ticked())
        self.runs.show()
        self.workspace.say("info", _("{count} runs are in the queue; you can work on meanwhile.").format(count=count))

    def onDevice(self, index: int) -> None:
        """Remember where models run."""
        remember("device", DEVICES[index])

    def onTicked(self, row: int, column: int) -> None:
        """Leave the choice to the user from now on."""
        del row
        self._isChosen |= column == 0

    def onModels(self, choices: Mapping[str, tuple[ModelChoice, ...]]) -> None:
        """List the models that there are, and say which are not installed."""
        for name, combo in self._combos.items():
            combo.blockSignals(True)
            combo.clear()
            combo.addItem(_("automatic"), "")
            for choice in choices.get(name, ()):
                text = choice.name if choice.is_installed else _("{model} (not installed)").format(model=choice.name)
                combo.addItem(text, choice.name)
            combo.setCurrentIndex(max(combo.findData(modelOf(name)), 0))
            combo.blockSignals(False)

    def onOpened(self) -> None:
        """Tick what makes the kind of mask that is open, unless the user has ticked something."""
        kind = self.workspace.requireSession().item.mask_type.name
        if not self._isChosen:
            fitting = [name for name in self.names if recipe(name).mask_type.name == kind]
            for row, name in enumerate(self.names):
                self.ui.modelTable.item(row, 0).setCheckState(qt.Qt.Checked if name in fitting[:1] else qt.Qt.Unchecked)
        self.update()

    def update(self) -> None:
        """Enable what can be done now."""
        self.ui.runButton.enabled = self.workspace.isOpen
        self.ui.runAllButton.enabled = self.workspace.session is not None
        self.runs.follow()

    def _ticked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and settings of the recipes that are ticked."""
        ticked = [
            name for row, name in enumerate(self.names) if self.ui.modelTable.item(row, 0).checkState() == qt.Qt.Checked
        ]
        if not ticked:
            raise UsageError(_("Nothing is ticked."), _("Tick what to make first."))
        for name in ticked:
            model = self._combos[name].currentData
            yield name, {"device": self.ui.deviceCombo.currentText, **({"model": model} if model else {})}

    def _fillModels(self) -> None:
        table = self.ui.modelTable
        table.setRowCount(len(self.names))
        stretchColumn(table, 0)
        for row, name in enumerate(self.names):
            item = qt.QTableWidgetItem(recipe(name).title)
            item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
            item.setCheckState(qt.Qt.Unchecked)
            table.setItem(row, 0, item)
            combo = qt.QComboBox()
            combo.connect("currentIndexChanged(int)", self._remembers(name, combo))
            table.setCellWidget(row, 1, combo)
            self._combos[name] = combo
        self.onModels({name: tuple(ModelChoice(each, True) for each in recipe(name).models) for name in self.names})

    @staticmethod
    def _remembers(name: str, combo: Any) -> Any:
        return lambda _index: setModel(name, combo.currentData or "")
