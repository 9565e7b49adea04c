"""File names are understood whatever habit made them, and written in the order of the standard."""

import pytest

from SpineGTRefineLib.bids.masktypes import is_mask_name, mask_type, mask_types, read_mask_name
from SpineGTRefineLib.bids.names import is_valid_id, join_name, parse_name
from SpineGTRefineLib.bids.profiles import ImageName, profile
from SpineGTRefineLib.errors import UsageError

READINGS = [
    # valid BIDS
    ("sub-01_space-T2w_seg-spine_desc-refined_dseg", "spine", "T2w"),
    ("sub-01_ses-M0_acq-sag_run-2_space-T2w_label-canal_desc-refined_mask", "canal", "T2w"),
    ("sub-01_space-orig_label-canal_desc-refined_mask", "canal", ""),
    # the lab's style
    ("sub-01_T2w_label-SC_seg", "cord", "T2w"),
    ("sub-01_T2w_label-canal_seg", "canal", "T2w"),
    ("sub-01_T2star_label-spine_dseg", "spine", "T2star"),
    ("sub-01_T2w_label-discs_dlabel", "discs", "T2w"),
    ("sub-01_T2w_label-rootlets_dseg", "rootlets", "T2w"),
    ("sub-01_T2w_space-other_label-SC_seg", "cord", "T2w"),
    ("sub-01_T2w_label-GM_seg", "gmwm", "T2w"),
    # desc before and after label
    ("sub-01_T2w_desc-staple_label-rootlets_dseg", "rootlets", "T2w"),
    ("sub-01_T2w_label-discs_desc-warp_dlabel", "discs", "T2w"),
    # older names
    ("sub-01_T2w_seg-manual", "cord", "T2w"),
    ("sub-01_T2w_seg", "cord", "T2w"),
    ("sub-01_T2w_RPI_r_seg", "cord", "T2w"),
    ("sub-01_T2w_gmseg", "gmwm", "T2w"),
    ("sub-01_T2star_gmseg-manual", "gmwm", "T2star"),
    ("sub-01_T2w_labels-disc-manual", "discs", "T2w"),
    ("sub-01_T2w_label-rootlet", "rootlets", "T2w"),
    ("sub-01_T2w_label-rootlet_rater2", "rootlets", "T2w"),
    ("sub-01_T2w_label-rootlet_staple", "rootlets", "T2w"),
    ("sub-01_T2w_label-GM_mask", "gmwm", "T2w"),
]


@pytest.mark.parametrize(("stem", "kind", "contrast"), READINGS, ids=[reading[0] for reading in READINGS])
def test_every_naming_habit_of_the_lab_and_of_bids_is_understood(stem, kind, contrast):
    parsed = parse_name(f"{stem}.nii.gz")
    reading = read_mask_name(parsed)
    assert is_mask_name(parsed)
    assert reading.mask_type == mask_type(kind)
    assert reading.contrast == contrast
    assert reading.image_entities["sub"] == "01"
    assert not set(reading.image_entities) & {"label", "labels", "seg", "space", "desc"}


@pytest.mark.parametrize("stem", ["sub-01_T2w_label-lesion_seg", "sub-01_T2w_mask", "sub-01_T2w_label-SC_softseg"])
def test_a_mask_that_we_do_not_handle_is_a_mask_of_no_type(stem):
    parsed = parse_name(f"{stem}.nii.gz")
    assert is_mask_name(parsed)
    assert read_mask_name(parsed).mask_type is None


@pytest.mark.parametrize("stem", ["sub-01_T2w", "sub-01_acq-sag_run-1_T1w", "sub-01_flip-1_mt-on_MTS", "sub-01_UNIT1"])
def test_an_image_is_not_taken_for_a_mask(stem):
    assert not is_mask_name(parse_name(f"{stem}.nii.gz"))


@pytest.mark.parametrize(
    "name", ["sub-01_T2w copy.nii.gz", "sub-01\nT2w.nii.gz", "sub-é_T2w.nii.gz", "sub-01;rm_T2w.nii.gz", "a__b.nii.gz"]
)
def test_names_with_other_characters_are_not_parsed(name):
    assert parse_name(name) is None


@pytest.mark.parametrize("text", ["01", "amu02", "A+b"])
def test_ids_are_letters_digits_and_plus(text):
    assert is_valid_id(text)


@pytest.mark.parametrize("text", ["", "..", "../../etc", "01;rm", "01/02", "0 1", "01\n", "é"])
def test_nothing_else_is_an_id(text):
    assert not is_valid_id(text)


def test_entities_are_written_in_the_order_of_the_standard_whatever_order_they_came_in():
    entities = {"desc": "refined", "run": "1", "seg": "spine", "acq": "sag", "space": "T2w", "ses": "A", "sub": "01"}
    assert join_name(entities, "dseg") == "sub-01_ses-A_acq-sag_run-1_space-T2w_seg-spine_desc-refined_dseg"


@pytest.mark.parametrize("style", ["bids", "neuropoly"])
@pytest.mark.parametrize("kind", list(mask_types()))
def test_what_a_profile_writes_the_reader_understands(style, kind):
    image = ImageName("sub-01_ses-A_acq-sag_T2w", {"sub": "01", "ses": "A", "acq": "sag"}, "T2w")
    for desc in ("refined", "proposal"):
        reading = read_mask_name(parse_name(profile(style).mask_stem(image, mask_type(kind), desc) + ".nii.gz"))
        assert (reading.mask_type, reading.contrast, reading.image_entities) == (mask_type(kind), "T2w", image.entities)


def test_the_lab_style_has_the_plain_name_that_the_labs_scripts_look_for():
    image = ImageName("sub-01_T2w", {"sub": "01"}, "T2w")
    assert profile("neuropoly").mask_stem(image, mask_type("cord"), "refined") == "sub-01_T2w_label-SC_seg"


def test_an_unknown_style_or_mask_type_is_refused_with_the_choices():
    with pytest.raises(UsageError, match="bids, neuropoly"):
        profile("fancy")
    with pytest.raises(UsageError, match="spine, canal"):
        mask_type("spin")
