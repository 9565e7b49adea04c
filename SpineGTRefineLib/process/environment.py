"""The environment of a child process: the user's own, without what the program around us put in.

3D Slicer's launcher sets PYTHONHOME, PYTHONPATH, library and plug-in paths for its own Python. A different Python that
inherits them fails on start or, worse, loads Slicer's libraries into its process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

POISON = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "PYTHONUSERBASE",
    "PYTHONPLATLIBDIR",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "QML2_IMPORT_PATH",
    "TCL_LIBRARY",
    "TK_LIBRARY",
    "SSL_CERT_FILE",
    "ITK_AUTOLOAD_PATH",
    "SITK_SHOW_EXTENSION",
)
"""Variables that steer an interpreter or a loader; a child starts without them."""

KEEP_LIBRARY_PATHS_VARIABLE = "SPINEGTREFINE_KEEP_LD_LIBRARY_PATH"
"""Set by users whose GPU driver is only found through LD_LIBRARY_PATH (some clusters)."""


ISOLATED = ("-s", "-P", "-X", "utf8")
"""Options of a Python that takes nothing from the user's own packages or the script's folder.

Not ``-I``, which would also ignore what Slicer's launcher ``PythonSlicer`` sets; :func:`clean_environment` has removed
what others set.
"""


def module_command(python: str | Path, module: str, *arguments: str | Path) -> list[str]:
    """Return the command that runs a module of this very library in another Python.

    The library is loaded by its path: neither that Python's site packages nor its working directory can put another
    copy in the way.

    Parameters
    ----------
    python
        The Python, 3.11 or newer.
    module
        Name relative to the library, for example ``engine.bootstrap``; its ``main`` gets the arguments as a list.
    """
    script = Path(__file__).with_name("run_module.py")
    return [str(python), *ISOLATED, str(script), module, *map(str, arguments)]


def clean_environment(base: Mapping[str, str] | None = None, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child process.

    Parameters
    ----------
    base
        Environment to start from; the current one by default. Inside Slicer, pass
        ``slicer.util.startupEnvironment()``: what Slicer itself was started with.
    extra
        Variables to add at the end.

    Returns
    -------
    dict
        ``base`` less :data:`POISON`, less folders of the Slicer installation on PATH, plus ``extra``, with UTF-8 and
        unbuffered output asked of Python.
    """
    environment = dict(os.environ if base is None else base)
    keep_libraries = environment.get(KEEP_LIBRARY_PATHS_VARIABLE, "") not in ("", "0")
    for name in POISON:
        if not (keep_libraries and name == "LD_LIBRARY_PATH"):
            environment.pop(name, None)
    home = environment.pop("SLICER_HOME", "")
    if home and environment.get("PATH"):
        environment["PATH"] = _path_without(environment["PATH"], Path(home))
    environment.update({"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1"})
    environment.update(extra or {})
    return environment


def _path_without(search_path: str, folder: Path) -> str:
    kept = [entry for entry in search_path.split(os.pathsep) if entry and not Path(entry).is_relative_to(folder)]
    return os.pathsep.join(kept)
