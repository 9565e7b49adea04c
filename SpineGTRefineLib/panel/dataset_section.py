"""Section Dataset: what to work on, and who works."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ..errors import UsageError
from ..review.lists import export_list, import_list
from .section import Section


class DatasetSection(Section):
    """Opens a dataset, one subject, one file, or a volume of the scene; takes and writes lists of cases."""

    UI = "Dataset.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self.ui.volumeSelector.setMRMLScene(self.workspace.scene.mrml)
        self.ui.raterEdit.text = self.workspace.preferences.rater
        self.onClick(self.ui.openButton, self.openDataset)
        self.onClick(self.ui.openVolumeButton, self.openVolume)
        self.ui.datasetPath.connect("currentPathChanged(QString)", self.onPathChanged)
        self.onClick(self.ui.useListButton, self.useList)
        self.onClick(self.ui.allCasesButton, self.useAllCases)
        self.onClick(self.ui.writeListButton, self.writeList)
        self.workspace.sessionChanged.connect(self.onSessionChanged)

    def openDataset(self) -> None:
        """Open what the path names, and the first mask to do."""
        with slicer.util.WaitCursor():
            self.workspace.openDataset(self.ui.datasetPath.currentPath, self.ui.raterEdit.text)
        self.ui.datasetPath.addCurrentPathToHistory()

    def openVolume(self) -> None:
        """Open the file of the chosen volume."""
        self.workspace.openVolume(self.ui.volumeSelector.currentNode(), self.ui.raterEdit.text)

    def useList(self) -> None:
        """Work on the cases that a list names, from the first one to do."""
        session = self.workspace.requireSession()
        found = import_list(self._listPath(), session.dataset)
        if not found.cases:
            raise UsageError(_("The list names no case of this dataset."), _("Choose another list."))
        session.worklist.choose(found.cases)
        self.ui.listPath.addCurrentPathToHistory()
        text = _("{count} cases of the list are here, {missing} are not. {names}")
        count, missing = len(found.cases), found.missing
        self._showList(text.format(count=count, missing=len(missing), names=", ".join(missing[:3])))
        self.workspace.open(session.worklist.first_to_do())

    def useAllCases(self) -> None:
        """Work on all cases again."""
        self.workspace.requireSession().worklist.choose(None)
        self._showList("")

    def writeList(self) -> None:
        """Write the worklist as it is shown."""
        path = self._listPath()
        count = export_list(path, self.workspace.requireSession().worklist)
        self.workspace.say("good", _("{count} entries were written to {path}.").format(count=count, path=path))

    def _listPath(self) -> Path:
        text = self.ui.listPath.currentPath.strip()
        if not text:
            raise UsageError(_("No list was chosen."), _("Choose or type the path of a .yml, .tsv, .csv or .txt file."))
        return Path(text).expanduser()

    def _showList(self, note: str) -> None:
        self.ui.listNote.text = note
        self.ui.listNote.setVisible(bool(note))
        self.workspace.listChanged.emit()

    def onPathChanged(self, path: str) -> None:
        """Say where the folder is, since the field may be too narrow."""
        self.ui.datasetPath.toolTip = path

    def onSessionChanged(self) -> None:
        """Make room for the work once a dataset is open."""
        isOpen = self.workspace.session is not None
        self.widget.collapsed = isOpen
        for button in (self.ui.useListButton, self.ui.allCasesButton, self.ui.writeListButton):
            button.enabled = isOpen
        self._showList("")
