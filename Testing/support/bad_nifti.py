"""The bad files of the field, each as a builder with what must happen when it is read as an image and as a mask.

An expectation is an error class (the file is refused), a piece of text (it is read, and a note says this), or None (it
is read, and nothing needs to be said). Numbers follow the project's catalogue of bad inputs.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from small_volumes import affine_of, label_map

from SpineGTRefineLib.errors import CorruptFileError, GeometryError, LabelError, NotFetchedError, UnsupportedFileError

Expectation = type[Exception] | str | None

AFFINE = affine_of((0.8, 0.9, 3.0), (5, -8, 12), (-1, 1, 1), origin=(20, -30, 40))


@dataclass(frozen=True)
class BadFile:
    number: str
    name: str
    build: Callable[[Path], Path]
    as_image: Expectation
    as_labels: Expectation


CASES: list[BadFile] = []


def case(number: str, as_image: Expectation, as_labels: Expectation) -> Callable:
    def register(build: Callable[[], tuple[str, bytes]]) -> Callable:
        def write(folder: Path) -> Path:
            name, content = build()
            path = folder / name
            path.write_bytes(content)
            return path

        CASES.append(BadFile(number, build.__name__, write, as_image, as_labels))
        return build

    return register


def nifti(
    array: np.ndarray | None = None, affine: np.ndarray = AFFINE, *, tail: bytes = b"", **fields: object
) -> bytes:
    """An uncompressed NIfTI-1 file, with header fields set to whatever a bad program would write."""
    array = label_map((9, 8, 7)).array if array is None else array
    header = Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header.set_xyzt_units("mm")
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    header["vox_offset"], header["scl_slope"], header["magic"] = 352, 1, b"n+1"
    for name, value in fields.items():
        header[name] = value
    return header.binaryblock + bytes(4) + array.tobytes(order="F") + tail


def nifti_gz(*args: object, **fields: object) -> bytes:
    return gzip.compress(nifti(*args, **fields), mtime=0)


def dims(*sizes: int) -> list[int]:
    return [len(sizes), *sizes, *[1] * (7 - len(sizes))]


def shifted(mm: float) -> np.ndarray:
    affine = AFFINE.copy()
    affine[:3, 3] += mm
    return affine


def sform(affine: np.ndarray, **fields: object) -> bytes:
    """A file with only an sform, of any quality."""
    rows = {f"srow_{axis}": affine[row] for row, axis in enumerate("xyz")}
    return nifti_gz(qform_code=0, **rows, **fields)


# ---- the file itself -------------------------------------------------------------------------------------------------


@case("1", CorruptFileError, CorruptFileError)
def cut_before_the_header_ends() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz()[:60]


@case("2", CorruptFileError, CorruptFileError)
def cut_half_way() -> tuple[str, bytes]:
    whole = nifti_gz(np.random.default_rng(0).integers(0, 99, (30, 30, 30)).astype(np.int16))
    return "a.nii.gz", whole[: len(whole) // 2]


@case("2", CorruptFileError, CorruptFileError)
def cut_by_one_byte() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz()[:-1]


@case("2", CorruptFileError, CorruptFileError)
def plain_file_cut_by_one_byte() -> tuple[str, bytes]:
    return "a.nii", nifti()[:-1]


@case("2", CorruptFileError, CorruptFileError)
def plain_file_cut_inside_the_header() -> tuple[str, bytes]:
    return "a.nii", nifti()[:200]


@case("3", CorruptFileError, CorruptFileError)
def checksum_wrong() -> tuple[str, bytes]:
    content = bytearray(nifti_gz())
    content[-6] ^= 0xFF
    return "a.nii.gz", bytes(content)


@case("3", CorruptFileError, CorruptFileError)
def one_bit_flipped_inside() -> tuple[str, bytes]:
    content = bytearray(nifti_gz())
    content[len(content) // 2] ^= 0x10
    return "a.nii.gz", bytes(content)


@case("4", "not compressed although named .gz", "not compressed although named .gz")
def plain_file_named_gz() -> tuple[str, bytes]:
    return "a.nii.gz", nifti()


@case("4", "compressed although named .nii", "compressed although named .nii")
def compressed_file_named_nii() -> tuple[str, bytes]:
    return "a.nii", nifti_gz()


@case("5", CorruptFileError, CorruptFileError)
def empty_file() -> tuple[str, bytes]:
    return "a.nii.gz", b""


@case("5", CorruptFileError, CorruptFileError)
def empty_gzip_stream() -> tuple[str, bytes]:
    return "a.nii.gz", gzip.compress(b"")


@case("6", UnsupportedFileError, UnsupportedFileError)
def text_in_a_gzip() -> tuple[str, bytes]:
    return "a.nii.gz", gzip.compress(b"this is the page of a login, not an image" * 20)


@case("6", NotFetchedError, NotFetchedError)
def annex_pointer_file() -> tuple[str, bytes]:
    return "a.nii.gz", b"/annex/objects/MD5E-s123--0123456789abcdef.nii.gz\n"


@case("7", "garbage after the gzip stream", "garbage after the gzip stream")
def garbage_after_the_stream() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz() + b"garbage"


@case("7", None, None)
def zero_padding_after_the_stream() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz() + bytes(512)


@case("7", None, None)
def several_gzip_members() -> tuple[str, bytes]:
    whole = nifti()
    return "a.nii.gz", gzip.compress(whole[:90]) + gzip.compress(whole[90:400]) + gzip.compress(whole[400:])


@case("7", "10 bytes after the voxels", "10 bytes after the voxels")
def garbage_after_the_voxels() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(tail=b"0123456789")


@case("8", CorruptFileError, CorruptFileError)
def header_larger_than_the_data() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(9, 8, 8))


@case("9", CorruptFileError, CorruptFileError)
def header_of_sixty_terabytes() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(32000, 32000, 32000))


@case("9", CorruptFileError, CorruptFileError)
def product_of_dimensions_overflows_64_bits() -> tuple[str, bytes]:
    return "a.nii", nifti(dim=dims(*[32767] * 7))


@case("10", CorruptFileError, CorruptFileError)
def negative_dimension() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(-9, 8, 7))


@case("11", CorruptFileError, CorruptFileError)
def zero_dimension() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(9, 0, 7))


@case("11", CorruptFileError, CorruptFileError)
def no_dimensions_at_all() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=[0] * 8)


@case("12", UnsupportedFileError, UnsupportedFileError)
def unknown_data_type() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(datatype=9999)


@case("13", UnsupportedFileError, UnsupportedFileError)
def complex_voxels() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(np.ones((3, 4, 5), np.complex64))


@case("13", UnsupportedFileError, UnsupportedFileError)
def color_voxels() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(np.ones((3, 4, 5), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])))


@case("15", CorruptFileError, CorruptFileError)
def bomb_behind_a_small_header() -> tuple[str, bytes]:
    return "a.nii.gz", gzip.compress(nifti(tail=bytes(80 << 20)), 9)


@case("16", UnsupportedFileError, UnsupportedFileError)
def nifti_2() -> tuple[str, bytes]:
    return "a.nii", Nifti2Header().binaryblock + bytes(100)


@case("16", UnsupportedFileError, UnsupportedFileError)
def header_of_a_pair() -> tuple[str, bytes]:
    return "a.hdr", nifti(magic=b"ni1")[:348]


@case("16", UnsupportedFileError, UnsupportedFileError)
def header_of_a_pair_named_nii() -> tuple[str, bytes]:
    return "a.nii", nifti(magic=b"ni1")


@case("16", UnsupportedFileError, UnsupportedFileError)
def nrrd() -> tuple[str, bytes]:
    return "a.nrrd", b"NRRD0004\n"


@case("16", UnsupportedFileError, UnsupportedFileError)
def nrrd_named_nii() -> tuple[str, bytes]:
    return "a.nii.gz", b"NRRD0004\ntype: uint8\ndimension: 3\n" + bytes(500)


@case("16", UnsupportedFileError, UnsupportedFileError)
def mgz() -> tuple[str, bytes]:
    return "a.mgz", gzip.compress(bytes(400))


# ---- geometry --------------------------------------------------------------------------------------------------------


@case("17", "differ by up to", "differ by up to")
def qform_and_sform_differ_by_a_shift() -> tuple[str, bytes]:
    other = Nifti1Header()
    other.set_qform(shifted(5.0), 1)
    return "a.nii.gz", nifti_gz(**{f"qoffset_{axis}": other[f"qoffset_{axis}"] for axis in "xyz"})


@case("18", "qform (RAS) and sform (LAS)", "qform (RAS) and sform (LAS)")
def qform_and_sform_differ_by_a_flip() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(pixdim=[1, 0.8, 0.9, 3, 1, 1, 1, 1], quatern_b=0, quatern_c=0, quatern_d=0)


@case("19", None, None)
def only_a_qform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(sform_code=0)


@case("20", GeometryError, GeometryError)
def no_position() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(sform_code=0, qform_code=0)


@case("21", GeometryError, GeometryError)
def negative_voxel_size_without_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(sform_code=0, pixdim=[1, 0.8, 0.9, -3, 1, 1, 1, 1])


@case("21", "differs from the sform's voxel size", "differs from the sform's voxel size")
def negative_voxel_size_with_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(qform_code=0, pixdim=[1, 0.8, 0.9, -3, 1, 1, 1, 1])


@case("22", GeometryError, GeometryError)
def zero_voxel_size_without_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(sform_code=0, pixdim=[1, 0.8, 0.9, 0, 1, 1, 1, 1])


@case("22", "differs from the sform's voxel size", "differs from the sform's voxel size")
def zero_voxel_size_with_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(qform_code=0, pixdim=[1, 0, 0, 0, 1, 1, 1, 1])


@case("23", GeometryError, GeometryError)
def sform_with_nan() -> tuple[str, bytes]:
    return "a.nii.gz", sform(np.where(np.eye(4) > 0, np.nan, AFFINE))


@case("23", GeometryError, GeometryError)
def origin_at_infinity() -> tuple[str, bytes]:
    return "a.nii.gz", sform(shifted(np.inf))


@case("23", GeometryError, GeometryError)
def qform_with_nan_and_no_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(sform_code=0, quatern_b=np.nan)


@case("23", "qform is not usable", "qform is not usable")
def qform_with_nan_beside_a_good_sform() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(quatern_b=np.nan)


@case("24", GeometryError, GeometryError)
def sheared() -> tuple[str, bytes]:
    return "a.nii.gz", sform(AFFINE @ (np.eye(4) + 0.05 * np.eye(4, k=1) * [1, 1, 1, 0]))


@case("24", "slightly sheared", "slightly sheared")
def sheared_a_little() -> tuple[str, bytes]:
    affine = np.eye(4)
    affine[0, 1] = 4e-4
    return "a.nii.gz", sform(affine, pixdim=[1] * 8)


@case("25", GeometryError, GeometryError)
def all_voxels_in_one_plane() -> tuple[str, bytes]:
    return "a.nii.gz", sform(AFFINE @ np.diag([1.0, 1, 0, 1]))


@case("25", GeometryError, GeometryError)
def two_axes_in_one_direction() -> tuple[str, bytes]:
    return "a.nii.gz", sform(AFFINE[:, [0, 0, 2, 3]])


@case("31", "unit of length is unknown", "unit of length is unknown")
def unit_unknown() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(xyzt_units=0)


@case("31", "unit of length is metre", "unit of length is metre")
def unit_metre() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(xyzt_units=1)


@case("31", "unit of length is micron", "unit of length is micron")
def unit_micron() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(xyzt_units=3)


@case("32", None, None)
def one_slice() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(label_map((9, 8, 1)).array)


@case("32", None, None)
def two_dimensional() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(label_map((9, 8, 1)).array, dim=dims(9, 8))


@case("33", "was read as one volume", "was read as one volume")
def four_dimensional_with_one_frame() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(9, 8, 7, 1))


@case("34", UnsupportedFileError, UnsupportedFileError)
def several_frames() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(dim=dims(3, 3, 8, 7))


# ---- voxels ----------------------------------------------------------------------------------------------------------


def floats(value: float) -> np.ndarray:
    array = label_map((9, 8, 7)).array.astype(np.float32)
    array[4, 4, 4] = value
    return array


@case("35", "1 voxels are NaN or infinite", LabelError)
def one_voxel_nan() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(floats(np.nan))


@case("35", "1 voxels are NaN or infinite", LabelError)
def one_voxel_infinite() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(floats(-np.inf))


@case("36", "no contrast", "no background")
def constant() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(np.ones((4, 4, 4), np.uint8))


@case("37", "no contrast", "the mask is empty")
def empty() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(np.zeros((4, 4, 4), np.uint8))


@case("38", None, "no background")
def no_background() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(np.arange(1, 65, dtype=np.uint8).reshape(4, 4, 4))


@case("39", None, "stored as floats")
def labels_that_went_through_floats() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(floats(40.9995))


@case("39", None, LabelError)
def soft_mask() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(floats(0.5))


@case("40", None, LabelError)
def labels_scaled_to_fractions() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(scl_slope=0.5)


@case("40", None, "stored with a scaling")
def labels_scaled_to_whole_numbers() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(scl_slope=2.0, scl_inter=1.0)


@case("40", None, None)
def slope_zero_means_none() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(scl_slope=0)


@case("40", "not finite", "not finite")
def slope_nan() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(scl_slope=np.nan)


@case("41", None, LabelError)
def negative_labels() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(-label_map((4, 4, 4)).array.astype(np.int16))


@case("44", None, None)
def labels_in_64_bits() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(label_map((4, 4, 4)).array.astype(np.int64))


@case("44", None, LabelError)
def labels_beyond_32_bits() -> tuple[str, bytes]:
    return "a.nii.gz", nifti_gz(label_map((4, 4, 4)).array.astype(np.int64) << 40)


@case("big-endian", None, None)
def big_endian() -> tuple[str, bytes]:
    labels = label_map((9, 8, 7)).array.astype(">i2")
    plain = nifti(labels.astype("<i2"))
    header = Nifti1Header(plain[:348], endianness="<").as_byteswapped(">")
    return "a.nii.gz", gzip.compress(header.binaryblock + bytes(4) + labels.tobytes(order="F"))
