"""SPINEPS without TotalSpineSeg: levels from the landmarks that its own mask shows, and doubts where it shows none."""

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.phantoms import canal_like, make_spine, spineps_like
from SpineGTRefineLib.phantoms.defects import Defect
from SpineGTRefineLib.refine import SpineInputs, refine_spine

SPINE = scheme("spine")
SLIVER = 30
"""Voxels at the edge of the image that are too few to tell anything."""

C1 = SPINE.value_of("vertebra_C1")
"""SPINEPS does not draw it."""


def counted(region, *errors, variant="usual", ids="ordinal"):
    phantom = make_spine(9600, spacing=3.0, region=region, variant=variant, rootlets=False)
    inputs = SpineInputs(spineps_like(phantom, errors, ids=ids).vert, None, canal_like(phantom))
    return phantom.spine.array, refine_spine(inputs)


def wrong_levels(truth, labels):
    """Structures that are called something else where they lie."""
    wrong = []
    for value in set(np.unique(truth)) - {0, C1}:
        named = labels.array[truth == value]
        if named.size < SLIVER:
            continue
        if not named.any() or np.bincount(named[named > 0]).argmax() != value:
            wrong.append(SPINE[int(value)].structure.key)
    return wrong


@pytest.mark.parametrize("region", ["lumbar", "cervical"])
def test_one_landmark_names_the_instances_of_an_old_spineps(region):
    truth, found = counted(region)
    assert wrong_levels(truth, found.labels) == []
    assert found.naming.is_sure


def test_a_vertebra_that_spineps_split_is_one_again():
    truth, found = counted("lumbar", Defect("split", "vertebra_L2"))
    assert wrong_levels(truth, found.labels) == []


def test_a_vertebra_that_spineps_missed_is_counted():
    truth, found = counted("lumbar", Defect("missing", "vertebra_L3"))
    assert set(wrong_levels(truth, found.labels)) <= {"vertebra_L3", "disc_L3-L4"}


@pytest.mark.parametrize(("region", "variant"), [("thoracic", "usual"), ("whole", "T13")])
def test_where_nothing_tells_the_levels_the_names_are_not_sure(region, variant):
    _, found = counted(region, variant=variant)
    assert found.naming.margin == 0
    assert found.labels.array.any()


def test_names_that_spineps_gave_itself_stay():
    truth, found = counted("lumbar", ids="labelled")
    assert wrong_levels(truth, found.labels) == []
    assert found.naming is None


def test_the_original_way_cannot_do_without_totalspineseg():
    phantom = make_spine(9600, spacing=4.0, region="lumbar", rootlets=False)
    with pytest.raises(UsageError, match="TotalSpineSeg"):
        refine_spine(SpineInputs(spineps_like(phantom).vert), "compatible")
