"""The label schemes: complete against the published tables, consistent with each other, strict about bad rows."""

import re
from pathlib import Path

import pytest

from SpineGTRefineLib.anatomy import read_scheme, scheme, scheme_names, structure
from SpineGTRefineLib.errors import LabelError, UsageError

SCHEMES = Path(__file__).resolve().parents[2] / "Resources" / "Anatomy" / "schemes"
HEADER = (SCHEMES / "canal.csv").read_text(encoding="utf-8").splitlines()[0]
PROMISED = {
    "canal",
    "cord",
    "gmwm",
    "rootlets",
    "rootlets_unnamed",
    "sacrum",
    "sct_discs",
    "spinal_levels",
    "spine",
    "spine_parts",
    "spineps_semantic",
    "spineps_vert",
    "spineps_vert_ordinal",
    "totalsegmentator_v1",
    "totalsegmentator_v2",
    "totalspineseg",
    "totalspineseg_step1",
    "tptbox",
}


def meanings(name: str) -> dict[int, str]:
    return {entry.value: entry.structure.key for entry in scheme(name)}


def expected_totalspineseg() -> dict[int, str]:
    expected = {1: "cord", 2: "canal_without_cord", 50: "sacrum", 71: "disc_C7-T1", 91: "disc_T12-L1", 100: "disc_L-S"}
    expected |= {10 + n: f"vertebra_C{n}" for n in range(1, 8)}
    expected |= {20 + n: f"vertebra_T{n}" for n in range(1, 13)}
    expected |= {40 + n: f"vertebra_L{n}" for n in range(1, 8)}
    expected |= {61 + n: f"disc_C{n}-C{n + 1}" for n in range(2, 7)}
    expected |= {71 + n: f"disc_T{n}-T{n + 1}" for n in range(1, 12)}
    expected |= {91 + n: f"disc_L{n}-L{n + 1}" for n in range(1, 6)}
    return expected


def test_every_promised_scheme_ships():
    assert set(scheme_names()) == PROMISED


def test_totalspineseg_is_complete():
    assert meanings("totalspineseg") == expected_totalspineseg()


def test_the_house_scheme_is_totalspineseg_plus_t13_its_discs_and_the_l6_l7_disc():
    added = {33: "vertebra_T13", 83: "disc_T12-T13", 84: "disc_T13-L1", 97: "disc_L6-L7"}
    assert meanings("spine") == expected_totalspineseg() | added
    assert max(scheme("spine").values) < 256


def test_totalspineseg_step_1_means_vertebra_or_sacrum_by_50():
    step1 = meanings("totalspineseg_step1")
    assert step1[50] == "vertebra_or_sacrum"
    vertebrae = {value for value, key in step1.items() if key.startswith("vertebra_C")}
    assert vertebrae == {11}
    discs = {value for value in expected_totalspineseg() if value > 60}
    assert {value for value in step1 if value > 60} == discs


def test_spineps_semantic_is_complete():
    assert set(scheme("spineps_semantic").values) == {
        *(26, 60, 61, 62, 63, 64, 80, 100),
        *range(40, 54),
        *range(70, 75),
    }
    assert scheme("spineps_semantic")[61].structure.kind == "canal_without_cord"
    assert [scheme("spineps_semantic")[value].name for value in (43, 44)] == [
        "left costal process",
        "right costal process",
    ]


@pytest.mark.parametrize("name", ["tptbox", "spineps_vert"])
def test_tptbox_numbers_agree_with_the_package_itself(name):
    instances = pytest.importorskip("TPTBox.core.vert_constants", reason="needs tptbox").Vertebra_Instance
    ours = meanings(name)
    for instance in instances:
        if instance.name[0] in "CTL" and instance.name != "COCC":
            assert ours[instance.value] == f"vertebra_{instance.name}"
            assert ours[instance.ENDPLATE] == f"endplate_{instance.name}"
            assert instance.name == "C1" or structure(ours[instance.IVD]).above == (f"vertebra_{instance.name}",)
            assert name != "tptbox" or not instance.has_rib or ours[instance.RIB] == f"rib_{instance.name}"
    assert ours[26] == "sacrum"
    if name == "tptbox":
        sacral = {instances[f"S{n}"].value: f"sacral_S{n}" for n in range(2, 7)}
        assert {value: ours[value] for value in sacral} == sacral
        assert ours[instances.COCC.value] == "coccyx"


def test_tptbox_vertebrae_are_ordered_along_the_spine_not_by_value():
    instances = pytest.importorskip("TPTBox.core.vert_constants", reason="needs tptbox").Vertebra_Instance
    column = [entry.value for entry in scheme("tptbox").of_kind("vertebra", "sacrum", "sacral_segment", "coccyx")]
    assert column == [instance.value for instance in instances.order()]


def test_spineps_before_1_4_numbers_instances_not_levels():
    ordinal = scheme("spineps_vert_ordinal")
    assert ordinal[2].structure.key == "vertebra_instance_2"
    assert ordinal[102].structure.above == ("vertebra_instance_2",)
    assert ordinal[26].structure.key == "sacrum"
    assert [entry.value for entry in ordinal.of_kind("vertebra")] == list(range(1, 26))


def test_spinal_levels_and_rootlets_count_from_c1_to_s5():
    levels = [f"C{n}" for n in range(1, 9)] + [f"T{n}" for n in range(1, 13)]
    levels += [f"L{n}" for n in range(1, 6)] + [f"S{n}" for n in range(1, 6)]
    assert meanings("spinal_levels") == {n: f"spinal_level_{level}" for n, level in enumerate(levels, start=1)}
    assert meanings("rootlets") == {n: f"rootlets_{level}" for n, level in enumerate(levels, start=1)}


def test_sct_disc_points():
    points = meanings("sct_discs")
    assert set(points) == {*range(1, 26), 49, 50, 60}
    named = {3: "C2-C3", 8: "C7-T1", 11: "T3-T4", 20: "T12-L1", 21: "L1-L2", 25: "L-S", 60: "conus_medullaris"}
    assert {value: points[value] for value in named} == {value: f"point_{name}" for value, name in named.items()}


def test_totalsegmentator_sacrum_moved_from_92_to_25():
    assert meanings("totalsegmentator_v1")[92] == "sacrum"
    assert meanings("totalsegmentator_v1")[18] == "vertebra_L5"
    assert meanings("totalsegmentator_v1")[41] == "vertebra_C1"
    assert meanings("totalsegmentator_v2")[25] == "sacrum"
    assert meanings("totalsegmentator_v2")[27] == "vertebra_L5"
    assert meanings("totalsegmentator_v2")[50] == "vertebra_C1"


def test_single_structure_masks():
    assert meanings("canal") == {1: "canal_whole"}
    assert meanings("cord") == {1: "cord"}
    assert meanings("sacrum") == {1: "sacrum"}
    assert meanings("gmwm") == {1: "gm", 2: "wm"}


def test_a_structure_looks_and_reads_the_same_in_every_scheme():
    seen: dict[str, tuple] = {}
    for name in scheme_names():
        for entry in scheme(name):
            look = (entry.name, entry.color, entry.terminology)
            assert seen.setdefault(entry.structure.key, look) == look, (name, entry.structure.key)
            assert entry.name == entry.structure.name


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_row_carries_a_code_and_codes_tell_structures_apart(name):
    codes = [tuple(text for column, text in entry.terminology if "CodeMeaning" not in column) for entry in scheme(name)]
    assert len(codes) == len(set(codes))
    for entry in scheme(name):
        columns = dict(entry.terminology)
        assert columns["Category_CodeValue"] == "123037004"
        for part in ("Type", "TypeModifier", "Region", "RegionModifier"):
            if f"{part}_CodeValue" not in columns:
                continue
            coding, code = columns[f"{part}_CodingScheme"], columns[f"{part}_CodeValue"]
            assert coding in ("SCT", "99SPINEGT")
            assert code.isdigit() if coding == "SCT" else len(code) <= 16  # DICOM's limit for a code value


def test_asking_for_what_a_scheme_lacks_says_so():
    with pytest.raises(LabelError, match="'canal' has no value for 'cord'"):
        scheme("canal").value_of("cord")
    with pytest.raises(LabelError, match="7 is not part"):
        scheme("canal")[7]
    with pytest.raises(UsageError, match="no label scheme called 'spines'"):
        scheme("spines")


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("\ufeff" + HEADER + "\r\n" + row("7").replace("\n", "\r\n"), encoding="utf-8")
    assert read_scheme(path)[7].structure.key == "cord"


def row(value: str, key: str = "cord", red: str = "10") -> str:
    return f"{value},name,{red},20,30,255" + "," * 16 + f"{key}\n"


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        (row("one"), 2, "one"),
        (row("1", key="chord"), 2, "no structure called 'chord'"),
        (row("1") + row("1", key="sacrum"), 3, "1 already stands in line 2"),
        (row("0", key="") + row("1") + row("2"), 4, "cord already stands in line 3"),
        (row("-4"), 2, "above 0"),
        (row("1", red="256"), 2, "0 to 255"),
        (row("1", red=""), 2, "invalid literal"),
        ("1,cord\n", 2, "fewer fields"),
        ('1,"cord\n', 2, "end of data"),
    ],
)
def test_a_bad_row_of_a_scheme_is_named_with_file_and_line(tmp_path, rows, line, words):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "\n" + rows, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"mine\.csv, line {line}: .*{words}"):
        read_scheme(path)


def test_a_file_that_is_no_colour_table_is_refused(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.csv, line 1: .*LabelValue"):
        read_scheme(path)
    path.write_bytes(HEADER.encode() + b"\n\xff\xfe\n")
    with pytest.raises(UsageError, match=r"mine\.csv, line 2: .*UTF-8"):
        read_scheme(path)


def test_the_readme_documents_the_house_values_as_they_are():
    readme = (SCHEMES.parent / "README.md").read_text(encoding="utf-8")
    documented = {int(value): key for value, key in re.findall(r"^\| (\d+) \| `(\S+)` \|", readme, re.MULTILINE)}
    house = meanings("spine")
    assert documented == {value: house[value] for value in documented}
    assert set(documented) >= set(house) - set(meanings("totalspineseg"))
