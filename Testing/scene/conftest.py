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
