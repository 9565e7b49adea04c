"""Spine, sacrum, canal and cord in one map, and back."""

from dataclasses import replace

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError, UsageError
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.refine import compose, decompose

CORD, CANAL, L5, SACRUM = 1, 2, 45, 50


@pytest.fixture(scope="module")
def person():
    return make_spine(5, region="lumbar", spacing=3.0, rootlets=False)


@pytest.fixture
def masks():
    spine = np.zeros((10, 3, 3), np.uint8)
    spine[0:6], spine[6:8] = L5, SACRUM
    sacrum, canal, cord = (np.zeros(spine.shape, np.uint8) for _ in range(3))
    sacrum[5:7], canal[4:6, 1], cord[4, 1] = 1, 1, 1
    return {
        "spine": label_map(spine),
        "sacrum": label_map(sacrum, "sacrum"),
        "canal": label_map(canal, "canal"),
        "cord": label_map(cord, "cord"),
    }


def test_cord_lies_over_canal_over_sacrum_over_spine(masks):
    line = compose(masks).array[:, 1, 1]
    assert line.tolist() == [L5, L5, L5, L5, CORD, CANAL, SACRUM, 0, 0, 0]


def test_a_sacrum_mask_replaces_the_sacrum_of_the_spine_mask(masks):
    assert not compose(masks).array[7].any()
    del masks["sacrum"]
    assert (compose(masks).array[7] == SACRUM).all()


def test_the_order_of_the_request_and_missing_masks_do_not_matter(masks):
    expected = compose(masks).array
    np.testing.assert_array_equal(compose(dict(reversed(masks.items()))).array, expected)
    assert compose({"cord": masks["cord"]}).values() == (CORD,)


def test_taking_apart_and_composing_again_gives_the_same_map(person):
    whole = compose({"spine": person.spine, "sacrum": person.sacrum, "canal": person.canal, "cord": person.cord})
    parts = decompose(whole)
    assert set(parts) == {"spine", "sacrum", "canal", "cord"}
    np.testing.assert_array_equal(compose(parts).array, whole.array)
    for name in ("canal", "cord"):
        np.testing.assert_array_equal(parts[name].array != 0, getattr(person, name).array != 0)
        assert parts[name].scheme.name == name


def test_the_one_map_speaks_totalspineseg(person):
    whole = compose({"spine": person.spine, "canal": person.canal, "cord": person.cord})
    plain, loss = whole.converted(scheme("totalspineseg"))
    assert loss.lossless
    np.testing.assert_array_equal(compose(decompose(plain)).array, whole.array)


def test_only_masks_that_hold_something_come_back(masks):
    assert set(decompose(compose({"canal": masks["canal"]}))) == {"canal"}


def test_masks_that_do_not_belong_together_are_refused(masks):
    with pytest.raises(UsageError, match="lesion"):
        compose({"lesion": masks["canal"]})
    with pytest.raises(UsageError, match="no mask"):
        compose({})
    with pytest.raises(LabelError, match="canal mask is in the label scheme 'spine', expected 'canal'"):
        compose({"canal": masks["spine"]})
    with pytest.raises(LabelError, match=r"values \[45, 50\] are not part of the label scheme 'canal'"):
        compose({"canal": replace(masks["spine"], scheme=masks["canal"].scheme)})
    masks["canal"] = label_map(masks["canal"].array, "canal", spacing=(2, 1, 1))
    with pytest.raises(GeometryError, match="canal"):
        compose(masks)
