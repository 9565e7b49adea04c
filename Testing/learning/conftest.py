"""Fixtures for the tests of versions."""

import pytest
from version_world import VersionWorld


@pytest.fixture
def world(tmp_path):
    """Ten subjects, all with a mask that a rater corrected."""
    world = VersionWorld(tmp_path / "dataset")
    world.save_all()
    return world
