"""The panel needs nothing that Slicer does not ship, whatever the rater does."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_day_at_the_panel_imports_only_what_slicer_ships(program, dataset):
    script = Path(__file__).with_name("blocked_day.py")
    command = [sys.executable, str(script), str(dataset.root)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().endswith("the day is over")
    assert len(list(dataset.output.rglob("*_dseg.nii.gz"))) == 2
