"""The environment of a process inside 3D Slicer, whose launcher points everything at Slicer's own Python."""

import os
from pathlib import Path


def polluted_environment(home: Path) -> dict[str, str]:
    """Return this process's environment as Slicer's launcher would leave it, with Slicer installed in ``home``."""
    return {
        **os.environ,
        "SLICER_HOME": str(home),
        "PYTHONHOME": str(home / "lib" / "Python"),
        "PYTHONPATH": str(home / "lib" / "Python" / "site-packages"),
        "LD_LIBRARY_PATH": str(home / "lib"),
        "QT_PLUGIN_PATH": str(home / "lib" / "QtPlugins"),
        "PATH": os.pathsep.join([str(home / "bin"), os.environ.get("PATH", "")]),
    }
