"""The demo models that ship with the project: small, honest, and good on phantoms they never saw."""

import importlib.util
import json

import numpy as np
import pytest

from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.learning.train_demo import DEMOS, TEST_PHANTOMS, TRAINING_SEEDS
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.phantoms import make_spine, storage_variant
from SpineGTRefineLib.resources import resource_path

GOAL = {"canal": 0.90, "cord": 0.85}

needs_nnunet = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "nnunetv2")),
    reason="needs PyTorch and nnU-Net: pip install spine-gt-refine[models]",
)


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    store = ModelStore(tmp_path_factory.mktemp("store"))
    return {name: store.find(f"demo_{name}") for name in DEMOS}


def test_no_test_phantom_was_trained_on():
    assert not {arguments["seed"] for arguments in TEST_PHANTOMS.values()} & set(TRAINING_SEEDS)


@pytest.mark.parametrize("name", DEMOS)
def test_the_weights_ship_are_small_and_are_what_the_list_of_hashes_says(models, name):
    folder = resource_path("Models", "demo", name)
    models[name].verify()
    for file, digest in json.loads((folder / "SHA256.json").read_text()).items():
        assert sha256_of_file(folder / file) == digest
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 2**20


@pytest.mark.parametrize("name", DEMOS)
def test_the_model_card_says_what_the_model_is_not_for(name):
    assert "not for patients" in resource_path("Models", "demo", name, "MODEL_CARD.md").read_text()


@needs_nnunet
@pytest.mark.slow
@pytest.mark.parametrize("kind", TEST_PHANTOMS)
@pytest.mark.parametrize("name", DEMOS)
def test_the_demo_models_are_good_on_phantoms_they_never_saw(models, name, kind):
    from SpineGTRefineLib.models import predict

    phantom = make_spine(rootlets=False, **TEST_PHANTOMS[kind])
    labels = predict([phantom.image], models[name], device="cpu").labels
    assert dice(labels.array, getattr(phantom, name).array) >= GOAL[name]
    assert labels.scheme.name == name


@needs_nnunet
@pytest.mark.slow
def test_a_storage_flip_changes_no_voxel_in_the_world(models):
    from SpineGTRefineLib.models import load_model, predict

    phantom = make_spine(9005, rootlets=False, spacing=2.0, region="cervical")
    model = load_model(models["canal"])
    straight = predict([phantom.image], model, device="cpu").labels
    turned = predict([storage_variant(phantom.image, "PIR")], model, device="cpu").labels
    assert straight.array.any()
    assert np.array_equal(storage_variant(turned, "RAS").array, straight.array)
