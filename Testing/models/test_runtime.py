"""Predictions: the same labels as nnU-Net's own predictor, on the image's own grid, whatever the storage."""

import json
import sys

import numpy as np
import pytest

from SpineGTRefineLib.errors import CancelledError, GeometryError, InputError, ModelError, UsageError
from SpineGTRefineLib.imaging import Geometry, Image, read_image, reorient, write_image
from SpineGTRefineLib.models import load_model, predict

REGIONS = {"labels": {"background": 0, "whole": [1, 2], "core": [2], "ignore": 3}, "regions": (1, 2)}
KINDS = {
    "3d_fullres": {},
    "3d_lowres": {"configuration": "3d_lowres"},
    "2d": {"configuration": "2d"},
    "region-based": REGIONS,
    "two-channel": {"channels": 2},
    "5-fold": {"folds": (0, 1, 2, 3, 4)},
    "transposed axes": {"transpose": (2, 0, 1)},
    "other normalization": {"normalization": "CTNormalization"},
    "half-precision weights": {"half": True},
    "plans of nnU-Net before 2.4": {"old_plans": True},
    "values as texts": {"labels": {"background": "0", "a": "1", "b": "2"}},
}


@pytest.fixture
def image_file(tmp_path, blobs):
    write_image(tmp_path / "image.nii.gz", blobs)
    return tmp_path / "image.nii.gz"


def own_model(store, folder, **options):
    from tiny_models import make_model

    return store.install_own(make_model(folder, **options), name="tiny")


def nnunet_says(folder, files, *, reader="SimpleITKIO", mirroring=False):
    """Labels of nnU-Net's own predictor, in the file's voxel order."""
    import torch
    from nnunetv2.imageio.reader_writer_registry import recursive_find_reader_writer_by_name
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(use_mirroring=mirroring, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(folder), None)
    data, properties = recursive_find_reader_writer_by_name(reader)().read_images([str(file) for file in files])
    labels = predictor.predict_single_npy_array(data, properties, None, None, False)
    return labels.transpose(2, 1, 0)


@pytest.mark.filterwarnings("ignore:Detected old nnU-Net plans format")
@pytest.mark.parametrize("kind", KINDS)
def test_labels_equal_those_of_nnunet(kind, nnunet, store, tmp_path, image_file):
    options = KINDS[kind]
    model = own_model(store, tmp_path / "model", **options)
    files = [image_file] * options.get("channels", 1)
    if len(files) == 2:
        second = tmp_path / "second.nii.gz"
        image = read_image(image_file)
        write_image(second, Image(image.array[::-1].copy(), image.geometry))
        files[1] = second
    expected = nnunet_says(tmp_path / "model", files)
    assert len(np.unique(expected)) > 1, "the comparison would prove nothing"
    prediction = predict([read_image(file) for file in files], model, device="cpu")
    assert np.array_equal(prediction.labels.array, expected)
    assert prediction.labels.geometry.matches(read_image(image_file).geometry)


def test_labels_equal_those_of_nnunet_with_its_other_reader(nnunet, store, tmp_path, image_file):
    model = own_model(store, tmp_path / "model", reader="NibabelIO")
    expected = nnunet_says(tmp_path / "model", [image_file], reader="NibabelIO")
    assert np.array_equal(predict([read_image(image_file)], model, device="cpu").labels.array, expected)


def test_the_voxel_size_is_the_one_that_the_header_states(nnunet, store, tmp_path):
    """35 voxels of 0.7 mm are 24.5 voxels of 1 mm: the seventh digit decides, and nnU-Net takes the header's."""
    draw = np.random.default_rng(3)
    path = tmp_path / "image.nii.gz"
    for angle in np.radians(np.arange(1, 80)):
        affine = np.diag([0.7, 0.7, 0.7, 1.0])
        affine[1:3, 1:3] = 0.7 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        write_image(path, Image(draw.normal(size=(24, 24, 35)).astype(np.float32), Geometry((24, 24, 35), affine)))
        image = read_image(path)
        stated = [float(zoom) for zoom in image.source.header.get_zooms()]
        if round(35 * image.geometry.spacing[2]) != round(35 * stated[2]):
            break
    else:
        pytest.fail("no rotation makes the two spacings differ: the test proves nothing")
    model = own_model(store, tmp_path / "model")
    expected = nnunet_says(tmp_path / "model", [path])
    assert np.array_equal(predict([image], model, device="cpu").labels.array, expected)


def test_mirrored_copies_vote_when_the_entry_says_so(nnunet, store, tmp_path, image_file):
    from dataclasses import replace

    model = own_model(store, tmp_path / "model")
    model = replace(model, entry=replace(model.entry, mirroring=True))
    expected = nnunet_says(tmp_path / "model", [image_file], mirroring=True)
    assert np.array_equal(predict([read_image(image_file)], model, device="cpu").labels.array, expected)


@pytest.fixture
def oriented(nnunet, store, tmp_path):
    """A model that states the Spinal Cord Toolbox's LPI."""
    return load_model(own_model(store, tmp_path / "model", extra_dataset={"image_orientation": "LPI"}))


@pytest.mark.parametrize("axcodes", ["LAS", "PIR", "SRA", "LPI"])
def test_the_same_world_voxels_get_the_same_labels_however_the_file_stores_them(oriented, blobs, axcodes):
    straight = predict([blobs], oriented, device="cpu").labels
    turned = predict([reorient(blobs, axcodes)], oriented, device="cpu").labels
    assert turned.geometry.axcodes == axcodes
    back = reorient(turned, blobs.geometry.axcodes)
    assert np.array_equal(back.array, straight.array)
    assert back.geometry.matches(straight.geometry)


def test_without_a_stated_orientation_the_file_is_taken_as_it_is(nnunet, store, tmp_path, blobs):
    model = load_model(own_model(store, tmp_path / "model"))
    straight = predict([blobs], model, device="cpu").labels
    flipped = reorient(predict([reorient(blobs, "LAS")], model, device="cpu").labels, "RAS")
    assert not np.array_equal(straight.array, flipped.array)


def test_the_model_of_the_toolbox_is_run_in_its_orientation(oriented, tmp_path, blobs):
    write_image(tmp_path / "ras.nii.gz", reorient(blobs, "RAS"))
    expected = nnunet_says(tmp_path / "model", [tmp_path / "ras.nii.gz"])
    labels = predict([reorient(blobs, "PIR")], oriented, device="cpu").labels
    assert np.array_equal(reorient(labels, "RAS").array, expected)


@pytest.fixture
def loaded(nnunet, store, tiny_model):
    return load_model(store.install_own(tiny_model, name="tiny"))


def test_a_prediction_can_be_stopped_between_tiles(loaded, blobs):
    asked = []

    def cancel():
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(CancelledError):
        predict([blobs], loaded, device="cpu", cancel=cancel)
    assert len(asked) == 3


def test_progress_grows_to_one(loaded, blobs):
    seen = []
    predict([blobs], loaded, device="cpu", progress=lambda part, stage: seen.append((part, stage)))
    parts = [part for part, _ in seen]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert {"preparing the image", "running the network"} <= {stage for _, stage in seen}


def test_images_are_not_changed(loaded, blobs):
    before = blobs.array.copy()
    predict([blobs], loaded, device="cpu")
    assert np.array_equal(blobs.array, before)


def test_the_provenance_names_the_weights_and_holds_plain_values(loaded, blobs, tiny_model):
    said = predict([blobs], loaded, device="cpu")
    record = json.loads(json.dumps(said.provenance))
    assert record["model"] == "tiny"
    assert len(record["checkpoints"]["fold_0/checkpoint_final.pth"]) == 64
    assert record["device"] == "cpu"
    assert str(tiny_model.parent) not in json.dumps(record)
    assert set(said.timings) == {"load", "preprocess", "network", "export", "postprocess"}


def test_the_wrong_number_of_images_is_refused(loaded, blobs):
    with pytest.raises(InputError, match=r"needs 1 image\(s\) \(channel0\); got 2"):
        predict([blobs, blobs], loaded, device="cpu")


def test_a_single_image_without_a_list_around_it_is_refused_with_the_right_way_to_write_it(loaded, blobs):
    with pytest.raises(UsageError, match=r"Write predict\(\[image\], model\)"):
        predict(blobs, loaded, device="cpu")


def test_an_image_in_meters_instead_of_millimeters_is_refused(loaded, blobs):
    meters = Geometry(blobs.array.shape, np.diag([0.0007, 0.0007, 0.0007, 1.0]))
    with pytest.raises(InputError, match="has to be in millimeters"):
        predict([Image(blobs.array, meters)], loaded, device="cpu")
    thin = np.zeros_like(blobs.array)
    thin[3, 3, 3], fine = 1, Geometry(blobs.array.shape, np.diag([0.2, 0.2, 0.2, 1.0]))
    with pytest.raises(InputError, match=r"only 0\.2 x 0\.2 x 0\.2 mm large"):
        predict([Image(thin, fine)], loaded, device="cpu")


def test_an_image_that_would_fill_all_memory_is_refused_with_a_way_out(loaded, blobs):
    kilometers = Geometry(blobs.array.shape, np.diag([9000.0, 9000.0, 9000.0, 1.0]))
    with pytest.raises(ModelError, match=r"too small .* region of interest"):
        predict([Image(blobs.array, kilometers)], loaded, device="cpu")


def test_channels_on_different_grids_are_refused(nnunet, store, tmp_path, blobs):
    model = own_model(store, tmp_path / "model", channels=2)
    affine = blobs.geometry.affine.copy()
    affine[0, 3] += 1
    with pytest.raises(GeometryError):
        predict([blobs, Image(blobs.array, Geometry(blobs.array.shape, affine))], model, device="cpu")


def test_a_channel_that_is_stored_flipped_is_turned_to_the_first(nnunet, store, tmp_path, blobs):
    model = load_model(own_model(store, tmp_path / "model", channels=2))
    straight = predict([blobs, blobs], model, device="cpu").labels.array
    assert np.array_equal(predict([blobs, reorient(blobs, "LPI")], model, device="cpu").labels.array, straight)


def test_an_image_without_contrast_is_refused(loaded, blobs):
    with pytest.raises(InputError, match="no contrast"):
        predict([Image(np.full_like(blobs.array, 7), blobs.geometry)], loaded, device="cpu")


def test_an_empty_mask_as_a_channel_is_not_taken_for_an_image_without_contrast(nnunet, store, tmp_path, blobs):
    model = own_model(store, tmp_path / "model", channels=2, normalization="NoNormalization")
    empty = Image(np.zeros_like(blobs.array), blobs.geometry)
    assert predict([blobs, empty], model, device="cpu").labels.array.any()


def test_voxels_that_are_not_numbers_are_taken_as_zero_and_that_is_said(loaded, blobs):
    array = blobs.array.copy()
    array[5, 5, 5] = 0
    expected = predict([Image(array.copy(), blobs.geometry)], loaded, device="cpu").labels.array
    array[5, 5, 5] = np.nan
    said = predict([Image(array, blobs.geometry)], loaded, device="cpu")
    assert np.array_equal(said.labels.array, expected)
    assert "NaN" in said.provenance["notes"][0]


def test_unknown_outputs_and_devices_are_refused(loaded, blobs):
    with pytest.raises(UsageError, match="Unknown output 'logits'"):
        predict([blobs], loaded, outputs={"logits"})
    with pytest.raises(UsageError, match="no device called 'tpu'"):
        predict([blobs], loaded, device="tpu")


def test_a_cascades_second_stage_is_refused(nnunet, store, tmp_path):
    from tiny_models import make_model

    folder = make_model(tmp_path / "model")
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["previous_stage"] = "3d_lowres"
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match="second stage of a cascade"):
        load_model(store.install_own(folder, name="cascade"))


def test_values_are_mapped_to_the_scheme(nnunet, store, tmp_path, blobs):
    from dataclasses import replace

    model = own_model(store, tmp_path / "model")
    plain = predict([blobs], model, device="cpu").labels.array
    mapped = replace(model, entry=replace(model.entry, scheme="rootlets", values={1: 20, 2: 21}))
    labels = predict([blobs], mapped, device="cpu").labels
    assert labels.scheme.name == "rootlets"
    assert np.array_equal(labels.array, np.array([0, 20, 21])[plain])


def test_prediction_looks_up_no_trainer(loaded, blobs):
    before = {name for name in sys.modules if name.startswith("nnunetv2.training.nnUNetTrainer")}
    predict([blobs], loaded, device="cpu")
    assert {name for name in sys.modules if name.startswith("nnunetv2.training.nnUNetTrainer")} == before
