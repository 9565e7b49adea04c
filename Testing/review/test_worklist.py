"""The worklist: resume where you stopped, the riskiest first, and lists of other tools understood."""

import numpy as np
import pytest

from SpineGTRefineLib.bids import Dataset, mask_type
from SpineGTRefineLib.bids.events import Event, record
from SpineGTRefineLib.bids.ranking import RankedMask, ranking_path, read_ranking, write_ranking
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import Geometry, Image, write_image
from SpineGTRefineLib.review.lists import export_table, export_yaml, import_list
from SpineGTRefineLib.review.worklist import Filter, Worklist

SPINE, CANAL = mask_type("spine"), mask_type("canal")


@pytest.fixture
def dataset(tmp_path):
    for name in ("sub-01_T2w", "sub-02_T2w", "sub-02_T1w", "sub-03_acq-sag_T2w"):
        path = tmp_path / "data" / name.split("_")[0] / "anat" / f"{name}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, Image(np.zeros((3, 3, 3), np.int16), Geometry((3, 3, 3), np.eye(4))))
    return Dataset.open(tmp_path / "data")


def say(dataset, case, status, rater="AB", **more):
    record(dataset.output, Event(case, "spine", status, rater, **more))


def keys(worklist):
    return [item.case.key for item in worklist]


def test_every_case_is_to_do_at_first(dataset):
    worklist = Worklist(dataset, "AB", [SPINE, CANAL])
    assert len(worklist.items()) == 8
    assert {item.status for item in worklist} == {"todo"}
    assert worklist.progress() == (0, 8)


def test_the_next_day_starts_at_the_first_mask_that_is_not_done(dataset):
    say(dataset, "sub-01_T2w", "corrected", seconds=60)
    say(dataset, "sub-02_T1w", "excluded", reason="motion")
    worklist = Worklist(dataset, "AB", [SPINE])
    assert worklist.first_to_do().case.key == "sub-02_T2w"
    assert worklist.item(("sub-01_T2w", "spine")).seconds == 60
    assert worklist.progress() == (2, 4)


def test_next_and_next_to_do_differ(dataset):
    say(dataset, "sub-02_T1w", "accepted-unchanged")
    worklist = Worklist(dataset, "AB", [SPINE])
    assert keys(worklist) == ["sub-01_T2w", "sub-02_T1w", "sub-02_T2w", "sub-03_acq-sag_T2w"]
    here = ("sub-01_T2w", "spine")
    assert worklist.neighbor(here, 1).case.key == "sub-02_T1w"
    assert worklist.next_to_do(here).case.key == "sub-02_T2w"
    assert worklist.next_to_do(("sub-03_acq-sag_T2w", "spine")).case.key == "sub-01_T2w"
    assert worklist.neighbor(here, -1) is None


def test_the_way_back_passes_over_what_is_done_and_ends_at_the_top(dataset):
    say(dataset, "sub-02_T1w", "accepted-unchanged")
    worklist = Worklist(dataset, "AB", [SPINE])
    assert worklist.previous_to_do(("sub-02_T2w", "spine")).case.key == "sub-01_T2w"
    assert worklist.previous_to_do(("sub-01_T2w", "spine")) is None


def test_a_flagged_mask_still_waits_for_somebody(dataset):
    say(dataset, "sub-01_T2w", "flagged", reason="T5 unsure")
    assert Worklist(dataset, "AB", [SPINE]).first_to_do().case.key == "sub-01_T2w"


def test_the_riskiest_masks_come_first_with_the_reason(dataset):
    rows = [
        RankedMask("sub-02_T2w", "spine", 0.9, "T5 twice", "vertebra_T5", "2:14"),
        RankedMask("sub-01_T2w", "spine", 0.2),
    ]
    write_ranking(ranking_path(dataset.output), rows)
    worklist = Worklist(dataset, "AB", [SPINE])
    assert keys(worklist)[:2] == ["sub-02_T2w", "sub-01_T2w"]
    assert worklist.items()[0].reason == "T5 twice"
    worklist.by_risk = False
    assert keys(worklist)[0] == "sub-01_T2w"
    assert read_ranking(ranking_path(dataset.output))["sub-02_T2w", "spine"] == rows[0]


def test_a_damaged_ranking_names_its_line(dataset):
    path = ranking_path(dataset.output)
    path.parent.mkdir(parents=True)
    path.write_text("case\tmask_type\trisk\nsub-01_T2w\tspine\thigh\n")
    with pytest.raises(InputError, match="line 2"):
        Worklist(dataset, "AB", [SPINE])


def test_a_dataset_is_worked_on_for_the_masks_that_it_has_and_else_for_the_spine(dataset):
    assert Filter.of_kinds_in(dataset).mask_types == {"spine"}
    lab = dataset.root / "derivatives" / "labels" / "sub-01" / "anat" / "sub-01_T2w_label-canal_mask.nii.gz"
    lab.parent.mkdir(parents=True)
    write_image(lab, Image(np.zeros((3, 3, 3), np.uint8), Geometry((3, 3, 3), np.eye(4))))
    assert Filter.of_kinds_in(Dataset.open(dataset.root)).mask_types == {"canal"}


def test_filters_narrow_the_list(dataset):
    say(dataset, "sub-01_T2w", "corrected")
    worklist = Worklist(dataset, "AB", [SPINE, CANAL])
    worklist.filter = Filter(mask_types=frozenset({"spine"}), contrasts=frozenset({"T2w"}), text="SUB-0")
    assert keys(worklist) == ["sub-01_T2w", "sub-02_T2w", "sub-03_acq-sag_T2w"]
    worklist.filter = Filter(statuses=frozenset({"corrected"}))
    assert keys(worklist) == ["sub-01_T2w"]


def test_a_blind_rater_sees_no_verdict_of_others(dataset):
    say(dataset, "sub-01_T2w", "flagged", rater="CD")
    assert Worklist(dataset, "AB", [SPINE], blind=True).items()[0].status == "todo"
    assert Worklist(dataset, "CD", [SPINE], blind=True).items()[0].status == "flagged"
    assert Worklist(dataset, "AB", [SPINE]).items()[0].rater == "CD"


def test_the_fail_list_of_scts_report_becomes_a_worklist(dataset, tmp_path):
    listed = tmp_path / "qc_fail.yml"
    listed.write_text(
        "FILES_SEG:\n- /home/lab/data/sub-02/anat/sub-02_T2w.nii.gz  # leaks\n"
        "- 'sub-03_acq-sag_T2w_label-canal_seg.nii.gz'\n- sub-99_T2w.nii.gz\n"
    )
    found = import_list(listed, dataset)
    assert found.cases == ("sub-02_T2w", "sub-03_acq-sag_T2w")
    assert found.missing == ("sub-99_T2w.nii.gz",)
    assert keys(Worklist(dataset, "AB", [SPINE], chosen=found.cases)) == list(found.cases)


def test_what_manual_correction_has_done_is_left_out(dataset, tmp_path):
    listed = tmp_path / "list.yaml"
    listed.write_text("FILES_SEG:\n- sub-01_T2w.nii.gz\nCORR_SEG:\n- sub-02_T2w.nii.gz\nFILES_GMSEG: []\n")
    assert import_list(listed, dataset).cases == ("sub-01_T2w",)


def test_the_wildcard_of_manual_correction_means_all(dataset, tmp_path):
    listed = tmp_path / "list.yml"
    listed.write_text("FILES_SEG:\n- '*'\n")
    assert len(import_list(listed, dataset).cases) == 4


@pytest.mark.parametrize("text", ["FILES_SEG: sub-01_T2w.nii.gz\n", "- sub-01_T2w.nii.gz\n", "FILES_SEG:\n  a b c\n"])
def test_a_list_that_is_none_names_the_line(dataset, tmp_path, text):
    listed = tmp_path / "list.yml"
    listed.write_text(text)
    with pytest.raises(InputError, match="line"):
        import_list(listed, dataset)


def test_tables_with_and_without_a_header_are_read_and_written(dataset, tmp_path):
    table = tmp_path / "list.tsv"
    table.write_text("file\tnote\nsub-02_T1w.nii.gz\tblurred\n")
    assert import_list(table, dataset).cases == ("sub-02_T1w",)
    say(dataset, "sub-01_T2w", "flagged", rater="=cmd()")
    worklist = Worklist(dataset, "AB", [SPINE])
    export_table(table, worklist)
    assert "\t=cmd()" not in table.read_text()
    assert import_list(table, dataset).cases == tuple(keys(worklist))
    export_yaml(tmp_path / "out.yml", worklist)
    assert import_list(tmp_path / "out.yml", dataset).cases == tuple(keys(worklist))
