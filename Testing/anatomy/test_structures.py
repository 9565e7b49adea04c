"""The table of structures, and who lies above and below whom."""

from pathlib import Path

import pytest

from SpineGTRefineLib.anatomy import (
    disc_below,
    resolve_disc,
    spine_order,
    structure,
    structures,
    vertebra_above,
    vertebra_below,
)
from SpineGTRefineLib.anatomy.structures import read_structures
from SpineGTRefineLib.errors import UsageError

HEADER = "Structure,Kind,Name,Order,Above,Below,Variant,Broader\n"
CERVICAL = [f"vertebra_C{n}" for n in range(1, 8)]
THORACIC = [f"vertebra_T{n}" for n in range(1, 13)]
LUMBAR = [f"vertebra_L{n}" for n in range(1, 6)]
USUAL = {*CERVICAL, *THORACIC, *LUMBAR, "sacrum"}


def test_an_unknown_structure_is_refused_by_name():
    with pytest.raises(UsageError, match="vertebra_C9"):
        structure("vertebra_C9")


def test_the_table_cannot_be_changed_by_a_caller():
    with pytest.raises(TypeError):
        structures()["vertebra_C9"] = structure("vertebra_C7")


def test_every_structure_has_a_name_of_its_own_within_its_kind():
    names = [(entry.kind, entry.name) for entry in structures().values()]
    assert len(names) == len(set(names))


def test_order_along_the_spine_is_strict():
    column = {"vertebra", "disc", "endplate", "sacrum", "sacral_segment", "coccyx"}
    positions = [
        entry.order
        for entry in structures().values()
        if entry.kind in column and "instance" not in entry.key and entry.order is not None
    ]
    assert len(positions) == len(set(positions))


def test_vertebrae_and_discs_alternate_from_head_to_tail():
    keys = ["sacrum", "disc_L-S", "vertebra_T1", "disc_C7-T1", "vertebra_C7", "vertebra_L5", "disc_T1-T2", "coccyx"]
    assert spine_order(keys) == (
        "vertebra_C7",
        "disc_C7-T1",
        "vertebra_T1",
        "disc_T1-T2",
        "vertebra_L5",
        "disc_L-S",
        "sacrum",
        "coccyx",
    )


def test_the_thirteenth_thoracic_vertebra_lies_between_t12_and_l1_although_tptbox_numbers_it_28():
    keys = ["vertebra_L1", "vertebra_T13", "vertebra_T12", "disc_T13-L1", "disc_T12-T13"]
    assert spine_order(keys) == ("vertebra_T12", "disc_T12-T13", "vertebra_T13", "disc_T13-L1", "vertebra_L1")


def test_what_runs_along_the_spine_has_no_place_in_the_order():
    assert spine_order(["cord", "canal_whole", "vertebra_C3"]) == ("vertebra_C3",)


@pytest.mark.parametrize(
    ("vertebra", "present", "disc"),
    [
        ("vertebra_C1", USUAL, None),
        ("vertebra_C2", USUAL, "disc_C2-C3"),
        ("vertebra_C7", USUAL, "disc_C7-T1"),
        ("vertebra_T12", USUAL, "disc_T12-L1"),
        ("vertebra_L4", USUAL, "disc_L4-L5"),
        ("vertebra_L5", USUAL, "disc_L-S"),
        ("sacrum", USUAL, None),
    ],
)
def test_disc_below_each_vertebra_of_the_usual_spine(vertebra, present, disc):
    assert disc_below(vertebra, present) == disc


def test_with_t13_the_disc_below_t12_is_t12_t13():
    assert disc_below("vertebra_T12", USUAL | {"vertebra_T13"}) == "disc_T12-T13"
    assert disc_below("vertebra_T13", USUAL | {"vertebra_T13"}) == "disc_T13-L1"


def test_with_four_lumbar_vertebrae_the_disc_below_l4_is_the_lumbosacral_one():
    four = USUAL - {"vertebra_L5"}
    assert disc_below("vertebra_L4", four) == "disc_L-S"
    assert vertebra_above("disc_L-S", four) == "vertebra_L4"


def test_with_l6_the_lumbosacral_disc_moves_down():
    six = USUAL | {"vertebra_L6"}
    assert disc_below("vertebra_L5", six) == "disc_L5-L6"
    assert disc_below("vertebra_L6", six) == "disc_L-S"
    assert vertebra_above("disc_L-S", six) == "vertebra_L6"
    assert disc_below("vertebra_L6", six | {"vertebra_L7"}) == "disc_L6-L7"


def test_an_image_that_ends_at_a_vertebra_is_read_as_usual_anatomy():
    assert disc_below("vertebra_L4", {"vertebra_L3", "vertebra_L4"}) == "disc_L4-L5"
    assert disc_below("vertebra_L5", {"vertebra_L5"}) == "disc_L-S"
    assert disc_below("vertebra_T12", {"vertebra_T12"}) == "disc_T12-L1"
    assert vertebra_above("disc_L-S") == "vertebra_L5"


def test_a_disc_vouches_for_the_vertebrae_it_touches():
    assert disc_below("vertebra_T12", {"vertebra_T12", "disc_T13-L1"}) == "disc_T12-T13"
    assert disc_below("vertebra_L4", {"vertebra_L4", "disc_L-S"}) == "disc_L-S"


def test_a_vertebra_that_was_not_found_does_not_move_the_numbers_of_its_neighbours():
    without_t5 = USUAL - {"vertebra_T5"}
    assert disc_below("vertebra_T4", without_t5) == "disc_T4-T5"
    assert disc_below("vertebra_T6", without_t5) == "disc_T6-T7"


@pytest.mark.parametrize("disc", [entry.key for entry in structures().values() if entry.below is not None])
def test_the_vertebrae_around_a_disc_lie_around_it(disc):
    above, below = vertebra_above(disc), vertebra_below(disc)
    assert spine_order([disc, above, below]) == (above, disc, below)


def test_discs_named_by_the_vertebra_above_are_read_from_who_is_present():
    assert resolve_disc("disc_below_L5", USUAL) == "disc_L-S"
    assert resolve_disc("disc_below_L5", USUAL | {"vertebra_L6"}) == "disc_L5-L6"
    assert resolve_disc("disc_below_L5", {"vertebra_L5", "disc_below_L6"}) == "disc_L5-L6"
    assert resolve_disc("disc_below_L4", {"vertebra_L4", "disc_below_L5", "sacrum"}) == "disc_L4-L5"
    assert vertebra_below("disc_below_T12", {"vertebra_T13"}) == "vertebra_T13"
    assert resolve_disc("disc_C2-C3", ()) == "disc_C2-C3"
    assert resolve_disc("cord", ()) == "cord"


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ("cord,cord,cord,,,,,\ncord,cord,cord,,,,,\n", 3, "already stands in line 2"),
        ("cord,,cord,,,,,\n", 2, "Kind"),
        ("cord,cord,cord,high,,,,\n", 2, "high"),
        ("cord,cord,cord,,,,maybe,\n", 2, "maybe"),
        ("gm,gm,gray matter,,,,,cord\n", 2, "'cord'"),
        ("cord,cord\n", 2, "fields"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, rows, line, words):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"mine\.csv, line {line}: .*{words}"):
        read_structures(path)


def test_a_table_without_a_column_is_refused(tmp_path: Path):
    path = tmp_path / "mine.csv"
    path.write_text("Structure,Kind\ncord,cord\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.csv, line 1: .*Above, Below, Broader"):
        read_structures(path)
