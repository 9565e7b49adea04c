"""Conversions between label schemes: what can be kept is kept exactly, what cannot is counted."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SpineGTRefineLib.anatomy import conversion, scheme, scheme_names
from SpineGTRefineLib.errors import LabelError

USUAL_VERTEBRAE = [*range(11, 18), *range(21, 33), *range(41, 46)]
USUAL_DISCS = [*range(63, 68), *range(71, 83), *range(91, 96), 100]


def convert(source: str, target: str, values) -> tuple[list[int], dict, dict]:
    result, report = conversion(scheme(source), scheme(target)).apply(np.asarray(values, dtype=np.uint16))
    return result.tolist(), report.dropped, report.merged


@pytest.mark.parametrize(("source", "target"), list(itertools.product(scheme_names(), repeat=2)))
def test_what_a_conversion_keeps_under_its_own_name_comes_back_as_it_was(source, target):
    array = np.array([0, *scheme(source).values], dtype=np.uint16)
    there, report = conversion(scheme(source), scheme(target)).apply(array)
    assert sum(report.dropped.values()) == np.count_nonzero(array) - np.count_nonzero(there)
    kept = np.array([value in scheme(source) for value in array]) & (there > 0)
    for keys in report.merged.values():
        kept &= ~np.isin(array, [scheme(source).value_of(key) for key in keys])
    back, _ = conversion(scheme(target), scheme(source)).apply(np.where(kept, there, 0))
    assert np.array_equal(back[kept], array[kept])


@pytest.mark.parametrize("name", scheme_names())
def test_a_scheme_converts_to_itself_without_loss(name):
    values = list(scheme(name).values)
    assert convert(name, name, values) == (values, {}, {})


@pytest.mark.parametrize("target", ["spine", "totalspineseg", "spineps_vert", "tptbox"])
@pytest.mark.parametrize("source", ["spine", "totalspineseg", "spineps_vert", "tptbox"])
def test_the_usual_spine_travels_between_all_level_schemes_and_back(source, target):
    house = np.array([*USUAL_VERTEBRAE, *USUAL_DISCS, 50], dtype=np.uint8)
    array, first = conversion(scheme("spine"), scheme(source)).apply(house)
    there, second = conversion(scheme(source), scheme(target)).apply(array)
    back, third = conversion(scheme(target), scheme("spine")).apply(there)
    assert first.lossless
    assert second.lossless
    assert third.lossless
    assert np.array_equal(back, house)


def test_spineps_labelled_instances_become_totalspineseg_levels():
    # facts: vertebra v is v+10, v+13, v+21 by region; the disc below it 61+v, 71, 64+v, 91, 72+v, 100
    vertebrae = list(range(1, 27))
    vertebrae.remove(25)
    expected = [v + 10 if v <= 7 else v + 13 if v <= 19 else 50 if v == 26 else v + 21 for v in vertebrae]
    assert convert("spineps_vert", "totalspineseg", vertebrae) == (expected, {}, {})
    discs = [100 + v for v in range(2, 25)]
    expected = [*range(63, 68), 71, *range(72, 83), 91, *range(92, 96), 100]
    assert convert("spineps_vert", "totalspineseg", discs) == (expected, {}, {})


def test_four_lumbar_vertebrae_44_is_last_and_the_disc_below_it_is_100():
    assert convert("spineps_vert", "spine", [22, 122, 23, 123, 26]) == ([43, 94, 44, 100, 50], {}, {})
    assert convert("spine", "spineps_vert", [43, 94, 44, 100, 50]) == ([22, 122, 23, 123, 26], {}, {})


def test_an_image_that_ends_below_l4_keeps_the_disc_l4_l5():
    assert convert("spineps_vert", "spine", [22, 122, 23, 123]) == ([43, 94, 44, 95], {}, {})


def test_disc_124_is_l5_l6_where_l6_exists_and_the_lumbosacral_disc_elsewhere():
    assert convert("spineps_vert", "totalspineseg", [24, 124, 25, 125, 26]) == ([45, 96, 46, 100, 50], {}, {})
    assert convert("spineps_vert", "totalspineseg", [24, 124, 26]) == ([45, 100, 50], {}, {})
    assert convert("totalspineseg", "tptbox", [45, 96, 46, 100, 50]) == ([24, 124, 25, 125, 26], {}, {})


def test_t13_and_its_discs_keep_their_place_in_the_house_scheme():
    assert convert("spineps_vert", "spine", [19, 119, 28, 128, 20]) == ([32, 83, 33, 84, 41], {}, {})
    assert convert("spine", "tptbox", [32, 83, 33, 84, 41]) == ([19, 119, 28, 128, 20], {}, {})
    assert convert("spineps_vert", "spine", [19, 119, 20]) == ([32, 91, 41], {}, {})


def test_saving_t13_as_plain_totalspineseg_reports_what_is_lost():
    values, dropped, merged = convert("spine", "totalspineseg", [32, 83, 83, 83, 33, 33, 84, 41])
    assert values == [32, 0, 0, 0, 0, 0, 91, 41]
    assert dropped == {"vertebra_T13": 2, "disc_T12-T13": 3}
    assert merged == {"disc_T12-L1": ("disc_T13-L1",)}


def test_vertebrae_and_sacrum_become_one_in_totalspineseg_step_1():
    values, dropped, merged = convert("totalspineseg", "totalspineseg_step1", [11, 12, 41, 50, 71, 1, 2])
    assert (values, dropped) == ([11, 50, 50, 50, 71, 1, 2], {})
    assert merged == {"vertebra_or_sacrum": ("vertebra_C2", "vertebra_L1", "sacrum")}


def test_50_of_totalspineseg_step_1_never_becomes_the_sacrum():
    values, dropped, _ = convert("totalspineseg_step1", "spine", [50, 50, 100])
    assert (values, dropped) == ([0, 0, 100], {"vertebra_or_sacrum": 2})


@pytest.mark.parametrize("source", ["spine", "totalspineseg", "totalspineseg_step1"])
def test_the_canal_without_cord_is_never_renamed_to_the_whole_canal(source):
    assert convert(source, "canal", [2, 2, 1]) == ([0, 0, 0], {"cord": 1, "canal_without_cord": 2}, {})
    assert convert("canal", source, [1, 0, 1]) == ([0, 0, 0], {"canal_whole": 2}, {})
    assert convert("spineps_semantic", source, [60, 61]) == ([1, 2], {}, {})


def test_a_rootlet_value_never_turns_into_cord_or_a_spinal_level():
    assert convert("rootlets", "cord", [1, 2]) == ([0, 0], {"rootlets_C1": 1, "rootlets_C2": 1}, {})
    assert convert("rootlets", "spinal_levels", [3])[:2] == ([0], {"rootlets_C3": 1})
    assert convert("cord", "rootlets", [1]) == ([0], {"cord": 1}, {})


def test_parts_of_the_cord_join_to_the_cord():
    assert convert("gmwm", "cord", [1, 2]) == ([1, 1], {}, {"cord": ("gm", "wm")})
    assert convert("spinal_levels", "cord", [4]) == ([1], {}, {"cord": ("spinal_level_C4",)})


def test_sacral_segments_join_to_the_sacrum():
    assert convert("tptbox", "spine", [26, 29]) == ([50, 50], {}, {"sacrum": ("sacrum", "sacral_S2")})


def test_point_labels_are_no_discs():
    assert convert("sct_discs", "spine", [3, 25]) == ([0, 0], {"point_C2-C3": 1, "point_L-S": 1}, {})


def test_ordinal_instances_have_no_level():
    values, dropped, merged = convert("spineps_vert_ordinal", "spine", [2, 102, 26])
    assert (values, dropped, merged) == ([0, 0, 50], {"vertebra_instance_2": 1, "disc_instance_2": 1}, {})


def test_values_that_the_source_scheme_does_not_know_are_counted():
    values, dropped, _ = convert("spine", "totalspineseg", [11, 48, 48, 65535])
    assert (values, dropped) == ([11, 0, 0, 0], {"value 48": 2, "value 65535": 1})


def test_a_name_that_a_reader_would_misread_is_reported():
    # without sacrum, a TPTBox reader takes the disc below L4 for L4-L5
    assert convert("spine", "tptbox", [44, 100]) == ([23, 123], {}, {"disc_L4-L5": ("disc_L-S",)})


def test_a_map_of_fractions_is_refused():
    with pytest.raises(LabelError, match="whole numbers"):
        conversion(scheme("spine"), scheme("spine")).apply(np.array([0.5]))
    with pytest.raises(LabelError, match="whole numbers"):
        conversion(scheme("canal"), scheme("canal")).apply(np.array([True]))


def test_the_input_is_never_changed_nor_shared():
    array = np.array([11, 50], dtype=np.uint8)
    array.setflags(write=False)
    result, _ = conversion(scheme("spine"), scheme("spine")).apply(array)
    assert not np.shares_memory(result, array)


def test_an_empty_map_converts():
    result, report = conversion(scheme("spine"), scheme("tptbox")).apply(np.zeros((0, 4, 4), dtype=np.int16))
    assert result.shape == (0, 4, 4)
    assert report.lossless


def test_the_result_uses_the_smallest_type_that_holds_the_target():
    array = np.zeros((2, 2, 2), dtype=np.int64)
    assert conversion(scheme("tptbox"), scheme("spine")).apply(array)[0].dtype == np.uint8
    assert conversion(scheme("spine"), scheme("tptbox")).apply(array)[0].dtype == np.uint8


def test_a_disc_without_its_vertebra_keeps_its_name_between_schemes_that_name_discs_alike():
    assert convert("tptbox", "spineps_vert", [125]) == ([125], {}, {})


DTYPES = st.sampled_from([np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])


@st.composite
def label_maps(draw):
    source, target = draw(st.sampled_from(scheme_names())), draw(st.sampled_from(scheme_names()))
    dtype = draw(DTYPES)
    limits = np.iinfo(dtype)
    known = st.sampled_from([value for value in scheme(source).values if value <= limits.max] or [0])
    strange = st.integers(int(limits.min), int(limits.max))
    shape = draw(st.tuples(*[st.integers(0, 4)] * 3))
    size = int(np.prod(shape))
    values = draw(st.lists(st.one_of(st.just(0), known, strange), min_size=size, max_size=size))
    return source, target, np.array(values, dtype=dtype).reshape(shape, order=draw(st.sampled_from("CF")))


@settings(max_examples=150, deadline=None)
@given(label_maps())
def test_for_any_map_each_voxel_is_kept_or_counted(case):
    source, target, array = case
    before = array.copy()
    result, report = conversion(scheme(source), scheme(target)).apply(array)
    assert np.array_equal(array, before)
    assert result.shape == array.shape
    assert not result[array == 0].any()
    assert {int(v) for v in np.unique(result)} <= {0, *scheme(target).values}
    assert sum(report.dropped.values()) == np.count_nonzero(array) - np.count_nonzero(result)
    for value in np.unique(array):
        assert len(np.unique(result[array == value])) <= 1
    if not report.merged:
        back, _ = conversion(scheme(target), scheme(source)).apply(result)
        assert np.array_equal(back[result > 0], array[result > 0])
