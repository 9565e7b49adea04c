"""Nothing is called better without proof, nor while a structure gets worse."""

import json

import pytest

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.learning.evaluation import CaseMetrics, StructureMetrics, compare_paired

L1, L2 = "vertebra_L1", "vertebra_L2"


def case(name, **dice):
    entries = tuple(
        StructureMetrics(key, key, "vertebra", n, value, value, None if value == 0 else 1.0, 1.0, 1.0, 1.0)
        for n, (key, value) in enumerate(dice.items(), start=1)
    )
    return CaseMetrics(name, 1.0, entries)


def people(count, first, second=0.8, session=""):
    return [case(f"sub-{n:02d}{session}_T2w", **{L1: first + n / 1000, L2: second}) for n in range(count)]


def test_a_clear_gain_for_everybody_is_better_and_the_other_way_round_worse():
    old, new = people(10, 0.7), people(10, 0.8)
    result = compare_paired(old, new)
    assert (result.verdict, result.overall.people) == ("better", 10)
    assert result.overall.gain == pytest.approx(0.05)
    assert result.overall.p_value == pytest.approx(2 / 2**10)
    assert compare_paired(new, old).verdict == "worse"
    json.dumps(result.as_dict(), allow_nan=False)


def test_nothing_is_better_while_a_structure_drops_beyond_the_margin():
    old, new = people(10, 0.5, 0.8), people(10, 0.9, 0.75)
    result = compare_paired(old, new)
    assert (result.verdict, result.dropped) == ("mixed", (L2,))
    assert "L2 vertebra" in result.reason
    assert compare_paired(old, new, margin=0.06).verdict == "better"
    for margin in (-0.01, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="margin of 0 or more"):
            compare_paired(old, new, margin=margin)


def test_too_few_people_prove_nothing_and_scans_of_one_person_are_one_witness():
    assert compare_paired(people(5, 0.7), people(5, 0.9)).verdict == "undecided"
    old = [entry for s in ("_ses-1", "_ses-2", "_ses-3") for entry in people(3, 0.7, session=s)]
    new = [entry for s in ("_ses-1", "_ses-2", "_ses-3") for entry in people(3, 0.9, session=s)]
    result = compare_paired(old, new)
    assert (result.overall.people, result.overall.cases, result.verdict) == (3, 9, "undecided")


def test_no_difference_is_no_difference():
    result = compare_paired(people(8, 0.7), people(8, 0.7))
    assert (result.verdict, result.overall.p_value, result.overall.interval) == ("undecided", 1.0, (0.0, 0.0))


def test_cases_are_paired_by_name_and_must_be_the_same():
    old, new = people(8, 0.7), people(8, 0.8)
    assert compare_paired(old, new[::-1]).overall == compare_paired(old, new).overall
    with pytest.raises(UsageError, match="sub-07_T2w"):
        compare_paired(old, new[:-1])
    with pytest.raises(UsageError, match="twice"):
        compare_paired([*old, old[0]], new)
    with pytest.raises(UsageError):
        compare_paired([], [])


def test_a_structure_that_one_of_them_rightly_leaves_out_counts_for_it():
    old = [case(f"sub-{n}", **{L1: 0.8, L2: 0.0}) for n in range(8)]  # an extra level that nobody has
    new = [case(f"sub-{n}", **{L1: 0.8}) for n in range(8)]
    result = compare_paired(old, new)
    assert result.overall.gain == pytest.approx(0.5)


def test_less_is_better_for_distances_and_only_where_both_have_one():
    old, new = people(8, 0.7), people(8, 0.0)
    result = compare_paired(old, new, metric="hd95_mm")
    assert [entry.key for entry in result.structures] == [L1, L2]
    (first, _) = result.structures
    assert first.difference.cases == 7  # the first person's structure has no distance in the second


def test_the_same_seed_gives_the_same_interval():
    old, new = (
        people(9, 0.7),
        [case(entry.name, **{L1: 0.72 + n % 3 / 50, L2: 0.8}) for n, entry in enumerate(people(9, 0))],
    )
    assert compare_paired(old, new, seed=4) == compare_paired(old, new, seed=4)
    low, high = compare_paired(old, new, seed=4).overall.interval
    assert low < compare_paired(old, new).overall.gain < high
