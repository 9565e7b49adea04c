from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from SpineGTRefineLib.refine.assignment import Evidence, Match, assign_in_order


def evidence(shared, instances=None, levels=None, **rules):
    shared = np.asarray(shared)
    sizes = shared.sum(axis=1) if instances is None else np.asarray(instances)
    return Evidence(shared, sizes, shared.sum(axis=0) if levels is None else np.asarray(levels), **rules)


def test_each_instance_takes_its_level():
    matches = assign_in_order(evidence(np.diag([50, 60, 70])))
    assert matches == (Match((0,), (0,)), Match((1,), (1,)), Match((2,), (2,)))


def test_the_best_partner_wins_not_the_first_that_is_good_enough():
    shared = [[55, 45], [0, 50]]
    matches = assign_in_order(evidence(shared, instances=[100, 60], levels=[60, 100], may_span=lambda *_: False))
    assert matches == (Match((0,), (0,)), Match((1,), (1,)))


def test_a_swap_of_names_is_not_followed():
    matches = assign_in_order(evidence([[0, 50], [50, 0]]))
    assert len(matches) == 1


def test_two_fragments_share_a_level_and_one_merged_instance_takes_two():
    assert assign_in_order(evidence([[50], [50]])) == (Match((0, 1), (0,)),)
    assert assign_in_order(evidence([[50, 50]])) == (Match((0,), (0, 1)),)


def test_two_whole_vertebrae_never_share_a_level():
    matches = assign_in_order(evidence([[50], [50]], may_join=lambda *_: False))
    assert len(matches) == 1
    assert len(matches[0].instances) == 1


def test_a_leak_into_the_neighbour_is_no_evidence():
    assert assign_in_order(evidence([[0, 3]], instances=[100], levels=[100, 100])) == ()


@given(hnp.arrays(np.int64, st.tuples(st.integers(0, 6), st.integers(0, 6)), elements=st.integers(0, 50)))
def test_order_holds_and_nothing_is_used_twice(shared):
    matches = assign_in_order(evidence(shared, shared.sum(axis=1) + 1, shared.sum(axis=0) + 1))
    used_instances = [i for match in matches for i in match.instances]
    used_levels = [j for match in matches for j in match.levels]
    assert used_instances == sorted(set(used_instances))
    assert used_levels == sorted(set(used_levels))
    assert all(len(match.instances) == 1 or len(match.levels) == 1 for match in matches)


@given(hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 50)))
def test_no_other_order_preserving_choice_of_pairs_scores_higher(shared):
    rules = {"may_join": lambda *_: False, "may_span": lambda *_: False}
    facts = evidence(shared, shared.sum(axis=1) + 1, shared.sum(axis=0) + 1, **rules)
    found = sum(facts.score(match) for match in assign_in_order(facts))
    best = 0.0
    for levels in product([None, 0, 1, 2], repeat=3):
        chosen = [(i, j) for i, j in enumerate(levels) if j is not None]
        scores = [facts.score(Match((i,), (j,))) for i, j in chosen]
        in_order = all(a[1] < b[1] for a, b in pairwise(chosen))
        if in_order and None not in scores:
            best = max(best, sum(scores))
    assert abs(found - best) < 1e-9
