"""Fixtures of the tests for BIDS datasets."""

from pathlib import Path

import pytest
from bids_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A raw dataset with one image and one mask of the lab."""
    return World(tmp_path / "study")
