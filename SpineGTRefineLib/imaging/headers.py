"""What a NIfTI header says about space, and the headers that our own files get."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.spatialimages import HeaderDataError

from ..errors import GeometryError
from .geometry import Geometry

FIRST_VOXEL_TOLERANCE = 0.01
"""qform and sform disagree when they place the first voxel further apart than this, in voxels."""

CORNER_TOLERANCE = 0.25
"""qform and sform disagree when they place any corner further apart than this, in voxels. It is larger because a qform
near a half turn is itself only good to a tenth of a millimetre: its quaternion is stored in 32 bits."""

ITK_SHEAR = 1e-4
"""ITK, and with it Slicer, refuses a file whose axes deviate further than this from right angles."""

_UNIT_TO_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_NAMES = {1: "metre", 2: "millimetre", 3: "micron"}

_SPATIAL_FIELDS = (
    "pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d",
    "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z",
)  # fmt: skip

_IDENTITY_FIELDS = ("data_type", "db_name", "descrip", "aux_file", "intent_name")
_SET_POSITION = "Set the sform of the file (for a mask of an image: copy the image's header onto it)."


def geometry_from_header(header: Nifti1Header) -> tuple[Geometry, tuple[str, ...]]:
    """Return where the voxels of a file lie, and what is odd about it.

    The sform is used if its code is above 0, else the qform. A file that has neither says nothing about its position
    (programs then disagree on left and right), so it is refused. Units other than millimetres are converted.

    Raises
    ------
    GeometryError
        No usable position.
    """
    shape = header_shape(header)
    notes: list[str] = []
    if header["sform_code"] > 0:
        affine = header.get_sform()
        geometry = Geometry(shape, affine)
        notes += _doubts_about_sform(header, geometry)
    elif header["qform_code"] > 0:
        geometry = Geometry(shape, _qform(header))
    else:
        raise GeometryError("The file does not say where its voxels lie (qform and sform codes are 0).", _SET_POSITION)
    unit = int(header["xyzt_units"]) & 7
    if unit != 2:
        how = "converted to millimetre" if unit in _UNIT_TO_MM else "taken for millimetre"
        notes.append(f"the unit of length is {_UNIT_NAMES.get(unit, 'unknown')}; {how}")
    scale = np.diag([_UNIT_TO_MM.get(unit, 1.0)] * 3 + [1.0])
    return Geometry(shape, scale @ geometry.affine), tuple(notes)


def header_shape(header: Nifti1Header) -> tuple[int, int, int]:
    """Return the number of voxels along i, j, k; axes that the file does not have count as 1."""
    dim = [*header["dim"][1 : 1 + int(header["dim"][0])].tolist(), 1, 1, 1]
    return dim[0], dim[1], dim[2]


def header_for_new_mask(image_header: Nifti1Header) -> Nifti1Header:
    """Return the header of a mask on the grid of an image.

    Everything about space is the image's, byte for byte; nothing else is taken over: no description, no names, no
    display range, no scaling, no extensions.
    """
    header = Nifti1Header()
    for name in _SPATIAL_FIELDS:
        header[name] = image_header[name]
    return _three_dimensional(header, header_shape(image_header))


def header_for_saved_again(own: Nifti1Header) -> Nifti1Header:
    """Return a file's own header without what may identify a person: free texts, file names, extensions."""
    header = Nifti1Header(own.as_byteswapped("<").binaryblock, endianness="<", check=False)
    for name in _IDENTITY_FIELDS:
        header[name] = b""
    return _three_dimensional(header, header_shape(own))


def header_from_geometry(geometry: Geometry) -> Nifti1Header:
    """Return a header for a volume that was made in memory: millimetres, qform and sform both scanner positions."""
    header = Nifti1Header()
    header.set_data_shape(geometry.shape)
    header.set_zooms(geometry.spacing)
    header.set_xyzt_units("mm")
    header.set_qform(geometry.affine, code=1)
    header.set_sform(geometry.affine, code=1)
    return _three_dimensional(header, geometry.shape)


def _three_dimensional(header: Nifti1Header, shape: tuple[int, int, int]) -> Nifti1Header:
    header["dim"] = [3, *shape, 1, 1, 1, 1]
    header["scl_slope"], header["scl_inter"] = 1.0, 0.0
    header["magic"], header["vox_offset"] = b"n+1", 352
    return header


def _qform(header: Nifti1Header) -> np.ndarray:
    sizes = header["pixdim"][1:4]
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise GeometryError(f"The voxel size {_mm(sizes)} is not positive, and there is no sform.", _SET_POSITION)
    usable = header.copy()
    if usable["pixdim"][0] == 0:  # the standard: a qfac of 0 counts as 1
        usable["pixdim"][0] = 1
    try:
        return np.asarray(usable.get_qform())
    except (HeaderDataError, ValueError) as error:
        raise GeometryError(f"The qform is not usable ({error}), and there is no sform.", _SET_POSITION) from error


def _doubts_about_sform(header: Nifti1Header, geometry: Geometry) -> list[str]:
    """Say where the rest of the header contradicts the sform, because other programs may read the rest."""
    doubts = []
    if geometry.shear > ITK_SHEAR:
        doubts.append(f"the axes are slightly sheared (cosine {geometry.shear:.2g}); programs built on ITK refuse it")
    sizes = header["pixdim"][1:4].astype(float)
    if not np.allclose(sizes, geometry.spacing, rtol=1e-3, atol=0):
        doubts.append(f"pixdim {_mm(sizes)} differs from the sform's voxel size {_mm(geometry.spacing)}; sform used")
    disagreement = forms_disagree(header)
    return [*doubts, f"{disagreement}; sform used"] if disagreement else doubts


def forms_disagree(header: Nifti1Header) -> str:
    """Say by how much qform and sform contradict each other; "" where they do not.

    Programs choose differently between the two (the Spinal Cord Toolbox by its own rules, ITK mostly the qform), so a
    position that rests on such a header is a guess.
    """
    if header["sform_code"] <= 0 or header["qform_code"] <= 0:
        return ""
    geometry = Geometry(header_shape(header), header.get_sform())
    try:
        other = Geometry(geometry.shape, _qform(header))
    except GeometryError:
        return "the qform is not usable"
    shift = float(np.linalg.norm(geometry.affine[:3, 3] - other.affine[:3, 3]))
    distance = geometry.distance_to(other)
    voxel = min(geometry.spacing)
    if shift <= FIRST_VOXEL_TOLERANCE * voxel and distance <= CORNER_TOLERANCE * voxel:
        return ""
    return f"qform ({other.axcodes}) and sform ({geometry.axcodes}) differ by up to {distance:.3g} mm"


def _mm(sizes: Iterable[float]) -> str:
    return " x ".join(f"{size:.4g}" for size in sizes)
