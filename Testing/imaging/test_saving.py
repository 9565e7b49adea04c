"""A saved mask holds exactly the labels it was given, on exactly the image's grid, and nothing that names a person."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from bad_nifti import dims, nifti, nifti_gz
from hypothesis import given
from nibabel.nifti1 import Nifti1Header
from small_volumes import LABELS, STORAGES, geometries, label_map, label_maps, scheme_of

from SpineGTRefineLib.errors import GeometryError, LabelError, UnsupportedFileError, UsageError
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import (
    Geometry,
    Image,
    LabelMap,
    crop,
    encode_labels,
    header_from_geometry,
    read_image,
    read_labels,
    reorient,
    write_image,
    write_labels,
)
from SpineGTRefineLib.imaging.crop import Box

SCHEME = scheme_of(LABELS)
SECRET = b"Jane Doe 1970"
SPATIAL = (
    slice(42, 48),  # dim 1 to 3
    slice(76, 108),  # pixdim, qfac included
    slice(123, 124),  # xyzt_units
    slice(252, 328),  # qform and sform codes, quaternion, offsets, rows
)


def saved_header(path: Path) -> bytes:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.name.endswith(".gz") else content)[:348]


def image_file(folder: Path, array: np.ndarray | None = None, **fields: object) -> Path:
    """An image whose header carries all that a scanner and a careless program leave behind."""
    path = folder / "image.nii.gz"
    odd = {"descrip": SECRET, "aux_file": SECRET, "db_name": SECRET, "intent_name": SECRET, "cal_max": 900.0}
    path.write_bytes(nifti_gz(array, **{**odd, "cal_min": 3.0, "scl_slope": 2.0, "scl_inter": 5.0, **fields}))
    return path


@given(label_maps())
def test_labels_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, labels: LabelMap) -> None:
    path = tmp_path_factory.mktemp("round") / "a.nii.gz"
    write_labels(path, labels)
    again = read_labels(path, labels.scheme)
    np.testing.assert_array_equal(again.array, labels.array)
    assert again.geometry.matches(labels.geometry)
    assert again.array.dtype == np.min_scalar_type(int(labels.array.max()))


@given(label_maps())
def test_nibabel_reads_the_same_labels_at_the_same_place(tmp_path_factory, labels: LabelMap) -> None:
    path = tmp_path_factory.mktemp("round") / "a.nii.gz"
    write_labels(path, labels)
    image = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(image.dataobj), labels.array)
    np.testing.assert_allclose(image.affine, labels.geometry.affine, atol=1e-4)
    np.testing.assert_allclose(image.get_qform(), labels.geometry.affine, atol=2e-2)


@pytest.mark.parametrize(
    ("top", "kind"), [(1, "u1"), (255, "u1"), (256, "u2"), (65535, "u2"), (65536, "u4"), (2**32 - 1, "u4")]
)
def test_the_smallest_type_that_holds_the_labels_is_stored(top: int, kind: str, tmp_path: Path) -> None:
    array = np.zeros((3, 4, 5), np.int64)
    array[1, 2, 3] = top
    labels = LabelMap(array, Geometry(array.shape, np.eye(4)), scheme_of([top]))
    write_labels(tmp_path / "a.nii", labels)
    assert nibabel.load(tmp_path / "a.nii").get_data_dtype() == np.dtype(kind)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.nii", labels.scheme).array, array)


@pytest.mark.parametrize("stored", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64, np.int64])
def test_any_stored_type_of_a_mask_reads_as_the_same_labels(stored: type, tmp_path: Path) -> None:
    labels = label_map((9, 8, 7))
    (tmp_path / "a.nii").write_bytes(nifti(labels.array.astype(stored)))
    again = read_labels(tmp_path / "a.nii", SCHEME)
    np.testing.assert_array_equal(again.array, labels.array)
    assert again.array.dtype.kind in "iu"
    assert again.array.dtype.itemsize <= 4


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("codes", [(1, 1), (1, 0), (0, 1), (2, 4), (1, 3)])
def test_a_new_mask_takes_the_image_grid_byte_for_byte_and_nothing_else(storage, codes, tmp_path: Path) -> None:
    fields = {"qform_code": codes[0], "sform_code": codes[1], "xyzt_units": 10}
    path = image_file(tmp_path, affine=STORAGES[storage], **fields)
    image = read_image(path)
    labels = LabelMap(label_map((9, 8, 7)).array, image.geometry, SCHEME)
    mask = tmp_path / "mask.nii.gz"
    write_labels(mask, labels, image.source.header)
    of_image, of_mask = saved_header(path), saved_header(mask)
    for field in SPATIAL:
        assert of_mask[field] == of_image[field]
    header = nibabel.load(mask).header
    assert (header["cal_min"], header["cal_max"]) == (0, 0)
    assert saved_header(mask)[112:120] == np.array([1, 0], "<f4").tobytes()  # scaling slope and intercept
    assert SECRET not in gzip.decompress(mask.read_bytes())


def test_a_disagreement_of_qform_and_sform_is_copied_not_repaired(tmp_path: Path) -> None:
    path = image_file(tmp_path, qoffset_x=77.0)
    image = read_image(path)
    write_labels(
        tmp_path / "m.nii.gz", LabelMap(label_map((9, 8, 7)).array, image.geometry, SCHEME), image.source.header
    )
    assert saved_header(tmp_path / "m.nii.gz")[252:328] == saved_header(path)[252:328]


@pytest.mark.parametrize("sizes", [(9, 8, 7, 1), (9, 8, 7, 1, 1)])
def test_the_mask_of_an_image_with_one_frame_has_three_dimensions(sizes: tuple[int, ...], tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path, dim=dims(*sizes)))
    write_labels(
        tmp_path / "m.nii.gz", LabelMap(label_map((9, 8, 7)).array, image.geometry, SCHEME), image.source.header
    )
    assert nibabel.load(tmp_path / "m.nii.gz").shape == (9, 8, 7)


def test_the_mask_of_a_single_slice_is_a_volume_of_one_slice(tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path, label_map((9, 8, 1)).array, dim=dims(9, 8)))
    write_labels(
        tmp_path / "m.nii.gz", LabelMap(label_map((9, 8, 1)).array, image.geometry, SCHEME), image.source.header
    )
    assert nibabel.load(tmp_path / "m.nii.gz").shape == (9, 8, 1)


def test_a_mask_saved_again_keeps_its_own_header_without_names(tmp_path: Path) -> None:
    path = tmp_path / "lab.nii.gz"
    names = {"descrip": SECRET, "aux_file": SECRET, "db_name": SECRET, "intent_name": SECRET, "data_type": SECRET[:9]}
    path.write_bytes(nifti_gz(**names, sform_code=4, qform_code=2, intent_code=1002, cal_max=92.0, toffset=3.0))
    before = saved_header(path)
    write_labels(path, read_labels(path, SCHEME))
    after = saved_header(path)
    blank = [slice(4, 14), slice(14, 32), slice(148, 228), slice(228, 252), slice(328, 344)]
    for field in blank:
        assert not any(after[field])
    expected = bytearray(before)
    for field in blank:
        expected[field] = bytes(len(expected[field]))
    assert after == bytes(expected)


def test_extensions_of_a_mask_are_not_saved_again(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(label_map().array, np.eye(4))
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", SECRET))
    nibabel.save(image, tmp_path / "a.nii.gz")
    labels = read_labels(tmp_path / "a.nii.gz", SCHEME)
    write_labels(tmp_path / "a.nii.gz", labels)
    again = nibabel.load(tmp_path / "a.nii.gz")
    assert not again.header.extensions
    np.testing.assert_array_equal(np.asarray(again.dataobj), labels.array)


def test_the_same_labels_always_give_the_same_bytes_without_a_date(tmp_path: Path) -> None:
    labels = label_map()
    content = encode_labels(labels)
    assert content == encode_labels(replace(labels, array=np.ascontiguousarray(labels.array.astype(np.int32))))
    assert content[4:8] == bytes(4)  # gzip's modification time
    assert write_labels(tmp_path / "a.nii.gz", labels) == sha256_of_file(tmp_path / "a.nii.gz")
    assert (tmp_path / "a.nii.gz").read_bytes() == content


def test_a_value_outside_the_scheme_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    write_labels(path, label_map())
    before = sha256_of_file(path)
    wrong = label_map().array.copy()
    wrong[0, 0, 0] = 77
    with pytest.raises(LabelError, match="77"):
        write_labels(path, label_map().with_array(wrong))
    assert sha256_of_file(path) == before


@pytest.mark.parametrize("value", [-1, 2**32])
def test_a_value_that_cannot_be_stored_is_refused_not_wrapped(value: int, tmp_path: Path) -> None:
    array = np.full((2, 2, 2), value, np.int64)
    labels = LabelMap(array, Geometry((2, 2, 2), np.eye(4)), scheme_of([value]))
    with pytest.raises(LabelError):
        write_labels(tmp_path / "a.nii.gz", labels)


def test_labels_on_another_grid_than_the_image_are_refused(tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path))
    array = label_map((9, 8, 7)).array
    off = image.geometry.affine.copy()
    off[0, 3] += 0.01
    for geometry in (Geometry((9, 8, 7), off), image.geometry.with_shape_and_origin((9, 8, 7), (1, 0, 0))):
        with pytest.raises(GeometryError, match="grid"):
            write_labels(tmp_path / "m.nii.gz", LabelMap(array, geometry, SCHEME), image.source.header)
    with pytest.raises(GeometryError):
        write_labels(tmp_path / "m.nii.gz", label_map((9, 8, 6), image.geometry.affine), image.source.header)
    assert not (tmp_path / "m.nii.gz").exists()


def test_a_grid_that_differs_by_rounding_only_is_accepted(tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path))
    off = image.geometry.affine.copy()
    off[0, 3] += 5e-4
    labels = LabelMap(label_map((9, 8, 7)).array, Geometry((9, 8, 7), off), SCHEME)
    write_labels(tmp_path / "m.nii.gz", labels, image.source.header)
    assert read_labels(tmp_path / "m.nii.gz", SCHEME).geometry.distance_to(image.geometry) == 0


def test_a_turned_or_cropped_mask_is_not_saved_under_its_old_header(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.nii.gz", label_map())
    labels = read_labels(tmp_path / "a.nii.gz", SCHEME)
    for other in (reorient(labels, "LPS"), crop(labels, Box((1, 1, 1), (4, 4, 4)))):
        with pytest.raises(GeometryError):
            write_labels(tmp_path / "b.nii.gz", other)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.bz2", "a", "a.mgz"])
def test_only_nifti_names_are_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_labels(tmp_path / name, label_map())
    assert not list(tmp_path.iterdir())


def test_saving_changes_neither_the_labels_nor_the_header_it_was_given(tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path))
    header, array = image.source.header.copy(), label_map((9, 8, 7)).array
    labels = LabelMap(array.copy(), image.geometry, SCHEME)
    write_labels(tmp_path / "m.nii.gz", labels, image.source.header)
    assert image.source.header.binaryblock == header.binaryblock
    np.testing.assert_array_equal(labels.array, array)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "i8", "f4", "f8", "f2", "?"])
def test_an_image_comes_back_with_the_same_numbers(kind: str, tmp_path: Path) -> None:
    array = (np.random.default_rng(0).random((4, 5, 6)) * 100).astype(kind)
    image = Image(array, Geometry((4, 5, 6), STORAGES["oblique"]))
    write_image(tmp_path / "a.nii.gz", image)
    again = read_image(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(again.array, array)
    assert again.geometry.matches(image.geometry)


def test_an_image_of_complex_numbers_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFileError):
        write_image(tmp_path / "a.nii", Image(np.ones((2, 2, 2), complex), Geometry((2, 2, 2), np.eye(4))))


def test_a_scaled_image_is_saved_with_its_real_values(tmp_path: Path) -> None:
    image = read_image(image_file(tmp_path))
    stored = label_map((9, 8, 7)).array
    np.testing.assert_array_equal(image.array, stored * 2.0 + 5.0)
    write_image(tmp_path / "b.nii.gz", image)
    np.testing.assert_array_equal(read_image(tmp_path / "b.nii.gz").array, image.array)
    assert SECRET not in gzip.decompress((tmp_path / "b.nii.gz").read_bytes())


@given(geometries())
def test_a_header_made_from_a_grid_says_that_grid_twice(geometry: Geometry) -> None:
    header = header_from_geometry(geometry)
    sform, qform = header.get_sform(), header.get_qform()
    assert Geometry(geometry.shape, sform).distance_to(geometry) < 1e-3
    assert Geometry(geometry.shape, qform).distance_to(geometry) < 0.05
    assert isinstance(header, Nifti1Header)
