"""A scene without a program, on each difficult grid."""

import pytest

pytest.importorskip("slicer", reason="needs slicer-core (pip install 'spine-gt-refine[scene]')")

from scene_helpers import GRIDS

from SpineGTRefineLib.imaging import Geometry
from SpineGTRefineLib.scene import Scene


@pytest.fixture
def scene() -> Scene:
    """A scene of our own, as Slicer sets one up at its start."""
    return Scene.headless()


@pytest.fixture(params=GRIDS, ids=str)
def geometry(request) -> Geometry:
    """Each of the difficult grids in turn."""
    return GRIDS[request.param]


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path, monkeypatch):
    """Drafts that the output has no room for go here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
