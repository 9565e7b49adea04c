"""Every bad file is refused with its reason, or read with a note; none is changed, and none passes silently."""

from __future__ import annotations

import errno
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from bad_nifti import CASES, BadFile, Expectation, dims, nifti_gz
from small_volumes import LABELS, label_map, scheme_of

from SpineGTRefineLib.errors import (
    CorruptFileError,
    InputError,
    MissingFileError,
    NotFetchedError,
    UnsupportedFileError,
)
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import Geometry, LabelMap, gate, read_image, read_labels

SCHEME = scheme_of(LABELS)


def read_mask(path: Path) -> LabelMap:
    return read_labels(path, SCHEME)


def check(read, path: Path, expected: Expectation) -> None:
    before = sha256_of_file(path)
    if isinstance(expected, type):
        with pytest.raises(expected) as failure:
            read(path)
        assert str(path) in failure.value.cause
        assert failure.value.remedy
    else:
        notes = read(path).source.notes
        assert notes == () if expected is None else any(expected in note for note in notes), notes
    assert sha256_of_file(path) == before


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: f"{bad.number}-{bad.name}")
def test_a_bad_file_read_as_an_image_behaves_as_stated(bad: BadFile, tmp_path: Path) -> None:
    check(read_image, bad.build(tmp_path), bad.as_image)


@pytest.mark.parametrize("bad", CASES, ids=lambda bad: f"{bad.number}-{bad.name}")
def test_a_bad_file_read_as_a_mask_behaves_as_stated(bad: BadFile, tmp_path: Path) -> None:
    check(read_mask, bad.build(tmp_path), bad.as_labels)


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz() + b"garbage")
    assert read_image(path).source.sha256 == sha256_of_file(path)


def test_a_link_whose_content_was_not_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.symlink_to(tmp_path / ".git" / "annex" / "objects" / "gone")
    with pytest.raises(NotFetchedError, match="datalad get"):
        read_image(path)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_image(tmp_path / "none.nii.gz")
    (tmp_path / "folder.nii.gz").mkdir()
    with pytest.raises(UnsupportedFileError):
        read_image(tmp_path / "folder.nii.gz")


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz())

    def refuse(self: Path, **kwargs: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    for step in ("read_bytes", "stat"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, step, refuse)
            with pytest.raises(InputError, match="Permission denied"):
                read_image(path)


def test_unicode_spaces_and_long_names_work(tmp_path: Path) -> None:
    folder = tmp_path / "Wirbelsäule 脊柱 (final) v2" / ("x" * 120)
    folder.mkdir(parents=True)
    path = folder / "sub-01 é.nii.gz"
    path.write_bytes(nifti_gz())
    assert read_image(path).source.path == path


def test_a_huge_header_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(dim=dims(32000, 32000, 32000)))
    tracemalloc.start()
    with pytest.raises(CorruptFileError):
        read_image(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 << 20


def test_a_bomb_that_its_header_announces_is_refused_before_it_grows(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(np.zeros((200, 200, 100), np.uint8)))
    assert not read_image(path).array.any()  # an empty mask compresses as well as a bomb, and is none
    monkeypatch.setattr(gate, "BOMB_BYTES", 1 << 20)
    with pytest.raises(CorruptFileError, match="bomb"):
        read_image(path)


def test_a_volume_beyond_the_cap_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(np.zeros((100, 100, 10), np.uint8)))
    monkeypatch.setattr(gate, "MAX_VOLUME_BYTES", 50_000)
    with pytest.raises(UnsupportedFileError, match="GiB"):
        read_image(path)


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (4, 5, 6, 1, 3)])
def test_one_frame_of_many_can_be_chosen(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 99, shape).astype(np.int16)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(array))
    image = read_image(path, frame=2)
    np.testing.assert_array_equal(image.array, array[..., 2].reshape(4, 5, 6))
    assert "frame 2 of 3 was taken" in image.source.notes
    with pytest.raises(UnsupportedFileError):
        read_image(path, frame=3)


def test_a_mask_without_position_can_be_placed_on_a_grid_by_request(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(sform_code=0, qform_code=0))
    grid = Geometry((9, 8, 7), np.diag([2.0, 2, 2, 1]))
    labels = read_labels(path, SCHEME, grid=grid)
    assert labels.geometry.matches(grid)
    assert any("grid that was given" in note for note in labels.source.notes)


def test_a_position_that_the_file_states_is_never_overruled(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz())
    assert not read_labels(path, SCHEME, grid=Geometry((9, 8, 7), np.eye(4))).geometry.matches(
        Geometry((9, 8, 7), np.eye(4))
    )


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
def test_positions_come_out_in_millimetres_whatever_the_unit(unit: int, factor: float, tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(affine=np.diag([50.0, 50, 80, 1]), xyzt_units=unit))
    np.testing.assert_allclose(read_image(path).geometry.spacing, np.array([50, 50, 80]) * factor)


def test_big_and_little_endian_files_hold_the_same(tmp_path: Path) -> None:
    big = next(bad for bad in CASES if bad.name == "big_endian").build(tmp_path)
    labels = read_mask(big)
    np.testing.assert_array_equal(labels.array, label_map((9, 8, 7)).array)
    assert labels.array.dtype.isnative


@pytest.mark.parametrize("read", [read_image, read_mask])
@pytest.mark.parametrize("kind", ["u1", "f4", "i8"])
def test_what_was_read_cannot_be_changed_by_accident(read, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(nifti_gz(label_map((9, 8, 7)).array.astype(kind)))
    with pytest.raises(ValueError, match="read-only"):
        read(path).array[0, 0, 0] = 1


def test_a_qfac_of_zero_counts_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_bytes(nifti_gz(affine=np.eye(4), sform_code=0, pixdim=[0, 1, 1, 1, 0, 0, 0, 0]))
    np.testing.assert_array_equal(read_mask(tmp_path / "a.nii.gz").geometry.affine, np.eye(4))
