"""Habits that the house forbids, found in source text: what breaks on Windows, hides errors, or runs code from data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from house import parents_in

POSIX_MODULES = frozenset({"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"})
POSIX_NAMES = re.compile(
    r"""
    os\.(  fork(pty)? | set(sid|p?gid) | get(p?g|s)id | getpgrp | gete?[ug]id | kill(pg)? | [fl]?chown | fchmod
        | mkfifo | mknod | nice | statvfs | uname | wait(3|4|id|pid)? | sched_\w+ | posix_\w+ | sendfile | openpty )
    | signal\.( SIG(ALRM|CHLD|CONT|HUP|KILL|PIPE|QUIT|STOP|USR1|USR2) | alarm | pause | pthread_\w+ | setitimer
        | siginterrupt | signal | sigwait )
    | multiprocessing\.( get_context | set_start_method | Pool | Process )
    """,
    re.VERBOSE,
)
"""Missing on Windows, or with another meaning there (``os.kill(pid, 0)`` ends the process)."""

PICKLE_MODULES = frozenset({"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"})
PICKLE_ERRORS = frozenset({"PickleError", "PicklingError", "UnpicklingError"})
PLATFORM_QUESTIONS = ("sys.platform", "os.name", "platform.system", "hasattr(")


def unguarded_posix(source: str) -> list[str]:
    """Uses of what only POSIX systems have, outside an ``if`` that asks for the system."""
    tree = ast.parse(source)
    parents = parents_in(tree)
    return [
        f"line {node.lineno}: {name}"
        for node in ast.walk(tree)
        for name in _posix_names(node)
        if not _is_guarded(node, parents)
    ]


def bare_excepts(source: str) -> list[str]:
    """``except:`` without a class, which also swallows the user's Ctrl-C."""
    handlers = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler))
    return [f"line {node.lineno}: except:" for node in handlers if node.type is None]


def prints(source: str) -> list[str]:
    """Calls of ``print``."""
    return [f"line {node.lineno}: print" for node in _calls(source) if ast.unparse(node.func) == "print"]


def code_from_data(source: str) -> list[str]:
    """Readers that run what the data say: pickles in any dress, ``eval``, ``exec``."""
    findings = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in PICKLE_MODULES:
            findings += [(node, alias.name) for alias in node.names if alias.name not in PICKLE_ERRORS]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in PICKLE_MODULES:
            findings += [(node, ast.unparse(node))] if node.attr not in PICKLE_ERRORS else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("eval", "exec"):
            findings.append((node, ast.unparse(node.func)))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            weights_only = [ast.unparse(k.value) for k in node.keywords if k.arg == "weights_only"]
            findings += [(node, "torch.load without weights_only=True")] if weights_only != ["True"] else []
        elif isinstance(node, ast.keyword) and (node.arg, ast.unparse(node.value)) in _UNSAFE_OPTIONS:
            findings.append((node, f"{node.arg}={ast.unparse(node.value)}"))
    return [f"line {node.lineno}: {what}" for node, what in findings]


_UNSAFE_OPTIONS = {("weights_only", "False"), ("allow_pickle", "True"), ("shell", "True")}


def _calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _posix_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in POSIX_MODULES)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if node.module in POSIX_MODULES or POSIX_NAMES.fullmatch(name))
    elif isinstance(node, ast.Attribute) and POSIX_NAMES.fullmatch(ast.unparse(node)):
        yield ast.unparse(node)
    elif isinstance(node, ast.keyword) and node.arg == "preexec_fn":
        yield "preexec_fn"


def _is_guarded(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        parent = parents[node]
        if isinstance(parent, ast.If | ast.IfExp) and node is not parent.test and _asks_for_system(parent.test):
            return True
        if isinstance(parent, ast.Try) and node in parent.body and any(map(_expects_absence, parent.handlers)):
            return True
        if any(_leaves_early(earlier) for earlier in _before(node, parent)):
            return True
        node = parent
    return False


def _asks_for_system(test: ast.expr) -> bool:
    return any(question in ast.unparse(test) for question in PLATFORM_QUESTIONS)


def _expects_absence(handler: ast.ExceptHandler) -> bool:
    caught = ast.unparse(handler.type) if handler.type else ""
    return any(name in caught for name in ("ImportError", "ModuleNotFoundError", "AttributeError"))


def _before(node: ast.AST, parent: ast.AST) -> list[ast.stmt]:
    """Statements that run before ``node`` in the same block."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and node in block:
            return block[: block.index(node)]
    return []


def _leaves_early(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and _asks_for_system(statement.test)
        and isinstance(statement.body[-1], ast.Return | ast.Raise | ast.Continue)
    )
