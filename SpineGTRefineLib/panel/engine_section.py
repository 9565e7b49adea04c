"""Section Engine: the Python that runs models, and setting one up in the background."""

from __future__ import annotations

import threading
from pathlib import Path

from slicer.i18n import tr as _

from ..engine import find_python
from ..errors import RefineError
from ..process.environment_making import create_environment, find_uv, install_uv
from ..process.environments import environment_kind
from .preferences import remember
from .section import Section

KIND = "models"


class EngineSection(Section):
    """Says which Python runs models; checks another one; makes one."""

    UI = "Engine.ui"

    def setUp(self) -> None:
        """Connect the widgets."""
        self._stop = threading.Event()
        self.ui.pythonPath.currentPath = self.workspace.preferences.python
        self.onClick(self.ui.usePythonButton, self.usePython)
        self.onClick(self.ui.setUpButton, self.setUpEnvironment)
        self.onClick(self.ui.cancelSetUpButton, self.cancelSetUp)
        self.ui.engineLabel.text = _("Looking for a Python that can run models \u2026")
        self._look(self.workspace.preferences.python, save=False)

    def usePython(self) -> None:
        """Check the Python that was typed; if it can run models, use it from now on."""
        self._look(self.ui.pythonPath.currentPath.strip(), save=True)

    def setUpEnvironment(self) -> None:
        """Make an environment for models, on another thread; it can be cancelled."""
        self._stop.clear()
        self._setBusy(busy=True)
        deliver, log = self.workspace.gui.deliver, self.ui.engineLog.appendPlainText

        def work() -> Path:
            def onLog(line: str) -> None:
                deliver(lambda: log(line))

            uv = find_uv() or install_uv(on_log=onLog)
            return create_environment(environment_kind(KIND), uv=uv, on_log=onLog, is_cancelled=self._stop.is_set)

        self.workspace.gui.inBackground(work, self._onMade, self._onFailed)

    def cancelSetUp(self) -> None:
        """Let an environment that is being made be, if there is one."""
        self._stop.set()

    def _look(self, python: str, *, save: bool) -> None:
        def onFound(found: Path) -> None:
            self.ui.engineLabel.text = "\u2714 " + _("Models run with {python}").format(python=found)
            if save:
                remember("python", python)
                self.workspace.say("info", _("Models run with this Python from the next dataset that you open."))

        self.workspace.gui.inBackground(lambda: find_python(python or None), onFound, self._onNone)

    def _onNone(self, error: RefineError) -> None:
        self.ui.engineLabel.text = "\u25b2 " + _("Models cannot run yet: {reason}").format(reason=error.cause)

    def _onMade(self, python: Path) -> None:
        self._setBusy(busy=False)
        self.ui.pythonPath.currentPath = str(python)
        self.usePython()

    def _onFailed(self, error: RefineError) -> None:
        self._setBusy(busy=False)
        self.workspace.say("error", str(error))

    def _setBusy(self, *, busy: bool) -> None:
        self.ui.setUpButton.enabled = self.ui.usePythonButton.enabled = not busy
        self.ui.cancelSetUpButton.enabled = busy
        self.ui.engineLog.setVisible(busy or bool(self.ui.engineLog.plainText))
