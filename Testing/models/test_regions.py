"""A part of the image: exactly what a full run says there, or, in focus mode, nearly that from fewer tiles."""

import numpy as np
import pytest

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import Box, Geometry, Image, reorient
from SpineGTRefineLib.models import load_model, predict
from SpineGTRefineLib.models.resampling import Axis
from SpineGTRefineLib.models.tiles import Tiling, focused_spans

SOFT = {"probabilities", "uncertainty"}


@pytest.fixture
def loaded(nnunet, store, tiny_model):
    return load_model(store.install_own(tiny_model, name="tiny"))


def test_a_region_of_interest_gives_the_labels_of_a_full_run_and_runs_fewer_tiles(loaded, blobs):
    box = Box((2, 2, 1), (13, 14, 7))
    stages = {"full": set(), "part": set()}
    full = predict([blobs], loaded, device="cpu", progress=lambda part, _: stages["full"].add(part))
    part = predict([blobs], loaded, device="cpu", roi=box, progress=lambda part, _: stages["part"].add(part))
    assert np.array_equal(part.labels.array[box.slices], full.labels.array[box.slices])
    assert len(np.unique(part.labels.array[box.slices])) > 1
    outside = part.labels.array.copy()
    outside[box.slices] = 0
    assert not outside.any()
    assert len(stages["part"]) < len(stages["full"])
    assert part.provenance["roi"] == {"start": [2, 2, 1], "stop": [13, 14, 7]}


@pytest.fixture
def oriented(nnunet, store, tmp_path):
    from tiny_models import make_model

    folder = make_model(tmp_path / "model", extra_dataset={"image_orientation": "LPI"})
    return load_model(store.install_own(folder, name="lpi"))


def test_a_region_in_a_stated_orientation_is_turned_along(oriented, blobs):
    image, box = reorient(blobs, "PIR"), Box((6, 2, 3), (16, 12, 13))
    full, part = (predict([image], oriented, device="cpu", roi=roi).labels.array for roi in (None, box))
    assert np.array_equal(part[box.slices], full[box.slices])


def test_a_region_beyond_the_image_is_refused(loaded, blobs):
    with pytest.raises(UsageError, match="outside the image"):
        predict([blobs], loaded, device="cpu", roi=Box((100, 0, 0), (120, 5, 5)))


def test_inside_a_region_the_logits_are_those_of_a_full_run_to_the_last_bit(loaded):
    import torch

    from SpineGTRefineLib.models.backends import runners_for
    from SpineGTRefineLib.models.sliding import Control, predict_logits

    cpu = torch.device("cpu")
    runners, _ = runners_for(loaded.networks, (16, 24, 24), cpu, "exact", {})
    data = torch.randn(1, 20, 60, 14, generator=torch.Generator().manual_seed(1))  # thinner than a tile, too
    seen = []
    control = Control(lambda _done, total: seen.append(total), lambda: False)
    settings = (runners, data, 3, Tiling((16, 24, 24), 0.5, None), cpu, control)
    part = (slice(2, 18), slice(15, 25), slice(4, 9))
    full, _ = predict_logits(*settings)
    wanted = np.zeros((20, 60, 14), dtype=bool)
    wanted[part] = True
    some, _ = predict_logits(*settings, wanted)
    assert torch.equal(some[(slice(None), *part)], full[(slice(None), *part)])
    assert seen[-1] < seen[0]


def test_focus_places_whole_tiles_inside_the_image_as_tightly_around_the_region_as_it_can():
    tiling = Tiling((16, 24), 0.5, None)
    (only,) = focused_spans((40, 100), (slice(10, 20), slice(50, 60)), tiling)
    assert only == (slice(7, 23), slice(43, 67))
    (corner,) = focused_spans((40, 100), (slice(38, 40), slice(0, 3)), tiling)
    assert corner == (slice(24, 40), slice(0, 24))
    rows = focused_spans((40, 100), (slice(10, 20), slice(30, 80)), tiling)
    assert all(span[0] == slice(7, 23) for span in rows)
    assert (rows[0][1].start, rows[-1][1].stop) == (30, 80)
    slices = focused_spans((9, 40, 100), (slice(3, 5), slice(0, 4), slice(0, 4)), tiling)
    assert [span[0] for span in slices] == [slice(3, 4), slice(4, 5)]


def test_focus_runs_fewer_tiles_than_the_exact_region_and_fills_the_region(loaded, blobs):
    box, tiles = Box((8, 10, 8), (18, 22, 16)), []
    for focus in (False, True):
        said = predict(
            [blobs], loaded, device="cpu", roi=box, focus=focus, on_tile=lambda _number, total: tiles.append(total)
        )
        assert said.labels.array[box.slices].any()
        assert said.provenance["focus"] is focus
    assert tiles[-1] < tiles[0]


def test_of_a_mask_only_the_tiles_that_touch_it_are_run_fewer_than_its_box_needs(loaded, blobs):
    mask, tiles = np.zeros(blobs.array.shape, dtype=np.uint8), []
    mask[1:3, 1:3, 1:3] = mask[-3:-1, -3:-1, -3:-1] = 7
    ways = (None, Box.around(mask != 0), mask)
    options = {"device": "cpu", "outputs": SOFT, "on_tile": lambda _number, total: tiles.append(total)}
    full, box, said = (predict([blobs], loaded, roi=roi, **options) for roi in ways)
    inside = mask != 0
    assert np.array_equal(said.labels.array[inside], full.labels.array[inside])
    assert np.array_equal(said.probabilities[:, inside], full.probabilities[:, inside])
    assert not said.labels.array[~inside].any()
    assert np.all(said.probabilities[0][~inside] == 1)
    assert said.provenance["roi"] == {"voxels": 16}
    assert box.provenance["roi"]["start"] == [1, 1, 1]
    assert tiles[-1] < tiles[0]


@pytest.mark.parametrize(("source", "target"), [(5, 13), (13, 5), (7, 7), (1, 6), (6, 1)])
def test_what_decides_about_a_region_is_all_that_is_mixed_into_it(source, target):
    axis = Axis.linear(source, target)
    wanted = np.random.default_rng(source).random((target, 40)) > 0.8
    deciding = axis.sources_of(wanted, source)
    known = np.where(deciding, 1.0, np.nan)
    mixed = known[axis.lower] + axis.weight[:, None] * (known[axis.upper] - known[axis.lower])
    assert np.isfinite(mixed[wanted]).all()
    assert np.array_equal(deciding.any(axis=0), wanted.any(axis=0))
    assert deciding.sum() <= 2 * wanted.sum()


def test_a_region_in_the_empty_border_that_is_cut_away_is_background(loaded, blobs):
    padded = np.pad(blobs.array, ((8, 0), (0, 0), (0, 0)))
    image = Image(padded, Geometry(padded.shape, blobs.geometry.affine))
    for focus in (False, True):
        said = predict([image], loaded, device="cpu", roi=Box((0, 0, 0), (3, 9, 9)), focus=focus)
        assert not said.labels.array.any()


@pytest.mark.parametrize("region", [np.zeros((4, 4, 4)), np.ones((4, 4, 4))])
def test_a_mask_that_is_empty_or_of_another_image_is_refused(loaded, blobs, region):
    with pytest.raises(UsageError, match="region of interest") as caught:
        predict([blobs], loaded, device="cpu", roi=region)
    assert "of its shape" in caught.value.remedy


def test_focus_without_a_region_is_refused(loaded, blobs):
    with pytest.raises(UsageError, match="nothing to focus on"):
        predict([blobs], loaded, device="cpu", focus=True)
