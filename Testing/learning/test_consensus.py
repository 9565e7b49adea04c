"""Raters count alike, every level that anybody drew counts, and no voxel gets a level that nobody drew there."""

import numpy as np
import pytest
import SimpleITK
from small_masks import label_map, random_labels

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, LabelError, UsageError
from SpineGTRefineLib.imaging import read_labels, reorient
from SpineGTRefineLib.learning.consensus import CERTAINTY, consensus, count_votes, rater_agreement
from SpineGTRefineLib.learning.consensus.cases import consensus_name
from SpineGTRefineLib.learning.consensus.staple import estimate_level


def rows(*columns):
    """Masks of one row of voxels, from what each rater gave."""
    return {
        f"rater{n}": label_map(np.array(given, np.uint8).reshape(-1, 1, 1), "rootlets")
        for n, given in enumerate(columns, start=1)
    }


def noisy_raters(seed, count=4):
    rng = np.random.default_rng(seed)
    truth = np.zeros((12, 14, 16), np.uint8)
    truth[3:8, 3:9, 2:6], truth[4:9, 4:10, 8:13] = 3, 4
    masks = {}
    for n in range(count):
        array = np.roll(truth, rng.integers(-1, 2, 3), (0, 1, 2))
        array[rng.random(array.shape) < 0.02 * n] = 5
        masks[f"rater{n}"] = label_map(array, "rootlets")
    return masks


def plain_staple(masks):
    best = np.full(next(iter(masks.values())).array.shape, CERTAINTY)
    result = np.zeros(best.shape, np.uint8)
    for level in sorted({value for mask in masks.values() for value in mask.values()}):
        images = [SimpleITK.GetImageFromArray((mask.array == level).astype(np.uint8)) for mask in masks.values()]
        probability = SimpleITK.GetArrayFromImage(SimpleITK.STAPLE(images, 1.0))
        result[probability > best] = level
        best = np.maximum(best, probability)
    return result


@pytest.mark.parametrize("seed", [0, 2])
def test_staple_gives_the_voxels_and_probabilities_of_itk(seed):
    masks = noisy_raters(seed)
    assert np.array_equal(consensus(masks).labels.array, plain_staple(masks))
    votes = count_votes(masks)
    images = [SimpleITK.GetImageFromArray((mask.array == 3).astype(np.uint8)) for mask in masks.values()]
    probability = SimpleITK.GetArrayFromImage(SimpleITK.STAPLE(images, 1.0)).ravel()[votes.voxels]
    assert np.allclose(estimate_level(votes, 3).probability[votes.pattern_of], probability, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_majority_is_that_of_itk_where_nobody_is_tied(seed):
    masks = noisy_raters(seed, count=5)
    images = [SimpleITK.GetImageFromArray(mask.array) for mask in masks.values()]
    voted = SimpleITK.GetArrayFromImage(SimpleITK.LabelVoting(images, 255))
    ours = consensus(masks, "majority").labels.array
    assert np.array_equal(ours[voted != 255], voted[voted != 255])


def test_two_levels_on_one_voxel_never_make_a_third():
    masks = rows([2, 2, 3, 0], [3, 2, 3, 0], [2, 3, 3, 0], [3, 3, 3, 0])
    for method in ("staple", "majority"):
        result = consensus(masks, method, certainty=0.2) if method == "staple" else consensus(masks, method)
        assert set(result.labels.values()) <= {2, 3}
    tied = consensus(masks, "majority")
    assert tied.labels.array.ravel().tolist() == [2, 2, 3, 0]  # 2 against 2: the one nearer to the head
    assert tied.contested_voxels == 2


def test_a_tie_with_the_background_stays_free():
    assert consensus(rows([2], [2], [0], [0]), "majority").labels.values() == ()
    assert consensus(rows([2], [3], [0]), "majority").labels.values() == ()
    assert consensus(rows([2], [2], [3], [0]), "majority").labels.values() == (2,)


def test_levels_that_the_first_rater_lacks_are_not_forgotten():
    masks = rows([0, 0, 0, 0, 2], [6, 6, 0, 0, 2], [6, 6, 0, 0, 2], [6, 6, 0, 0, 2])
    for method in ("staple", "majority"):
        assert consensus(masks, method).labels.array.ravel().tolist() == [6, 6, 0, 0, 2]


@pytest.mark.parametrize("seed", range(6))
def test_every_voxel_holds_what_somebody_drew_there(seed):
    rng = np.random.default_rng(seed)
    like = random_labels(seed, count=4)
    masks = {f"r{n}": label_map(rng.permuted(like, axis=0), "rootlets") for n in range(3)}
    drawn = np.stack([mask.array for mask in masks.values()])
    for method in ("staple", "majority"):
        found = consensus(masks, method, certainty=0.0).labels.array
        assert ((found == 0) | (drawn == found).any(axis=0)).all()


def test_the_order_and_the_storage_of_the_masks_do_not_matter():
    masks = noisy_raters(2)
    expected = consensus(masks).labels
    assert np.array_equal(consensus(dict(reversed(masks.items()))).labels.array, expected.array)
    turned = {name: reorient(mask, "PIL") for name, mask in masks.items()}
    assert np.array_equal(reorient(consensus(turned).labels, expected.geometry.axcodes).array, expected.array)


def test_the_sloppiest_rater_is_found_out():
    entries = consensus(noisy_raters(1)).reliability
    worst = min((entry for entry in entries if entry.level == "rootlets_C3"), key=lambda entry: entry.sensitivity)
    assert 0 <= worst.sensitivity < 1
    assert {entry.rater for entry in entries} == {"rater0", "rater1", "rater2", "rater3"}


def test_nothing_drawn_gives_an_empty_mask():
    empty = rows([0, 0], [0, 0])
    for method in ("staple", "majority"):
        assert consensus(empty, method).labels.values() == ()
    assert rater_agreement(empty).dice == ((None, None), (None, None))


def test_masks_that_do_not_fit_together_are_refused():
    masks = rows([2, 0], [2, 0])
    with pytest.raises(UsageError, match="two raters"):
        consensus(dict(list(masks.items())[:1]))
    with pytest.raises(UsageError):
        consensus(masks, "mean")
    with pytest.raises(UsageError):
        consensus(masks, certainty=1.0)
    with pytest.raises(LabelError):
        consensus({**masks, "x": label_map(masks["rater1"].array, "spinal_levels")})
    with pytest.raises(LabelError, match="99"):
        consensus(rows([99, 0], [2, 0]))
    with pytest.raises(GeometryError):
        consensus({**masks, "x": label_map(masks["rater1"].array, "rootlets", spacing=(2, 1, 1))})


def test_raters_agree_as_counted_by_hand():
    agreement = rater_agreement(rows([2, 2, 0, 5], [2, 0, 0, 5], [0, 0, 0, 0]))
    assert agreement.dice_of["rootlets_C2"][0][1] == pytest.approx(2 / 3)
    assert agreement.dice[0][1] == pytest.approx((2 / 3 + 1) / 2)
    assert agreement.dice[0][2] == 0.0
    assert agreement.dice[2][2] is None  # drew nothing
    assert agreement.dice == tuple(zip(*agreement.dice, strict=True))


def test_slices_agree_as_counted_by_hand():
    one, other = np.zeros((2, 2, 6), np.uint8), np.zeros((2, 2, 6), np.uint8)
    one[0, 0, 1:4], other[1, 1, 2:6] = 4, 4
    agreement = rater_agreement({"a": label_map(one, "rootlets"), "b": label_map(other, "rootlets")})
    assert agreement.z_f1[0][1] == pytest.approx(2 * 2 / 7)
    assert agreement.dice[0][1] == 0.0


@pytest.mark.parametrize(
    ("rater", "name"),
    [
        ("sub-01_T2w_label-rootlets_desc-anna_dseg.nii.gz", "sub-01_T2w_label-rootlets_desc-staple_dseg.nii.gz"),
        ("sub-01_T2w_label-rootlet_rater1.nii.gz", "sub-01_T2w_label-rootlet_desc-staple.nii.gz"),
        ("rater1.nii.gz", "desc-staple.nii.gz"),
        ("what is this.nii.gz", "consensus_desc-staple.nii.gz"),
    ],
)
def test_the_consensus_is_named_after_the_case(rater, name):
    assert consensus_name(rater, "staple") == name


def test_the_reference_raters_give_no_level_beyond_those_drawn(shared_data):
    files = sorted((shared_data / "rootlets").glob("rater*.nii.gz"))
    votes = count_votes({file.name: read_labels(file, scheme("rootlets")) for file in files})
    for method in ("staple", "majority"):
        assert consensus(votes, method).labels.values() == (2, 3, 4, 5, 6, 7, 8, 9)
