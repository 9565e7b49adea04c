"""Whatever goes wrong with a model or its worker, the message says what to do now."""

import ast
from pathlib import Path

import pytest

from SpineGTRefineLib import errors

LIBRARY = Path(errors.__file__).parent
OURS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.RefineError) and kind is not errors.CancelledError
}


@pytest.mark.parametrize("room", ["models", "engine", "process"])
def test_no_error_is_raised_without_a_remedy(room):
    bare = [
        f"{path.relative_to(LIBRARY)}:{call.lineno}"
        for path in sorted((LIBRARY / room).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in OURS and len(call.args) < 2
        if not call.keywords and not any(isinstance(given, ast.Starred) for given in call.args)
    ]
    assert bare == [], "say what to do now"
