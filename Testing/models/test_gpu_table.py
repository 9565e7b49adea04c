"""The table of the graphics card is made by one call, and does not pretend where there is no card."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "bench" / "bench_gpu.py"
pytestmark = pytest.mark.slow


def table(result, *options):
    command = [sys.executable, str(SCRIPT), "--result", str(result), *options]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return result.read_text(encoding="utf-8")


def test_without_a_card_it_says_so_and_shows_no_number(nnunet, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a card here")
    text = table(tmp_path / "gpu.md")
    assert "No GPU at hand: nothing was measured." in text
    assert "|" not in text


def test_on_a_processor_it_runs_from_end_to_end_and_its_title_says_that_this_is_no_card(nnunet, tmp_path):
    text = table(tmp_path / "gpu.md", "--device", "cpu", "--pairs", "1", "--classes", "2", "--scale", "0.1")
    assert text.startswith("# Not a graphics card")
    assert "no GPU at hand" in text
    for side in ("warm", "torch-exact", "fresh"):
        assert f"| {side} | " in text
