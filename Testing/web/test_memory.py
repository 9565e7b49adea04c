"""A station stays up all day: a case that was left is gone from its memory at once."""

import gc
import weakref

import numpy as np
import pytest
from review_world import draw

pytestmark = pytest.mark.slow


def test_a_case_that_was_left_is_gone_from_memory(station):
    from vtkmodules.vtkCommonCore import vtkWeakReference

    session, case = station.session, station.display.case
    voxels, nodes = weakref.ref(session.bench.editor), [vtkWeakReference(), vtkWeakReference()]
    nodes[0].Set(case.segmentation.node)
    nodes[1].Set(case.volume)
    session.apply(draw(np.s_[0, 0, 0], 41))
    session.undo()
    del case
    gc.disable()
    try:
        station.open(session.worklist.next_to_do(session.item.key))
        station.open(session.worklist.next_to_do(session.item.key))
        assert voxels() is None
        assert [node.Get() for node in nodes] == [None, None]
    finally:
        gc.enable()
