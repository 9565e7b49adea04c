"""``refine spine``: one new mask per case; what fails is named, the others finish."""

import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import read_labels

MASK = "derivatives/spine-gt-refine/sub-{}/anat/sub-{}_space-T2w_seg-spine_desc-refined_dseg.nii.gz"


@pytest.fixture
def refine(program, dataset, outputs):
    def run(*more, **folders):
        places = {
            "spineps": outputs / "spineps",
            "totalspineseg": outputs / "totalspineseg",
            "canal": outputs / "canal",
        }
        places |= {"images": dataset, **folders}
        arguments = [text for name, place in places.items() if place for text in (f"--{name}", place)]
        return program("refine", "spine", *arguments, *more)

    return run


def masks_of(dataset):
    return [(dataset / MASK.format(subject, subject)).exists() for subject in ("01", "02")]


def test_every_case_gets_a_mask_with_its_levels(refine, dataset):
    outcome = refine("--json")
    assert outcome.code == 0, outcome.err
    assert [(case["case"], case["succeeded"]) for case in outcome.json["cases"]] == [
        ("sub-01_T2w", True),
        ("sub-02_T2w", True),
    ]
    labels = read_labels(dataset / MASK.format("01", "01"), scheme("spine"))
    assert {labels.scheme.value_of(f"vertebra_L{n}") for n in (2, 3, 4)} <= set(labels.values())


def test_people_are_told_what_was_decided_and_where_it_is(refine):
    outcome = refine()
    assert "sub-01_T2w" in outcome.out
    assert "Saved in" in outcome.out


def test_one_damaged_file_is_named_and_the_other_case_finishes(refine, dataset, outputs):
    file = outputs / "totalspineseg" / "sub-01_T2w.nii.gz"
    file.write_bytes(file.read_bytes()[:1000])
    outcome = refine("--json")
    assert outcome.code == 3
    first, second = outcome.json["cases"]
    assert (first["succeeded"], first["error"]["class"]) == (False, "CorruptFileError")
    assert second["succeeded"] is True
    assert masks_of(dataset) == [False, True]


def test_the_summary_for_people_says_why_a_case_failed(refine, outputs):
    (outputs / "canal" / "sub-02_T2w_label-canal_seg.nii.gz").unlink()
    outcome = refine()
    assert outcome.code == 3
    assert "sub-02_T2w" in outcome.out
    assert "left no file" in outcome.out
    assert "1 of 2 cases failed: sub-02_T2w" in outcome.error_lines[0]


def test_only_the_cases_asked_for(refine, dataset):
    assert refine("--case", "sub-02").code == 0
    assert masks_of(dataset) == [False, True]


def test_only_the_output_folder_of_the_dataset_changes(refine, dataset, state):
    before = state(dataset)
    refine()
    after = state(dataset)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("derivatives/spine-gt-refine/") for name in after.keys() - before.keys())


def test_without_images_the_output_must_be_named(refine, tmp_path):
    assert refine(images=None).code == 2
    outcome = refine("--output", tmp_path / "out", images=None)
    assert outcome.code == 0, outcome.err
    assert len(list((tmp_path / "out").rglob("*_dseg.nii.gz"))) == 2


@pytest.mark.parametrize("folder", ["spineps", "totalspineseg", "canal", "images"])
def test_a_missing_folder(refine, tmp_path, folder):
    outcome = refine(**{folder: tmp_path / "none"})
    assert outcome.code == 15
    assert len(outcome.error_lines) == 2


def test_a_folder_without_masks_is_an_error_with_a_remedy(refine, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = refine(spineps=tmp_path / "empty")
    assert outcome.code == 15
    assert "SPINEPS" in outcome.error_lines[-1]


def test_an_unknown_policy(refine):
    outcome = refine("--policy", "magic")
    assert outcome.code == 2
    assert "anatomical, compatible" in outcome.error_lines[-1]


def test_an_unknown_case(refine):
    assert refine("--case", "sub-77").code == 2


def test_a_missing_option_is_a_usage_error(program):
    assert program("refine", "spine").code == 2
