"""Phantoms are exact, the same on every machine, and their model-like outputs err only where they are told to."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.phantoms import (
    Defect,
    canal_like,
    make_dataset,
    make_mouse,
    make_spine,
    spineps_like,
    storage_variant,
    totalspineseg_like,
)

HASHES = json.loads((Path(__file__).parent / "label_hashes.json").read_text(encoding="utf-8"))
SPINE = scheme("spine")


def label_hash(*maps):
    digest = hashlib.sha256()
    for labels in maps:
        digest.update(np.ascontiguousarray(labels.array.astype("<u2")).tobytes())
    return digest.hexdigest()


SCANS = {
    "whole": {"seed": 11, "spacing": 3.0},
    "lumbar-L6-oblique": {"seed": 12, "spacing": 2.0, "region": "lumbar", "variant": "L6", "oblique": (7.0, 5.0, -6.0)},
    "cervical-thick": {"seed": 13, "spacing": (3.5, 1.5, 1.5), "region": "cervical", "axcodes": "LAS"},
}


@pytest.mark.parametrize("name", SCANS)
def test_a_seed_gives_the_committed_masks_on_every_machine(name):
    phantom = make_spine(**SCANS[name])
    maps = (phantom.spine, phantom.canal, phantom.cord, phantom.rootlets, phantom.semantic)
    assert label_hash(*maps) == HASHES[name]


def test_the_mouse_is_the_same_on_every_machine():
    assert label_hash(make_mouse(5, shape=(40, 40, 12)).gmwm) == HASHES["mouse"]


def test_seeds_differ_and_equal_seeds_agree_also_in_the_image():
    one, again, other = (make_spine(seed, spacing=4.0, region="lumbar") for seed in (1, 1, 2))
    assert (one.image.array == again.image.array).all()
    assert one.spine.array.shape != other.spine.array.shape or (one.spine.array != other.spine.array).any()


@pytest.mark.parametrize(
    ("variant", "present", "absent"),
    [
        ("usual", "vertebra_T12 vertebra_L5 disc_T12-L1 disc_L-S", "vertebra_T13 vertebra_L6"),
        ("T13", "vertebra_T13 disc_T12-T13 disc_T13-L1 vertebra_L5", "disc_T12-L1 vertebra_L6"),
        ("L6", "vertebra_L6 disc_L5-L6 disc_L-S", "vertebra_T13"),
        ("4-lumbar", "vertebra_L4 disc_L-S", "vertebra_L5 disc_L4-L5"),
        ("11-thoracic", "vertebra_T11 vertebra_L1 vertebra_L5", "vertebra_T12 disc_T12-L1"),
    ],
)
def test_variants_have_the_vertebrae_and_discs_of_their_anatomy(variant, present, absent):
    phantom = make_spine(3, spacing=3.0, variant=variant)
    values = set(phantom.spine.values())
    assert {SPINE.value_of(key) for key in present.split()} <= values
    assert not {SPINE.value_of(key) for key in absent.split()} & values
    assert phantom.spine.unknown_values() == ()


def test_masks_agree_with_each_other():
    phantom = make_spine(4, spacing=2.0, region="thoracic")
    spine, canal, cord = (m.array > 0 for m in (phantom.spine, phantom.canal, phantom.cord))
    assert not (spine & canal).any()
    assert not (cord & ~canal).any()
    assert not ((phantom.rootlets.array > 0) & (cord | ~canal)).any()
    assert ((phantom.spine.array == SPINE.value_of("sacrum")) == (phantom.sacrum.array > 0)).all()
    assert phantom.semantic.unknown_values() == ()


@pytest.mark.slow
def test_every_whole_level_is_one_piece():
    phantom = make_spine(5, spacing=1.5, region="lumbar", width=110.0)
    for level in ("T12", "L1", "L2", "L3", "L4", "L5"):
        pieces, _ = ndimage.label(phantom.spine.array == SPINE.value_of(f"vertebra_{level}"), np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel())[1:]
        assert sizes.max() >= 0.98 * sizes.sum(), level


@pytest.mark.parametrize(("contrast", "brighter"), [("T2w", True), ("T1w", False)])
def test_spinal_fluid_is_bright_in_t2w_and_dark_in_t1w(contrast, brighter):
    phantom = make_spine(6, spacing=1.5, region="cervical", contrast=contrast)
    cord = phantom.cord.array > 0
    fluid = ndimage.binary_erosion(phantom.canal.array > 0) & ~ndimage.binary_dilation(cord)
    fluid &= phantom.rootlets.array == 0
    bone = np.isin(phantom.spine.array, [e.value for e in SPINE.of_kind("vertebra")])
    means = [float(phantom.image.array[mask].mean()) for mask in (fluid, cord, bone)]
    assert (means[0] > 1.3 * max(means[1:])) is brighter


def test_border_voxels_hold_a_mix_of_both_tissues():
    phantom = make_spine(6, spacing=2.0, region="lumbar", noise=0.0, bias=0.0)
    canal = phantom.canal.array > 0
    rim = phantom.image.array[canal & ~ndimage.binary_erosion(canal)]
    fluid = np.percentile(rim, 90)
    mixed = (rim > 0.45 * fluid) & (rim < 0.85 * fluid)
    assert mixed.mean() > 0.3


@pytest.mark.parametrize("axcodes", ["LAS", "PIR", "SRP"])
def test_a_storage_variant_keeps_every_voxel_in_its_place(axcodes):
    phantom = make_spine(7, spacing=4.0, region="lumbar", oblique=(9.0, 0.0, 4.0))
    turned = storage_variant(phantom.spine, axcodes)
    assert turned.geometry.axcodes == axcodes
    for value in phantom.spine.values()[::4]:
        before = phantom.spine.geometry.to_world(np.argwhere(phantom.spine.array == value))
        after = turned.geometry.to_world(np.argwhere(turned.array == value))
        assert np.allclose(np.sort(before, axis=0), np.sort(after, axis=0), atol=1e-9)
    made = make_spine(7, spacing=4.0, region="lumbar", oblique=(9.0, 0.0, 4.0), axcodes=axcodes)
    assert (made.spine.array == turned.array).all()
    assert made.image.geometry.matches(turned.geometry)


def test_unknown_wishes_are_refused_with_the_choices():
    for wish in ({"variant": "L8"}, {"region": "knee"}, {"contrast": "PDw"}):
        with pytest.raises(UsageError, match="Choose one of"):
            make_spine(0, spacing=5.0, **wish)
    with pytest.raises(UsageError):
        make_spine(0, spacing=0.0)


@pytest.fixture(scope="module")
def lumbar():
    return make_spine(8, spacing=2.0, region="lumbar", rootlets=False)


def majority(labels, mask):
    """The value that most of a mask's voxels have."""
    return int(np.bincount(labels.array[mask]).argmax())


def level_mask(phantom, key):
    return ndimage.binary_erosion(phantom.spine.array == SPINE.value_of(key))


def test_spineps_counts_from_two_or_names_levels(lumbar):
    ordinal = spineps_like(lumbar).vert
    vertebrae = [v for v in ordinal.values() if v < 26]
    assert vertebrae == list(range(2, 2 + len(vertebrae)))
    named = spineps_like(lumbar, ids="labelled").vert
    for key, value in (("vertebra_T12", 19), ("vertebra_L1", 20), ("vertebra_L5", 24), ("disc_L-S", 124)):
        assert majority(named, level_mask(lumbar, key)) == value
    for labels in (ordinal, named):
        assert labels.unknown_values() == ()
        assert labels.array.dtype == np.uint16


def test_spineps_never_sees_c1_and_calls_t13_28():
    cervical = make_spine(9, spacing=2.5, region="cervical")
    vert = spineps_like(cervical, wobble_voxels=0.0).vert
    assert not vert.array[cervical.spine.array == SPINE.value_of("vertebra_C1")].any()
    transitional = make_spine(9, spacing=2.5, region="lumbar", variant="T13")
    assert majority(spineps_like(transitional, ids="labelled").vert, level_mask(transitional, "vertebra_T13")) == 28


def test_endplates_belong_to_the_vertebra_above_them(lumbar):
    named = spineps_like(lumbar, ids="labelled", wobble_voxels=0.0)
    plates = named.semantic.array == 62
    height = lumbar.spine.geometry.to_world(np.argwhere(plates & (named.vert.array == 222)))[:, 2]
    three, four = (lumbar.skeleton.vertebra(level).frame.center[2] for level in ("L3", "L4"))
    assert four < height.min() < height.max() < three


def test_totalspineseg_has_cord_and_canal_and_calls_t13_l1(lumbar):
    labels = totalspineseg_like(lumbar)
    assert {1, 2, 44, 50, 100} <= set(labels.values())
    assert labels.unknown_values() == ()
    transitional = make_spine(9, spacing=2.5, region="lumbar", variant="T13")
    counted = totalspineseg_like(transitional)
    assert majority(counted, level_mask(transitional, "vertebra_T13")) == 41
    assert majority(counted, level_mask(transitional, "vertebra_L5")) == 46
    assert majority(counted, level_mask(transitional, "disc_L-S")) == 100


def test_without_wobble_and_errors_the_outputs_are_exact_with_wobble_they_differ_at_the_border_only(lumbar):
    exact = totalspineseg_like(lumbar, wobble_voxels=0.0)
    bone = lumbar.spine.array > 0
    assert (exact.array[bone] == lumbar.spine.array[bone]).all()
    rough = totalspineseg_like(lumbar)
    changed = rough.array != exact.array
    assert 0.0 < changed.mean() < 0.05
    inner = ndimage.distance_transform_edt(exact.array == 43) > 2
    assert not changed[inner].any()
    overlap = (canal_like(lumbar).array > 0) & (lumbar.canal.array > 0)
    assert 0.8 < overlap.sum() / (lumbar.canal.array > 0).sum() < 1.0


def test_each_defect_does_what_it_says_to_spineps(lumbar):
    def ids(kind):
        vert = spineps_like(lumbar, [Defect(kind, "vertebra_L3")], wobble_voxels=0.0).vert
        return vert, [v for v in vert.values() if v < 26]

    clean = [v for v in spineps_like(lumbar).vert.values() if v < 26]
    mask = {level: level_mask(lumbar, f"vertebra_{level}") for level in ("L2", "L3", "L4")}
    split, values = ids("split")
    assert len(values) == len(clean) + 1
    assert len({v for v in np.unique(split.array[mask["L3"]]) if 0 < v < 26}) == 2
    merged, values = ids("merged")
    assert len(values) == len(clean) - 1
    assert majority(merged, mask["L3"]) == majority(merged, mask["L4"])
    missing, values = ids("missing")
    assert len(values) == len(clean) - 1
    assert not missing.array[mask["L3"]].any()
    extra, values = ids("extra")
    assert len(values) == len(clean) + 1
    assert majority(extra, mask["L4"]) == majority(spineps_like(lumbar).vert, mask["L4"]) + 1
    leak, _ = ids("leak")
    assert (leak.array[lumbar.canal.array > 0] == majority(leak, mask["L3"])).any()


def test_shifted_names_every_level_below_one_too_low(lumbar):
    shifted = totalspineseg_like(lumbar, [Defect("shifted", "vertebra_L3")])
    for key, value in (
        ("vertebra_L2", 42),
        ("vertebra_L3", 44),
        ("vertebra_L5", 46),
        ("disc_L3-L4", 95),
        ("sacrum", 50),
    ):
        assert majority(shifted, level_mask(lumbar, key)) == value
    named = spineps_like(lumbar, [Defect("shifted", "vertebra_L3")], ids="labelled").vert
    assert majority(named, level_mask(lumbar, "vertebra_L3")) == 23


def test_a_structure_outside_the_view_cannot_be_spoilt(lumbar):
    with pytest.raises(UsageError, match="vertebra_C4"):
        totalspineseg_like(lumbar, [Defect("missing", "vertebra_C4")])


@pytest.mark.slow
def test_the_dataset_has_the_names_that_the_tools_give(tmp_path):
    made = make_dataset(tmp_path)
    assert sorted(made.phantoms) == ["sub-01_T2w", "sub-02_T2w", "sub-03_T2w"]
    for path in (
        made.root / "dataset_description.json",
        made.root / "participants.tsv",
        made.root / "sub-01" / "anat" / "sub-01_T2w.nii.gz",
        made.root / "derivatives" / "labels" / "sub-01" / "anat" / "sub-01_T2w_label-spine_dseg.nii.gz",
        made.spineps / "sub-01_mod-T2w_seg-vert_msk.nii.gz",
        made.spineps / "sub-01_mod-T2w_seg-spine_msk.nii.gz",
        made.totalspineseg / "step2_output" / "sub-01_T2w.nii.gz",
        made.canal / "sub-01_T2w_label-canal_seg.nii.gz",
    ):
        assert path.is_file(), path
