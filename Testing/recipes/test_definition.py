"""Recipe files are checked, and a mistake is named with its place."""

import pytest

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.recipes.definition import read_recipe, recipe, recipe_names


def test_every_recipe_that_ships_is_valid_and_makes_a_known_mask():
    assert {"canal", "cord"} <= set(recipe_names())
    for name in recipe_names():
        assert recipe(name).name == name
        assert recipe(name).models


GOOD = 'name = "mine"\ntitle = "Mine"\nmask_type = "canal"\nmodels = ["m"]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace('name = "mine"', "name ="), "line 1"),
        (GOOD.replace('title = "Mine"\n', ""), "'title' is missing"),
        (GOOD + "colour = 1\n", "unknown field 'colour'"),
        (GOOD.replace("mine", "yours"), "must be the file's name"),
        (GOOD.replace('"canal"', '"liver"'), "no mask type called 'liver'"),
        (GOOD.replace('["m"]', '"m"'), "must be a list"),
        (GOOD + "[guard]\nmin_slices = -1\n", "guard.min_slices"),
        (GOOD + "[guard]\nmin_slice = 1\n", "guard.min_slice"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"mine\.toml") as caught:
        read_recipe(path)
    assert told in caught.value.cause


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(UsageError) as caught:
        recipe("liver")
    assert "canal" in caught.value.remedy


def test_a_recipe_that_runs_programs_of_others_says_so_and_is_not_run_ahead():
    assert {name for name in recipe_names() if recipe(name).runs_tools} == {"spine_tools"}


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("spine", {"first_level": "X5"}, "no vertebra called 'X5'"),
        ("rootlets", {"last_level": "c5"}, "Did you mean rootlets_C5?"),
        ("rootlets", {"gaps": "fill"}, "leave, middle, below"),
        ("rootlets", {"margin_mm": -50.0}, "'settings.margin_mm' is a length and must be above 0"),
        ("lumbosacral", {"voxel_mm": 0.0}, "'settings.voxel_mm' is a length and must be above 0"),
        ("lumbosacral", {"across_mm": float("nan")}, "'settings.across_mm' is a length"),
        ("lumbosacral", {"points": "1 2"}, "no points on the cord"),
        ("mouse", {"voxel_mm": "0"}, "not one that an image can have"),
        ("spine_tools", {"policy": "best"}, "no policy 'best'"),
        ("spine_tools", {"levels": "guessed"}, "Levels cannot be 'guessed'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_before_any_case_is_begun(name, settings, told):
    with pytest.raises(UsageError) as caught:
        recipe(name).with_settings(settings)
    assert told in str(caught.value)
    assert caught.value.remedy
