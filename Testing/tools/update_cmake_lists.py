"""Write the lists of files that the Slicer extension installs, or check that they are complete.

``python Testing/tools/update_cmake_lists.py`` rewrites ``SpineGTRefineLib/files.cmake``; with ``--check`` it changes
nothing and ends with 1 if the lists do not name exactly the files on disk.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LISTS = Path("SpineGTRefineLib", "files.cmake")
NOT_INSTALLED = ("Resources/Screenshots",)


def scripts(root: Path = REPOSITORY) -> list[str]:
    """All Python files of the library, relative to the repository."""
    return sorted(path for path in _files(root, "SpineGTRefineLib") if path.endswith(".py"))


def resources(root: Path = REPOSITORY) -> list[str]:
    """All other files that the library needs, relative to the repository."""
    inside = (path for path in _files(root, "SpineGTRefineLib") if not path.endswith(".py"))
    beside = (path for path in _files(root, "Resources") if not path.startswith(NOT_INSTALLED))
    return sorted(path for path in (*inside, *beside) if path != LISTS.as_posix())


def cmake_text(root: Path = REPOSITORY) -> str:
    """The content that ``files.cmake`` should have."""
    parts = ["# Made by Testing/tools/update_cmake_lists.py; do not edit.\n"]
    for name, paths in (("SCRIPTS", scripts(root)), ("RESOURCES", resources(root))):
        parts.append(f"set(SpineGTRefineLib_{name}\n" + "".join(f"  {path}\n" for path in paths) + "  )\n")
    return "\n".join(parts)


def _files(root: Path, folder: str) -> Iterator[str]:
    for path in (root / folder).rglob("*"):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_file() and not hidden:
            yield relative.as_posix()


def main() -> int:
    """Rewrite or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, end with 1 if the lists are not complete")
    check = parser.parse_args().check
    wanted, target = cmake_text(), REPOSITORY / LISTS
    if target.is_file() and target.read_text(encoding="utf-8") == wanted:
        return 0
    if check:
        print(
            f"{LISTS} does not name the files on disk. Run: python Testing/tools/update_cmake_lists.py", file=sys.stderr
        )
        return 1
    target.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
