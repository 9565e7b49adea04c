"""``raters``: who has done what, and whether raters see each other's masks."""

import pytest

from SpineGTRefineLib.bids import Dataset, mask_type
from SpineGTRefineLib.bids.tracks import is_released
from SpineGTRefineLib.review.session import ReviewSession


@pytest.fixture
def desc_of(dataset):
    """The ``desc-`` of the mask that a rater would write who opens the dataset now."""

    def asked(rater):
        session = ReviewSession(Dataset.open(dataset), rater, [mask_type("spine")])
        session.end()
        return session.track.desc

    return asked


def test_raters_share_a_mask_until_the_dataset_says_otherwise(program, dataset, desc_of):
    assert "share one mask" in program("raters", dataset).out
    assert desc_of("ab") == desc_of("cd")
    assert program("raters", dataset, "--mode", "independent", "--json").json["mode"] == "independent"
    assert (desc_of("ab"), desc_of("cd")) == ("ab", "cd")
    program("raters", dataset, "--mode", "single")
    assert desc_of("ab") == desc_of("cd")


def test_each_rater_is_shown_with_what_they_did(program, dataset, save):
    save("sub-01_T2w", without="vertebra_L2", rater="ab")
    outcome = program("raters", dataset, "--json")
    assert outcome.json["raters"] == {"ab": {"corrected": 1}}
    assert "ab" in program("raters", dataset).out


def test_masks_of_a_case_are_released_by_its_name(program, dataset):
    output = Dataset.open(dataset).output
    assert program("raters", dataset, "--release", "sub-01_T2w", "--mask", "spine", "--rater", "ab").code == 0
    assert is_released(output, "sub-01_T2w", "spine")
    assert not is_released(output, "sub-01_T2w", "canal")
    refused = program("raters", dataset, "--release", "sub-99_T2w", "--mode", "independent")
    assert refused.code == 2
    assert program("raters", dataset, "--json").json["mode"] == "single"
