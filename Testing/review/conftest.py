"""Fixtures of the review tests."""

import pytest
from review_world import ReviewWorld


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path, monkeypatch):
    """Drafts that the output has no room for go here, not to the home of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def world(tmp_path):
    """Three cases with lab masks of spine and canal."""
    world = ReviewWorld(tmp_path / "data")
    yield world
    world.close()
