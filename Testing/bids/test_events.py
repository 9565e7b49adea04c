"""The journal: who said what about which mask, with nothing lost and nothing taken from another."""

import pytest

from SpineGTRefineLib.bids.events import Event, current_status, read_events, record, status_by_rater
from SpineGTRefineLib.errors import UsageError


def journal(tmp_path, *rows):
    for number, (rater, status) in enumerate(rows):
        reason = "moved" if status == "excluded" else ""
        record(tmp_path, Event("sub-01_T2w", "canal", status, rater, reason, time=f"2026-01-01T00:00:0{number}.0Z"))
    return read_events(tmp_path)


def status(events):
    return current_status(events)["sub-01_T2w", "canal"].status


def test_events_come_back_as_they_were_in_order_of_time(tmp_path):
    event = Event("sub-01_T2w", "canal", "corrected", "Zoë & 李", "why not", "ab" * 32, 12.5)
    record(tmp_path, event)
    assert read_events(tmp_path) == (event,)


def test_every_rater_has_an_own_file_even_where_names_look_alike(tmp_path):
    journal(
        tmp_path, ("AB", "corrected"), ("ab", "corrected"), ("A B", "corrected"), ("A/B", "corrected"), ("", "todo")
    )
    assert len(list((tmp_path / ".spine-gt-refine" / "events").iterdir())) == 5


def test_the_host_is_not_named(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "janes-laptop")
    journal(tmp_path, ("AB", "todo"))
    assert "jane" not in str(list(tmp_path.rglob("*")))


def test_the_latest_word_of_a_person_counts(tmp_path):
    assert status(journal(tmp_path, ("", "proposed"), ("AB", "flagged"), ("CD", "corrected"))) == "corrected"


def test_a_new_proposal_does_not_hide_what_a_person_said(tmp_path):
    events = journal(tmp_path, ("AB", "corrected"), ("", "proposed"))
    assert status(events) == "corrected"


def test_two_raters_keep_their_own_statuses(tmp_path):
    events = journal(tmp_path, ("AB", "corrected"), ("CD", "flagged"), ("AB", "accepted-unchanged"))
    by_rater = {key[2]: event.status for key, event in status_by_rater(events).items()}
    assert by_rater == {"AB": "accepted-unchanged", "CD": "flagged"}


@pytest.mark.parametrize("torn", [b'{"case": "sub-01_T2w", "mask_', b'{"case": "sub-0\xff', b"\x00" * 40])
def test_a_line_torn_by_a_power_cut_is_skipped_and_does_not_harm_the_next_one(tmp_path, torn):
    journal(tmp_path, ("AB", "draft"))
    (file,) = (tmp_path / ".spine-gt-refine" / "events").iterdir()
    file.write_bytes(file.read_bytes() + torn)
    assert status(read_events(tmp_path)) == "draft"
    record(tmp_path, Event("sub-01_T2w", "canal", "corrected", "AB"))
    assert status(read_events(tmp_path)) == "corrected"


def test_lines_of_a_later_version_with_more_fields_are_read(tmp_path):
    journal(tmp_path, ("AB", "draft"))
    (file,) = (tmp_path / ".spine-gt-refine" / "events").iterdir()
    file.write_text(file.read_text().replace('"rater"', '"mood": "good", "rater"'))
    assert status(read_events(tmp_path)) == "draft"


def test_a_dataset_without_events_has_no_statuses(tmp_path):
    assert read_events(tmp_path) == ()


def test_only_the_words_of_the_vocabulary_are_recorded(tmp_path):
    with pytest.raises(UsageError, match="accepted-unchanged"):
        Event("sub-01_T2w", "canal", "done")


def test_a_case_is_excluded_for_a_reason_only():
    with pytest.raises(UsageError, match="reason"):
        Event("sub-01_T2w", "canal", "excluded")
