"""The ranking puts masks with errors first, says why and where, and keeps itself honest with random places."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from spoilt import healthy, pairs, spoil

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.bids.ranking import RankedMask, ranking_path, read_ranking
from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.errors import InputError, UsageError
from SpineGTRefineLib.imaging import Box, crop, read_image, reorient, write_labels
from SpineGTRefineLib.learning.ranking import Evidence, Finding, boundary_findings, disagreement, rank, rule_findings
from SpineGTRefineLib.learning.ranking.dataset import Predictions, rank_dataset, save_ranking
from SpineGTRefineLib.phantoms import make_dataset
from SpineGTRefineLib.review.worklist import Worklist

LEVEL_ERRORS = ("level shift", "drop", "swap")


def evidence_of(cases):
    return [
        Evidence(
            case.name,
            "spine",
            rule_findings(check_labels(case.mask)) + disagreement(case.mask, case.model, "the model"),
        )
        for case in cases
    ]


def recall_in_the_first_fifth(cases, **how):
    """Found errors among the first 20 % of places, of those that could be found there."""
    first = [row.case for row in rank(evidence_of(cases), **how)][: round(0.2 * len(cases))]
    wrong = {case.name for case in cases if case.error}
    return len(wrong & set(first)) / min(len(wrong), len(first))


@pytest.mark.slow
@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.6])
def test_four_of_five_level_errors_are_in_the_first_fifth(prevalence):
    assert recall_in_the_first_fifth(pairs(40, prevalence, LEVEL_ERRORS, seed=1)) >= 0.8


@pytest.mark.slow
def test_masks_that_are_two_voxels_too_thick_are_found_twice_as_often_as_by_chance():
    assert recall_in_the_first_fifth(pairs(40, 0.2, ("dilation",), seed=1)) >= 2 * 0.2


def test_the_reason_names_the_level_and_the_slice_and_what_the_model_calls_it():
    truth = healthy(50_000)
    swapped = spoil(truth, "swap", np.random.default_rng(3))
    changed = {int(value) for value in np.unique(truth.array[truth.array != swapped.array])}
    found = [finding for finding in disagreement(swapped, truth, "the model") if finding.value == 1]
    assert {finding.structure for finding in found} == {truth.scheme[value].structure.key for value in changed}
    for finding in found:
        own = swapped.scheme.value_of(finding.structure)
        called = truth.array[swapped.array == own][0]
        assert f"the model calls {swapped.scheme[own].name} {truth.scheme[int(called)].name}" in finding.text
        axis, index = map(int, finding.slice.split(":"))
        assert np.take(swapped.array == own, index, axis).any()


def test_a_level_that_only_one_of_them_draws_is_said_to_be_missing():
    truth = healthy(50_001)
    dropped = spoil(truth, "drop", np.random.default_rng(0))
    [finding] = [finding for finding in disagreement(dropped, truth, "the model") if finding.value == 1]
    assert finding.text.startswith("the model finds")
    [other] = [finding for finding in disagreement(truth, dropped, "the model") if finding.value == 1]
    assert other.text.startswith("the model finds no ")


def test_the_storage_order_of_a_prediction_makes_no_difference():
    mask = healthy(50_002)
    assert {finding.value for finding in disagreement(mask, reorient(mask, "PIL"), "the model")} == {0.0}


def finding(value, *, signal="the model", structure="vertebra_L1", certain=False):
    return Finding(signal, structure, value, f"{structure} {value}", certain=certain)


def test_what_is_usual_for_a_structure_is_no_reason_to_look():
    thin = [Evidence(f"thin-{n}", "spine", (finding(0.4, structure="disc_L1-L2"), finding(0.05))) for n in range(20)]
    odd = Evidence("odd", "spine", (finding(0.4, structure="disc_L1-L2"), finding(0.25)))
    [first, *_] = rank([*thin, odd], random_share=0)
    assert (first.case, first.structure) == ("odd", "vertebra_L1")


def test_a_broken_rule_of_anatomy_comes_before_any_disagreement():
    broken = Evidence("broken", "spine", (finding(1.0, signal="rules", certain=True),))
    loud = Evidence("loud", "spine", (finding(0.9),))
    calm = [Evidence(f"calm-{n}", "spine", (finding(0.05),)) for n in range(9)]
    assert [row.case for row in rank([*calm, loud, broken], random_share=0)][:2] == ["broken", "loud"]


def test_every_mask_is_ranked_once_and_the_random_places_are_said_and_repeatable():
    cases = [Evidence(f"sub-{n:02d}", "spine", (finding(n / 40),)) for n in range(40)]
    rows = rank(cases, random_share=0.2, seed=4)
    assert sorted(row.case for row in rows) == sorted(entry.case for entry in cases)
    assert [row.risk for row in rows] == sorted((row.risk for row in rows), reverse=True)
    assert sum(row.reason.startswith("random check") for row in rows) == 8
    assert rows == rank(cases, random_share=0.2, seed=4)
    assert rows != rank(cases, random_share=0.2, seed=5)
    with pytest.raises(UsageError, match="from 0 to 1"):
        rank(cases, random_share=1.5)


def test_sites_and_contrasts_alternate_among_equally_suspicious_masks():
    cases = [Evidence(f"{site}{n}", "spine", (finding(0.5),), group=site) for site in "AB" for n in range(5)]
    assert [row.case[0] for row in rank(cases, random_share=0)] == list("AB" * 5)


def test_doubt_is_read_along_the_border_whatever_the_field_of_view():
    mask = healthy(50_000)
    key, value = "vertebra_L2", mask.scheme.value_of("vertebra_L2")
    doubt = np.where(mask.array == value, 0.9, 0.0).astype(np.float32)
    found = {entry.structure: entry.value for entry in boundary_findings(mask, doubt, "doubt")}
    assert max(found, key=found.get) == key
    box = Box.around(mask.array, margin=4)
    closer = boundary_findings(crop(mask, box), doubt[box.slices], "doubt")
    assert {entry.structure: entry.value for entry in closer} == found


def test_only_errors_are_certain_and_remarks_count_nothing():
    problems = check_labels(spoil(healthy(50_001), "drop", np.random.default_rng(0)))
    found = rule_findings(problems)
    assert len(found) == sum(problem.severity != "info" for problem in problems)
    assert sum(entry.certain for entry in found) == sum(problem.severity == "error" for problem in problems)


@pytest.mark.slow
def test_the_worklist_opens_the_mask_that_disagrees_most_first(tmp_path):
    made = make_dataset(tmp_path / "bids")
    dataset, kind, folder = Dataset.open(made.root), mask_type("spine"), tmp_path / "validation"
    folder.mkdir()
    names = [case.key for case in dataset.cases() if case.masks_of(kind)]
    for case in dataset.cases():
        if case.key not in names:
            continue
        labels = load_mask(dataset, case, kind)
        write_labels(folder / f"{case.key}.nii.gz", labels)
        if case.key == names[-1]:
            vertebra = next(e for e in labels.scheme.of_kind("vertebra") if (labels.array == e.value).any())
            gone = labels.with_array(np.where(labels.array == vertebra.value, 0, labels.array))
            save_mask(dataset, case, kind, gone, image=read_image(case.image), status="proposed")
    dataset = dataset.reopened()
    ranking = rank_dataset(dataset, kind, [Predictions("the model", folder)], random_share=0)
    assert not ranking.failures
    assert not ranking.unseen
    path = save_ranking(dataset, ranking.rows)
    assert path == ranking_path(dataset.output)
    first = min(read_ranking(path).values(), key=lambda row: -row.risk)
    assert first.case == names[-1]
    first = Worklist(dataset, "CD", [kind]).first_to_do()
    assert first.case.key == names[-1]
    assert first.reason


def test_rankings_of_two_kinds_at_the_same_time_both_stay(tmp_path):
    kinds = ("spine", "canal", "cord", "sacrum")
    together = threading.Barrier(len(kinds))

    def save(kind):
        together.wait()
        save_ranking(SimpleNamespace(output=tmp_path), [RankedMask("sub-01_T2w", kind, 1.0)])

    with ThreadPoolExecutor(len(kinds)) as pool:
        list(pool.map(save, kinds))
    assert {kind for _, kind in read_ranking(ranking_path(tmp_path))} == set(kinds)


@pytest.mark.slow
def test_two_files_for_one_case_are_refused_not_guessed(tmp_path):
    made = make_dataset(tmp_path / "bids")
    case = Dataset.open(made.root).cases()[0]
    for name in ("a", "b"):
        (tmp_path / "model" / name).mkdir(parents=True)
        (tmp_path / "model" / name / f"{case.key}.nii.gz").touch()
    with pytest.raises(InputError, match="2 files"):
        Predictions("m", tmp_path / "model").of(case)
    assert Predictions("m", tmp_path / "model" / "a").of(case) is not None


@pytest.mark.slow
def test_a_prediction_that_cannot_be_read_leaves_the_others_ranked(tmp_path):
    made = make_dataset(tmp_path / "bids")
    dataset, kind, folder = Dataset.open(made.root), mask_type("spine"), tmp_path / "model"
    folder.mkdir()
    case = next(case for case in dataset.cases() if case.masks_of(kind))
    (folder / f"{case.key}.nii.gz").write_bytes(b"not a mask")
    ranking = rank_dataset(dataset, kind, [Predictions("m", folder)])
    assert [key for key, _ in ranking.failures] == [case.key]
    assert case.key not in {row.case for row in ranking.rows}
    assert set(ranking.unseen) == {row.case for row in ranking.rows}
