"""Read and write volumes. No other module opens or writes an image file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header

from ..anatomy import LabelScheme
from ..errors import GeometryError, UsageError
from ..fileops import sha256_of_bytes, write_atomic
from .gate import StoredVolume, naming, read_stored
from .geometry import Geometry
from .headers import geometry_from_header, header_for_new_mask, header_for_saved_again, header_from_geometry
from .values import image_values, label_values, smallest_label_type, storable_image
from .volumes import Image, LabelMap, Source

_GZIP_LEVEL = 6


def read_image(path: Path, frame: int | None = None, *, grid: Geometry | None = None) -> Image:
    """Read an intensity image.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    frame
        Which frame of a 4-D file, from 0.
    grid
        Position to use if, and only if, the file states none (both codes 0).

    Raises
    ------
    InputError
        One of its subclasses: missing, not fetched, damaged, of another kind, without usable position.
    """
    path = Path(path)
    stored = read_stored(path, frame)
    with naming(path):
        array, notes = image_values(stored.voxels, stored.header)
        geometry, source = _place(stored, grid, notes)
        return Image(array, geometry, source)


def read_labels(path: Path, scheme: LabelScheme, frame: int | None = None, *, grid: Geometry | None = None) -> LabelMap:
    """Read a mask; see :func:`read_image` for the parameters.

    Whole numbers stored as floats (to within 0.01) are accepted with a note. Values that the scheme lacks are kept, for
    a check to report.

    Raises
    ------
    LabelError
        The voxels are not labels: fractions, negative numbers, NaN.
    InputError
        As for :func:`read_image`.
    """
    path = Path(path)
    stored = read_stored(path, frame)
    with naming(path):
        array, notes = label_values(stored.voxels, stored.header)
        geometry, source = _place(stored, grid, notes)
        return LabelMap(array, geometry, scheme, source)


def write_labels(path: Path, labels: LabelMap, header: Nifti1Header | None = None) -> str:
    """Write a mask so that the file is the old or the new one at any moment, and return its SHA-256.

    Parameters
    ----------
    path
        ``.nii.gz`` or ``.nii``.
    labels
        What to write. All its values must be part of its scheme.
    header
        The image's header, for a new mask of that image. None saves a mask again under its own header.

    Raises
    ------
    LabelError
        A value is outside the scheme, or too large to store.
    GeometryError
        The labels do not lie on the header's grid.
    WriteError
        The file system refused; the old file is intact.
    """
    data = encode_labels(labels, header, compress=_is_compressed(path))
    write_atomic(Path(path), data)
    return sha256_of_bytes(data)


def write_image(path: Path, image: Image) -> str:
    """Write an image, under the header of its source if it has one, and return the file's SHA-256."""
    array = storable_image(image.array)
    header = _own_header(image.source, image.geometry)
    data = _encode(array, header, image.geometry, compress=_is_compressed(path))
    write_atomic(Path(path), data)
    return sha256_of_bytes(data)


def encode_labels(labels: LabelMap, header: Nifti1Header | None = None, *, compress: bool = True) -> bytes:
    """Return the bytes of the file that :func:`write_labels` writes. The same labels always give the same bytes."""
    labels.require_known_values()
    array = labels.array.astype(smallest_label_type(labels.array), copy=False)
    header = header_for_new_mask(header) if header is not None else _own_header(labels.source, labels.geometry)
    return _encode(array, header, labels.geometry, compress=compress)


def _place(stored: StoredVolume, grid: Geometry | None, notes: tuple[str, ...]) -> tuple[Geometry, Source]:
    header = stored.header
    doubts: tuple[str, ...] = ("the file states no position; the grid that was given is used",)
    if grid is None or header["sform_code"] > 0 or header["qform_code"] > 0:
        grid, doubts = geometry_from_header(header)
    return grid, Source(stored.path, stored.sha256, header, (*stored.notes, *doubts, *notes))


def _own_header(source: Source | None, geometry: Geometry) -> Nifti1Header:
    return header_from_geometry(geometry) if source is None else header_for_saved_again(source.header)


def _encode(array: np.ndarray, header: Nifti1Header, geometry: Geometry, *, compress: bool) -> bytes:
    target, _ = geometry_from_header(header)
    if not geometry.matches(target):
        raise GeometryError(
            f"The volume lies on another grid than the header says: {geometry.told_from(target)}.",
            "Reorient, restore or resample it onto the grid of the image first.",
        )
    header.set_data_dtype(array.dtype)
    stored = array.astype(array.dtype.newbyteorder("<"), copy=False)
    data = header.binaryblock + bytes(4) + stored.tobytes(order="F")
    return gzip.compress(data, _GZIP_LEVEL, mtime=0) if compress else data


def _is_compressed(path: Path) -> bool:
    name = Path(path).name
    if not name.endswith((".nii", ".nii.gz")):
        raise UsageError(f"{name}: volumes are written as .nii.gz or .nii.", "Choose such a name.")
    return name.endswith(".gz")
