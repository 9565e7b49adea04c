"""Where things lie, and JSON files that many tools have written."""

import json
import os
import sys
from pathlib import Path

import pytest

from SpineGTRefineLib.bids.annex import is_fetched
from SpineGTRefineLib.bids.jsonfiles import MAX_BYTES, keep_bad_json, read_json, require_json, write_json
from SpineGTRefineLib.bids.layout import drafts_folder
from SpineGTRefineLib.errors import InputError, MissingFileError, NotFetchedError
from SpineGTRefineLib.imaging import read_image
from SpineGTRefineLib.userfolders import user_state_folder


def test_drafts_lie_beside_the_output_even_before_it_exists(tmp_path):
    output = tmp_path / "ds" / "derivatives" / "spine-gt-refine"
    assert drafts_folder(output) == output / ".spine-gt-refine" / "drafts"
    assert not output.exists()


def test_drafts_of_a_read_only_dataset_lie_in_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    first, second = drafts_folder(tmp_path / "a"), drafts_folder(tmp_path / "b")
    assert first != second
    assert first.is_relative_to(user_state_folder() / "drafts")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_users_own_folder_exists_on_every_system(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert user_state_folder().is_relative_to(Path.home())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_in_any_usual_encoding_is_read(tmp_path, encoding):
    path = tmp_path / "x.json"
    path.write_bytes('{"Author": "Zoë"}'.encode(encoding))
    found = read_json(path)
    assert found.content == {"Author": "Zoë"}
    assert bool(found.notes) == (encoding != "utf-8")


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff\xfe\x00", b"[" * 200_000, b'{"a": ' * 100_000, b"\x80"])
def test_unusable_json_is_a_problem_never_a_crash(tmp_path, data):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    assert read_json(path).problem
    with pytest.raises(InputError, match=r"x\.json"):
        require_json(path)


def test_a_huge_json_file_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    assert "larger" in read_json(path).problem


def test_a_missing_json_file_is_empty_and_no_problem(tmp_path):
    assert read_json(tmp_path / "x.json").content == {}
    assert not read_json(tmp_path / "x.json").problem


def test_a_key_that_appears_twice_is_noted(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1, "a": 2}')
    assert read_json(path).content == {"a": 2}
    assert "twice" in read_json(path).notes[0]


def test_two_different_bad_files_are_both_kept(tmp_path):
    path = tmp_path / "x.json"
    for data in (b"{bad 1", b"{bad 2", b"{bad 2"):
        path.write_bytes(data)
        write_json(path, {"good": True})
    assert {copy.read_bytes() for copy in tmp_path.glob("*.bak")} == {b"{bad 1", b"{bad 2"}
    assert json.loads(path.read_text()) == {"good": True}
    assert keep_bad_json(path) is None


def test_a_file_whose_content_is_elsewhere_is_told_from_one_that_is_here(tmp_path):
    (tmp_path / "link.nii.gz").symlink_to("nowhere")
    (tmp_path / "pointer.nii.gz").write_text("/annex/objects/MD5E-s1--x\n")
    (tmp_path / "here.nii.gz").write_bytes(b"content")
    assert is_fetched(tmp_path / "here.nii.gz")
    for name in ("link.nii.gz", "pointer.nii.gz", "missing.nii.gz"):
        assert not is_fetched(tmp_path / name)
    for name in ("link.nii.gz", "pointer.nii.gz"):
        with pytest.raises(NotFetchedError, match="datalad get"):
            read_image(tmp_path / name)
    with pytest.raises(MissingFileError, match="no such file"):
        read_image(tmp_path / "missing.nii.gz")
