"""Looks whether pictures can be drawn, in a process of its own: without the libraries VTK would end ours at once."""

from __future__ import annotations

import subprocess
import sys

from ..errors import MissingDependencyError

_DRAW = """
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderWindow
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(8, 8)
window.Render()
print('drawn')
"""
TIMEOUT_S = 60
REMEDY = "On Debian and Ubuntu: sudo apt-get install libegl1 libgl1. All commands without pictures work as they are."


def require_graphics(python: str = sys.executable) -> None:
    """Check that this machine can draw.

    Raises
    ------
    MissingDependencyError
        The libraries for drawing are not installed.
    """
    try:
        tried = subprocess.run(
            [python, "-c", _DRAW],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependencyError(f"Drawing could not be tried: {error}.", REMEDY) from error
    if tried.returncode or "drawn" not in tried.stdout:
        raise MissingDependencyError("This machine has no libraries to draw with (EGL and OpenGL).", REMEDY)


def require_packages() -> None:
    """Check that the packages of the station are there.

    Raises
    ------
    MissingDependencyError
        One is missing.
    """
    try:
        import slicer  # noqa: F401
        import trame_slicer  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"The review station needs packages that are not installed ({error.name}).",
            'Install them into an environment of their own: pip install "spine-gt-refine[station]"',
        ) from error


def quiet_vtk() -> None:
    """Keep VTK's remarks about the window system off the terminal: there is no window, and nobody can act on them."""
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    vtkObject.GlobalWarningDisplayOff()
