"""evaluate, compare and consensus, as a user runs them."""

import csv
import json

import numpy as np
import pytest
from small_masks import label_map

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import Image, read_labels, write_image, write_labels

HOSTILE = "<script>alert(1)</script>"


def mask(*values):
    """Rootlets of one level after the other down the spine, 3 slices each."""
    array = np.zeros((4, 4, 3 * len(values)), np.uint8)
    for n, value in enumerate(values):
        array[1:3, 1:3, 3 * n : 3 * n + 3] = value
    return label_map(array, "rootlets")


def folder_of(root, name, *masks):
    for n, labels in enumerate(masks, start=1):
        path = root / name / f"sub-{n:02d}" / "anat" / f"sub-{n:02d}_T2w_label-rootlets_dseg.nii.gz"
        path.parent.mkdir(parents=True)
        write_labels(path, labels)
    return root / name


@pytest.fixture
def truths(tmp_path):
    return folder_of(tmp_path, "truth", *[mask(5, 4, 3)] * 7)


def test_evaluate_tells_scores_and_saves_tables_and_a_page(program, tmp_path, truths):
    model = folder_of(tmp_path, "model", *[mask(5, 4, 3)] * 6, mask(5, 4, 0))
    done = program("evaluate", model, truths, "--output", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    c3 = next(entry for entry in done.json["structures"] if entry["key"] == "rootlets_C3")
    assert (c3["cases"], c3["missed"]) == (7, 1)
    assert c3["dice"]["mean"] == pytest.approx(6 / 7)
    with (tmp_path / "out" / "structures.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert {row["case"] for row in rows} == {f"sub-{n:02d}_T2w" for n in range(1, 8)}
    assert [row["hd95_mm"] for row in rows if row["presence"] == "missed"] == ["n/a"]
    page = (tmp_path / "out" / "metrics.html").read_text()
    assert "C3 rootlets" in page
    assert ">nan<" not in page.lower()
    assert "http" not in page.replace("http-equiv", "")


def test_a_case_that_the_model_failed_on_is_not_forgotten(program, tmp_path, truths):
    model = folder_of(tmp_path, "model", *[mask(5, 4, 3)] * 6)
    done = program("evaluate", model, truths, "--json")
    assert done.code == 3
    assert [failure["case"] for failure in done.json["failed"]] == ["sub-07_T2w"]


def test_two_masks_of_one_case_are_not_guessed_between(program, tmp_path, truths):
    twin = truths / "sub-01" / "anat" / "sub-01_T2w_label-rootlets_desc-refined_dseg.nii.gz"
    write_labels(twin, mask(5))
    done = program("evaluate", truths, truths)
    assert done.code == 20
    assert "sub-01" in done.err


def test_compare_calls_a_model_better_only_if_no_level_gets_worse(program, tmp_path, truths):
    old = folder_of(tmp_path, "old", *[mask(5, 0, 0)] * 7)
    new = folder_of(tmp_path, "new", *[mask(5, 4, 0)] * 7)
    swapped = folder_of(tmp_path, "swapped", *[mask(0, 4, 3)] * 7)
    better = program("compare", old, new, "--truth", truths, "--output", tmp_path / "out", "--json")
    assert (better.code, better.json["verdict"]) == (0, "better")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text())["verdict"] == "better"
    mixed = program("compare", old, swapped, "--truth", truths)
    assert "MIXED" in mixed.out
    assert "C5 rootlets" in mixed.out


def test_compare_takes_two_ground_truths(program, tmp_path, truths):
    other = folder_of(tmp_path, "other", *[mask(5, 4, 0)] * 7)
    done = program("compare", other, truths, "--prediction", truths, "--json")
    assert (done.code, done.json["verdict"]) == (0, "better")
    assert program("compare", other, truths).code == 2


def test_consensus_of_a_dataset_lies_beside_the_raters_masks(program, tmp_path):
    truth = mask(5, 4, 3)
    image = Image(np.ones(truth.geometry.shape, np.int16), truth.geometry)
    (tmp_path / "ds" / "sub-01" / "anat").mkdir(parents=True)
    write_image(tmp_path / "ds" / "sub-01" / "anat" / "sub-01_T2w.nii.gz", image)
    labels = tmp_path / "ds" / "derivatives" / "labels" / "sub-01" / "anat"
    labels.mkdir(parents=True)
    for rater, drawn in (("1", mask(5, 4, 3)), ("2", mask(5, 4, 0)), ("3", mask(5, 4, 3))):
        write_labels(labels / f"sub-01_T2w_label-rootlet_rater{rater}.nii.gz", drawn)
    done = program("consensus", tmp_path / "ds", "--json")
    assert done.code == 0, done.err
    saved = {path.rpartition("_desc-")[2]: path for path in done.json["cases"][0]["saved"]}
    assert set(saved) == {"staple_dseg.nii.gz", "majority_dseg.nii.gz"}
    for path in saved.values():
        assert np.array_equal(read_labels(tmp_path / path, scheme("rootlets")).array, truth.array)
    again = program("consensus", tmp_path / "ds", "--json")
    assert again.json["cases"][0]["agreement"]["raters"] == ["rater1", "rater2", "rater3"]
    assert len(Dataset.open(tmp_path / "ds").cases()) == 1


def test_a_dataset_with_cord_and_junction_tells_how_much_the_heights_of_levels_vary(program, tmp_path):
    shape = (4, 4, 40)

    def volume(kind, value, slices):
        array = np.zeros(shape, np.uint8)
        array[1:3, 1:3, slices] = value
        return label_map(array, kind)

    drawn = {
        "ses-1": {"ann": slice(20, 23), "bob": slice(22, 25)},
        "ses-2": {"ann": slice(20, 23), "bob": slice(20, 23)},
    }
    for session, raters in drawn.items():
        image, labels = (tmp_path / "ds" / part / "sub-01" / session / "anat" for part in ("", "derivatives/labels"))
        image.mkdir(parents=True)
        labels.mkdir(parents=True)
        stem = f"sub-01_{session}_T2w"
        write_image(image / f"{stem}.nii.gz", Image(np.ones(shape, np.int16), volume("cord", 1, slice(0)).geometry))
        write_labels(labels / f"{stem}_label-SC_seg.nii.gz", volume("cord", 1, slice(0, 35)))
        write_labels(labels / f"{stem}_label-discs_dlabel.nii.gz", volume("sct_discs", 50, slice(37, 38)))
        for rater, slices in raters.items():
            write_labels(labels / f"{stem}_label-rootlets_desc-{rater}_dseg.nii.gz", volume("rootlets", 5, slices))
    done = program("consensus", tmp_path / "ds", "--json")
    assert done.code == 0, done.err
    by_case = [case["variation_percent"]["spinal_level_C5"] for case in done.json["cases"]]
    assert by_case == [pytest.approx(np.std([16, 14], ddof=1) / 15 * 100, abs=0.1), 0]
    assert done.json["variation"]["raters"]["spinal_level_C5"] == {
        "groups": 2,
        "percent": pytest.approx(by_case[0] / 2),
    }
    assert done.json["variation"]["scans of a person"]["spinal_level_C5"]["groups"] == 1
    assert "Variation between raters" in program("consensus", tmp_path / "ds").out


def test_names_in_a_page_are_never_run(tmp_path):
    from SpineGTRefineLib.cli.report.evaluation import render_evaluation
    from SpineGTRefineLib.learning.evaluation import evaluate_case

    case = evaluate_case(mask(5), mask(5), name=HOSTILE)
    page = render_evaluation([case], prediction=HOSTILE, truth=HOSTILE, failed=[{"case": HOSTILE, "cause": HOSTILE}])
    assert "<script" not in page
