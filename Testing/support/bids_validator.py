"""What the BIDS validator calls an error in a folder; skips where the validator is not installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def validator_errors(folder: Path, *options: str) -> list[str]:
    """Place and code of every error in a dataset; with ``--recursive`` also in the datasets below ``derivatives``."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("bids-validator-deno", path=places)
    if program is None:
        pytest.skip("needs the command bids-validator-deno (the extra [test])")
    command = [program, str(folder), "--format", "json", "--max-rows", "-1", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(ended.stdout)
    parts = {"": report, **report.get("derivativesSummary", {})}
    return [
        f"{name.rstrip('/')}{issue.get('location', '')} {issue['code']}"
        for name, part in parts.items()
        for issue in part["issues"]["issues"]
        if issue["severity"] == "error"
    ]
