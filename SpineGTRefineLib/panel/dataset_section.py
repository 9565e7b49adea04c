"""Section Dataset: what to work on, and who works."""

from __future__ import annotations

import slicer

from .section import Section


class DatasetSection(Section):
    """Opens a dataset, one subject, one file, or the file of a volume in the scene."""

    UI = "Dataset.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self.ui.volumeSelector.setMRMLScene(self.workspace.scene.mrml)
        self.ui.raterEdit.text = self.workspace.preferences.rater
        self.onClick(self.ui.openButton, self.openDataset)
        self.onClick(self.ui.openVolumeButton, self.openVolume)
        self.ui.datasetPath.connect("currentPathChanged(QString)", self.onPathChanged)
        self.workspace.sessionChanged.connect(self.onSessionChanged)

    def openDataset(self) -> None:
        """Open what the path names, and the first mask to do."""
        with slicer.util.WaitCursor():
            self.workspace.openDataset(self.ui.datasetPath.currentPath, self.ui.raterEdit.text)
        self.ui.datasetPath.addCurrentPathToHistory()

    def openVolume(self) -> None:
        """Open the file of the chosen volume."""
        self.workspace.openVolume(self.ui.volumeSelector.currentNode(), self.ui.raterEdit.text)

    def onPathChanged(self, path: str) -> None:
        """Say where the folder is, since the field may be too narrow."""
        self.ui.datasetPath.toolTip = path

    def onSessionChanged(self) -> None:
        """Make room for the work once a dataset is open."""
        self.widget.collapsed = self.workspace.session is not None
