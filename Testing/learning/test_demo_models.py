"""The demo models that ship with the project: small, and honest about what they are.

How good they are on phantoms they never saw is tested over the whole way, in ``Testing/recipes``.
"""

import json

import pytest

from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.learning.demos import DEMOS
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.resources import resource_path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    store = ModelStore(tmp_path_factory.mktemp("store"))
    return {name: store.find(f"demo_{name}") for name in DEMOS}


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_no_test_phantom_was_trained_on(demo):
    assert not {arguments["seed"] for arguments in demo.tests.values()} & set(demo.seeds)
    assert sum(demo.number == other.number for other in DEMOS.values()) == 1


@pytest.mark.parametrize("name", DEMOS)
def test_the_weights_ship_are_small_and_are_what_the_list_of_hashes_says(models, name):
    folder = resource_path("Models", "demo", name)
    models[name].verify()
    for file, digest in json.loads((folder / "SHA256.json").read_text()).items():
        assert sha256_of_file(folder / file) == digest
    assert 0 < sum(path.stat().st_size for path in folder.rglob("*.pth")) <= 1_500_000


@pytest.mark.parametrize("name", DEMOS)
def test_the_model_card_says_what_the_model_is_not_for(name):
    card = resource_path("Models", "demo", name, "MODEL_CARD.md").read_text()
    assert "synthetic phantoms" in card
    assert "not for patients" in card
