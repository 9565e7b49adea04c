"""rank, as a user runs it: the likeliest wrong mask first, with the reason, in the table and in the worklist."""

import numpy as np
import pytest

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.imaging import Image, read_labels, write_image, write_labels
from SpineGTRefineLib.learning.opinions import opinion_path
from SpineGTRefineLib.learning.ranking import disagreement_of_models
from SpineGTRefineLib.review.worklist import Worklist

KIND = mask_type("spine")


@pytest.fixture
def predictions(dataset, tmp_path):
    """A folder in which a model agrees with every mask of the dataset."""
    opened = Dataset.open(dataset)
    for case in opened.cases():
        write_labels(tmp_path / "model" / f"{case.key}.nii.gz", load_mask(opened, case, KIND))
    return tmp_path / "model"


def test_the_mask_that_lost_a_vertebra_is_first_in_the_table_and_in_the_worklist(program, dataset, predictions, save):
    save("sub-02_T2w", status="proposed", without="vertebra_L3")
    done = program("rank", dataset, "--against", f"M1={predictions}", "--random", "0", "--json")
    assert done.code == 0, done.err
    first, *_ = done.json["rows"]
    assert first["case"] == "sub-02_T2w"
    assert first["slice"]
    todo = Worklist(Dataset.open(dataset), "AB", [KIND]).first_to_do()
    assert (todo.case.key, todo.reason) == (first["case"], first["reason"])
    assert "sub-02_T2w" in program("rank", dataset, "--against", predictions).out


@pytest.mark.parametrize(
    ("opinion", "word"), [("uncertainty", "unsure"), ("flip_disagreement", "mirrored")], ids=["doubt", "mirror"]
)
def test_where_the_model_was_unsure_counts_though_it_drew_the_same(program, dataset, predictions, opinion, word):
    for case in Dataset.open(dataset).cases():
        mask = load_mask(Dataset.open(dataset), case, KIND)
        unsure = mask.array == mask.scheme.value_of("vertebra_L2") if case.key == "sub-02_T2w" else mask.array < 0
        path = opinion_path(predictions / f"{case.key}.nii.gz", opinion)
        write_image(path, Image(unsure.astype(np.float32), mask.geometry))
    done = program("rank", dataset, "--against", predictions, "--random", "0", "--json")
    assert done.code == 0, done.err
    first, *_ = done.json["rows"]
    assert (first["case"], first["structure"]) == ("sub-02_T2w", "vertebra_L2")
    assert word in first["reason"]


def test_where_two_models_differ_from_each_other_counts(program, dataset, predictions, tmp_path):
    """Both differ from the mask as usual, and of one case they do not make the same."""
    other = tmp_path / "other"
    for case in Dataset.open(dataset).cases():
        mask = load_mask(Dataset.open(dataset), case, KIND)
        lacks = mask.scheme.value_of("vertebra_L2") if case.key == "sub-02_T2w" else 0
        write_labels(other / f"{case.key}.nii.gz", mask.with_array(np.where(mask.array == lacks, 0, mask.array)))
    done = program(
        "rank", dataset, "--against", f"M1={predictions}", "--against", f"M2={other}", "--random", "0", "--json"
    )
    first, *_ = done.json["rows"]
    assert (first["case"], first["structure"]) == ("sub-02_T2w", "vertebra_L2")
    findings = disagreement_of_models(
        {name: _read(folder, "sub-02_T2w") for name, folder in (("M1", predictions), ("M2", other))}
    )
    [loud] = [finding for finding in findings if finding.value]
    assert (loud.signal, loud.value) == ("M1 against M2", 1)
    assert "M1 and M2 disagree about L2 vertebra" in loud.text


def _read(folder, case):
    return read_labels(folder / f"{case}.nii.gz", KIND.scheme)


def test_a_damaged_prediction_fails_its_case_alone_and_a_wrong_folder_is_said(program, dataset, predictions):
    (predictions / "sub-01_T2w.nii.gz").write_bytes(b"not a mask")
    done = program("rank", dataset, "--against", predictions, "--json")
    assert done.code == 3
    assert [failure["case"] for failure in done.json["failures"]] == ["sub-01_T2w"]
    assert [row["case"] for row in done.json["rows"]] == ["sub-02_T2w"]
    assert program("rank", dataset, "--against", predictions / "nothing").code == 2
    assert program("rank", dataset, "--against", predictions, "--against", predictions).code == 2


@pytest.mark.parametrize(
    "words", [("--seed", "-1"), ("--random", "1.5"), ("--mask", "skull"), ("--against", "nowhere")]
)
def test_what_rank_cannot_use_is_refused_as_a_usage_error(program, dataset, words):
    refused = program("rank", dataset, *words)
    assert refused.code == 2, refused.err
    assert "Unexpected" not in refused.err
