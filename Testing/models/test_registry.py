"""The list of known models: what it must say, and how it complains."""

import json

import pytest

from SpineGTRefineLib.anatomy import scheme_names
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.models import registry
from SpineGTRefineLib.models.orientation import from_sct
from SpineGTRefineLib.models.registry import entry_from_dict, read_registry

MINIMAL = {"name": "mine", "version": "1", "title": "Mine"}


def test_the_released_models_of_the_field_are_listed():
    names = set(registry())
    assert {
        "demo_canal",
        "demo_cord",
        "canal_r20260406",
        "canal_r20241126",
        "cord_v4.0",
        "rootlets_r20250318",
        "rootlets_r20240129",
        "mouse_v0.4",
        "sacrum_dataset300",
        "totalspineseg_step1_r20251124",
        "totalspineseg_step2_r20260730",
        "spineps_t2w_v1.0.9",
        "lumbar_cord_epfl_r20231004",
    } <= names


@pytest.mark.parametrize("entry", registry().values(), ids=lambda entry: entry.name)
def test_every_model_says_where_it_comes_from_and_fits_a_known_scheme(entry):
    assert entry.bundled or (entry.url.startswith("https://github.com/") and entry.homepage)
    assert entry.scheme is None or entry.scheme in scheme_names()


def test_demo_models_say_that_they_are_not_for_patients():
    assert all("not for patients" in registry()[name].notes for name in ("demo_canal", "demo_cord"))


def test_an_entry_survives_writing_and_reading():
    for entry in registry().values():
        assert entry_from_dict(json.loads(json.dumps(entry.as_dict())), "again") == entry


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"url": "http://example.org/model.zip"}, "'url' must be an https address"),
        ({"name": "../escape"}, "'name' may hold letters"),
        ({"sha256": "abc"}, "'sha256' must be 64"),
        ({"framework": "keras"}, "'framework' must be one of"),
        ({"orientation": "RAP"}, "'orientation' must be three orientation letters"),
        ({"orientation": "RA"}, "'orientation' must be"),
        ({"spacing": [1.0, 1.0]}, "'spacing' must be three lengths"),
        ({"contrasts": "T2w"}, "'contrasts' must be a list"),
        ({"values": {"1": "one"}}, "'values' must map"),
        ({"tile_step": 0}, "'tile_step' must be above 0"),
        ({"checkpoints": ["newest"]}, "'checkpoints' may hold"),
        ({"postprocessing": [{"step": "sharpen"}]}, "'postprocessing' has a step that does not exist"),
        ({"postprocessing": [{"step": "largest_component"}]}, "needs exactly the options"),
        (
            {"postprocessing": [{"step": "largest_component", "connectivity": 8, "each_label": True}]},
            "does not fit the option 'connectivity'",
        ),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_a_wrong_field_is_named_with_its_model(change, complaint):
    with pytest.raises(UsageError, match=complaint) as caught:
        entry_from_dict({**MINIMAL, **change}, "models.json")
    assert "models.json, model" in caught.value.cause


def test_a_missing_field_is_named():
    with pytest.raises(UsageError, match=r"model 'mine': the field 'title' is missing"):
        entry_from_dict({"name": "mine", "version": "1"}, "models.json")


def test_a_name_that_appears_twice_is_refused(tmp_path):
    path = tmp_path / "models.json"
    path.write_text(json.dumps({"models": [MINIMAL, MINIMAL]}))
    with pytest.raises(UsageError, match="'mine' appears twice"):
        read_registry(path)


@pytest.mark.parametrize("text", ["{", "[]", '{"models": 3}'])
def test_a_file_that_is_no_registry_is_refused(tmp_path, text):
    path = tmp_path / "models.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"models\.json"):
        read_registry(path)


def test_the_letters_of_the_spinal_cord_toolbox_are_turned_around():
    assert (from_sct("LPI"), from_sct("RPI"), from_sct("AIL")) == ("RAS", "LAS", "PSR")
