"""Reads the library's source as data: its rooms, what imports what, and what breaks a rule of the house.

Each rule is a function from source text to findings, so that the tests can also show it a breach and see it speak up.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = "SpineGTRefineLib"
MODULE_FILE = REPOSITORY / "SpineGTRefine" / "SpineGTRefine.py"

ROOMS = (
    *("errors", "resources", "fileops", "userfolders", "process"),
    *("anatomy", "imaging", "bids", "refine", "checks"),
    *("phantoms", "models", "recipes", "engine", "review", "learning", "console", "scene", "panel", "web", "cli"),
)
"""From the ground up: a room imports only rooms before it."""

STRANGERS = ({"review", "learning"},)
"""Rooms that never import each other: what they exchange travels as tables that ``bids`` owns."""

FRONTS = {"scene": {"panel", "web"}, "panel": set(), "web": set(), "cli": set()}
"""Rooms with a window or a terminal, and the rooms that may import them; beside those only the module file may."""

STARTERS = {LIBRARY: {"console", "refine"}, f"{LIBRARY}.__main__": {"cli"}, f"{LIBRARY}.cli.review": {"web"}}
"""Modules that open other rooms, and which: a command that opens a window or a station is added here. The top of the
library opens what a console needs, and only when it is named."""

SHIPPED_WITH_SLICER = frozenset({"numpy", "scipy", "SimpleITK", "vtk", "nibabel"})
"""What Slicer's Python has, with nibabel, which the module asks for once."""

INSIDE_SLICER = (
    *("errors", "resources", "fileops", "userfolders", "process"),
    *("anatomy", "imaging", "bids", "refine", "checks", "review", "console", "scene", "panel"),
)
"""Rooms that run inside Slicer's Python."""

PACKAGES_OF = {
    "scene": {"slicer", "vtk", "vtkmodules"},
    "panel": {"slicer", "vtk", "qt", "ctk"},
    "web": {"slicer", "vtk", "trame", "trame_slicer", "wslink"},
    "cli": {"jinja2", "PIL", "rich", "typer"},
}
"""What else a room may import when it is itself imported."""

WORKER_ONLY = {
    f"{LIBRARY}.learning.trainer": {"torch", "nnunetv2"},
    f"{LIBRARY}.engine.dask_worker": {"distributed"},
}
"""Modules that cannot do without a heavy package, since they inherit from it. They are imported in functions only."""

IMPORT_FUNCTIONS = frozenset({"importlib.import_module", "import_module", "__import__"})


@dataclass(frozen=True)
class Module:
    """One source file of ours."""

    name: str
    path: Path

    @property
    def source(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def is_package(self) -> bool:
        """Whether it is the front file of a folder."""
        return self.path.name == "__init__.py"


@dataclass(frozen=True)
class Import:
    """One name that a module imports, absolute."""

    line: int
    name: str
    at_import: bool
    """Whether it happens as soon as the module is imported (not in a function, not for the type checker alone)."""


def library_modules() -> list[Module]:
    """Every source file of the library."""
    found = []
    for path in sorted((REPOSITORY / LIBRARY).rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        found.append(Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def room_of(name: str) -> str | None:
    """Room of a module or of something in it; None for the top of the library and for other packages."""
    parts = name.split(".")
    return parts[1] if parts[0] == LIBRARY and len(parts) > 1 and parts[1] in ROOMS else None


def rooms_on_disk() -> set[str]:
    """Folders and files directly in the library."""
    entries = (REPOSITORY / LIBRARY).iterdir()
    return {p.stem for p in entries if (p / "__init__.py").is_file() or (p.suffix == ".py" and p.stem[:2] != "__")}


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Everything that a module imports, wherever in it: in functions, for the type checker, by ``import_module``."""
    tree = ast.parse(source)
    parents = parents_in(tree)
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        for name in _imported_names(node, package):
            yield Import(node.lineno, name, _happens_at_import(node, parents))


def forbidden_arrows(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Imports between rooms that the order of the house forbids, as ``line N: imports X``."""
    own = room_of(module)
    return [
        f"{module}, line {found.line}: imports {found.name}"
        for found in imports_of(source, module, is_package=is_package)
        if (target := room_of(found.name)) is not None and not _is_allowed(module, own, target)
    ]


def forbidden_packages(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Packages that a module needs as soon as it is imported, and that its room may not count on."""
    allowed = sys.stdlib_module_names | SHIPPED_WITH_SLICER | {LIBRARY}
    allowed |= PACKAGES_OF.get(room_of(module) or "", set()) | WORKER_ONLY.get(module, set())
    return [
        f"{module}, line {found.line}: imports {found.name}"
        for found in imports_of(source, module, is_package=is_package)
        if found.at_import
        and (found.name.partition(".")[0] not in allowed or found.name.startswith(tuple(WORKER_ONLY)))
    ]


def parents_in(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """The node that each node lies in."""
    return {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}


def _is_allowed(module: str, own: str | None, target: str) -> bool:
    if own == target or target in STARTERS.get(module, ()):
        return True
    if own is None or any({own, target} == pair for pair in STRANGERS):
        return False
    if target in FRONTS:
        return own in FRONTS[target]
    return ROOMS.index(target) < ROOMS.index(own)


def _imported_names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            ancestors = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*ancestors, base] if base else ancestors)
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORT_FUNCTIONS:
        names = (str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant))
        yield from (f"{package}{name}" if name.startswith(".") else name for name in names)


def _happens_at_import(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return False
    return True
