"""Beyond labels: probabilities, doubt, and whether a mirror changes the network's mind."""

from dataclasses import replace

import numpy as np
import pytest

from SpineGTRefineLib.imaging import Box, reorient
from SpineGTRefineLib.models import load_model, predict, resampling, soft

SOFT = {"probabilities", "uncertainty", "flip_disagreement"}


@pytest.fixture
def loaded(nnunet, store, tiny_model):
    return load_model(store.install_own(tiny_model, name="tiny"))


def counting(loaded, **options):
    """Predict, and count how many tiles the network computed."""
    predict([options["images"][0]], loaded, device="cpu")  # makes the network ready
    ((key, ((runner,), notes)),) = loaded.runners.items()
    seen = []

    def run(tiles):
        seen.append(len(tiles))
        return runner.run(tiles)

    loaded.runners[key] = ((replace(runner, run=run),), notes)
    said = predict(**options, model=loaded, device="cpu")
    loaded.runners[key] = ((runner,), notes)
    return said, sum(seen)


def test_soft_results_lie_on_the_images_grid_and_leave_the_labels_as_they_are(loaded, blobs):
    plain = predict([blobs], loaded, device="cpu")
    assert plain.probabilities is plain.uncertainty is plain.flip_disagreement is None
    said = predict([blobs], loaded, device="cpu", outputs=SOFT)
    assert np.array_equal(plain.labels.array, said.labels.array)
    assert said.channel_names == ("background", "a", "b")
    assert said.probabilities.shape == (3, *blobs.array.shape)
    assert np.allclose(said.probabilities.sum(axis=0), 1, atol=1e-4)
    assert np.array_equal(said.probabilities.argmax(axis=0), said.labels.array)
    for values in (said.uncertainty, said.flip_disagreement):
        assert values.shape == blobs.array.shape
        assert values.dtype == np.float32
        assert 0 <= values.min() < values.max() <= 1
    sure = said.probabilities.max(axis=0)
    assert said.uncertainty[sure > 0.8].mean() < said.uncertainty[sure < 0.4].mean()


def test_a_single_output_needs_no_list_around_it(loaded, blobs):
    said = predict([blobs], loaded, device="cpu", outputs="uncertainty")
    assert said.uncertainty.max() > 0
    assert said.probabilities is None


@pytest.mark.parametrize("regions", [False, True])
@pytest.mark.parametrize(("source", "shape", "thick"), [((13, 17, 11), (19, 31, 16), None), ((7, 9, 8), (15, 6, 8), 0)])
def test_probabilities_are_those_of_nnunet(nnunet, source, shape, thick, regions):
    import torch
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg

    logits = np.random.default_rng(1).normal(size=(4, *source)).astype(np.float16)
    mixed = torch.from_numpy(resample_data_or_seg(logits, shape, False, thick, 1, thick is not None, 0)).float()
    expected = torch.sigmoid(mixed) if regions else torch.softmax(mixed, 0)
    found = np.zeros((4, *shape), dtype=np.float32)
    axes = resampling.resampling_axes(source, shape, thick)
    soft.write_likelihoods(torch.from_numpy(logits), axes, found, regions=regions)
    assert np.abs(found - expected.numpy()).max() < 1e-3


def test_doubt_is_0_where_the_network_is_sure_and_1_where_it_has_no_idea(nnunet):
    import torch

    sure, torn, none = (50.0, 0, 0, 0), (9.0, 9, -90, -90), (1.0, 1, 1, 1)
    doubt = soft.entropy(torch.tensor([sure, torn, none]).T, regions=False)
    assert doubt.tolist() == pytest.approx([0, 0.5, 1], abs=1e-6)
    regions = soft.entropy(torch.tensor([[50.0, 50], [-50, 0], [50, -50]]), regions=True)
    assert regions.tolist() == pytest.approx([0, 1], abs=1e-6)


def test_two_opinions_are_1_apart_where_each_is_sure_of_something_else(nnunet):
    import torch

    one, other = torch.tensor([[50.0, 50, 0], [0, 0, 0]]), torch.tensor([[50.0, 0, 0], [0, 50, 50]])
    assert soft.distance(one, other, regions=False).tolist() == pytest.approx([0, 1, 0.5], abs=1e-6)
    assert soft.distance(one, other, regions=True).tolist() == pytest.approx([0, 0.5, 0.5], abs=1e-6)


def test_a_network_that_treats_both_sides_alike_agrees_with_its_mirrored_self(nnunet, store, tmp_path, blobs):
    import torch
    from tiny_models import make_model

    # A stride of 2 takes every second voxel from the left, and from the right others.
    folder = make_model(tmp_path / "model", settings={"strides": [[1, 1, 1], [1, 2, 2]]})
    model = load_model(store.install_own(folder, name="tiny"))
    sagittal = reorient(blobs, "PIR")  # nnU-Net turns axes around: left and right lie along the network's first
    asked = {"images": [sagittal], "model": model, "device": "cpu", "outputs": {"flip_disagreement"}}
    assert predict(**asked).flip_disagreement.max() > 0.05
    with torch.no_grad():
        for weights in model.networks["0"].parameters():
            if weights.ndim == 5:
                weights.copy_(weights + weights.flip(2))
    assert predict(**asked).flip_disagreement.max() < 0.01


@pytest.mark.slow
def test_a_second_opinion_costs_less_than_a_second_run_and_nothing_where_mirrored_copies_vote(loaded, blobs):
    _, plain = counting(loaded, images=[blobs])
    _, asked = counting(loaded, images=[blobs], outputs={"flip_disagreement"})
    assert plain < asked < 1.7 * plain
    voting = replace(loaded, mirror_axes=(0, 1, 2))
    (straight, all_copies), (said, with_opinion) = (
        counting(voting, images=[blobs], outputs=outputs) for outputs in ({"labels"}, {"flip_disagreement"})
    )
    assert with_opinion == all_copies == 8 * plain
    assert np.array_equal(straight.labels.array, said.labels.array)
    assert said.flip_disagreement.any()


def test_a_network_of_slices_without_left_and_right_gives_no_second_opinion_and_says_so(nnunet, store, tmp_path, blobs):
    from tiny_models import make_model

    model = load_model(store.install_own(make_model(tmp_path / "model", configuration="2d"), name="flat"))
    axial = predict([blobs], model, device="cpu", outputs={"flip_disagreement"})
    assert axial.flip_disagreement.any()
    sagittal = predict([reorient(blobs, "PIR")], model, device="cpu", outputs={"flip_disagreement"})
    assert sagittal.flip_disagreement is None
    assert "left and right are not to be seen" in sagittal.provenance["notes"][-1]


def test_nothing_is_in_doubt_outside_a_region_of_interest_and_inside_it_is_that_of_a_full_run(loaded, blobs):
    box = Box((2, 2, 1), (13, 14, 7))
    full, part = (predict([blobs], loaded, device="cpu", outputs=SOFT, roi=roi) for roi in (None, box))
    outside = np.ones(blobs.array.shape, dtype=bool)
    outside[box.slices] = False
    for name in ("uncertainty", "probabilities"):
        assert np.array_equal(getattr(part, name)[(..., *box.slices)], getattr(full, name)[(..., *box.slices)])
    assert not part.uncertainty[outside].any()
    assert not part.flip_disagreement[outside].any()
    assert np.all(part.probabilities[0][outside] == 1)
    assert not part.probabilities[1:, outside].any()


def test_few_tiles_cover_what_all_cover():
    from SpineGTRefineLib.models.tiles import covering_spans

    spans = [(slice(x, x + 10), slice(y, y + 8)) for x in (0, 4, 8, 12) for y in (0,)]
    assert [span[0].start for span in covering_spans(spans)] == [0, 8, 12]
    assert covering_spans([]) == []
    apart = [(slice(0, 5),), (slice(9, 14),)]
    assert covering_spans(apart) == apart
