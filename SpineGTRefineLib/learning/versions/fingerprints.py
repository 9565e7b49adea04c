"""What the files of a case hold, read once: hashes, label values. A reading that was stopped goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...anatomy import LabelScheme
from ...errors import GeometryError, LabelError, WriteError
from ...fileops import remedy_for, sha256_of_bytes
from ...imaging import Image, read_image, read_labels


@dataclass(frozen=True)
class Fingerprint:
    """What identifies the two files of a case.

    Parameters
    ----------
    image_sha256, mask_sha256
        Hashes of the files.
    image_content
        Hash of the image's voxels, see :func:`content_hash`.
    values
        Label values in the mask.
    """

    image_sha256: str
    image_content: str
    mask_sha256: str
    values: tuple[int, ...]


def fingerprint(image_path: Path, mask_path: Path, scheme: LabelScheme) -> Fingerprint:
    """Read an image and its mask, and check that they can be learned from.

    Raises
    ------
    GeometryError
        The mask lies on another grid than the image.
    LabelError
        It holds values that its scheme lacks.
    InputError
        A file cannot be read.
    """
    image = read_image(image_path)
    labels = read_labels(mask_path, scheme, grid=image.geometry)
    if not labels.geometry.matches(image.geometry):
        raise GeometryError(
            f"{mask_path.name}: the mask ({labels.geometry}) does not lie on the grid of its image ({image.geometry}).",
            "Resample the mask onto the image's grid.",
        )
    if unknown := labels.unknown_values():
        raise LabelError(
            f"{mask_path.name}: the values {list(unknown)} are not part of the label scheme {scheme.name!r}.",
            "Correct the mask, or convert it to this scheme first.",
        )
    assert image.source is not None  # both were read from files
    assert labels.source is not None
    return Fingerprint(image.source.sha256, content_hash(image), labels.source.sha256, labels.values())


def content_hash(image: Image) -> str:
    """Return a hash of shape and voxels, whatever the file's name, header, compression and number type."""
    voxels = np.asfortranarray(image.array.astype("<f4"))
    return sha256_of_bytes(repr(image.geometry.shape).encode() + voxels.tobytes(order="F"))


class Ledger:
    """Fingerprints already taken, in a file that an interrupted build leaves behind for the next one.

    An entry counts as long as size and time of both files are what they were.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = dict(_entries(path))

    def taken(self, image: Path, mask: Path, scheme: LabelScheme) -> Fingerprint:
        """Return the fingerprint of two files, from the ledger or from the files; errors are those of reading."""
        key = json.dumps([scheme.name, *_stamp(image), *_stamp(mask)])
        if key not in self._known:
            self._known[key] = fingerprint(image, mask, scheme)
            self._note(key, self._known[key])
        return self._known[key]

    def drop(self) -> None:
        """Delete the file: the version that it was for is written."""
        self._path.unlink(missing_ok=True)

    def _note(self, key: str, found: Fingerprint) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([key, asdict(found)]) + "\n")
        except OSError as error:
            raise WriteError(f"{self._path} could not be written: {error.strerror}.", remedy_for(error)) from error


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0  # reading will say what is wrong with it
    return str(path), found.st_size, found.st_mtime_ns


def _entries(path: Path) -> list[tuple[str, Fingerprint]]:
    if not path.is_file():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            key, facts = json.loads(line)
            entries.append((key, Fingerprint(**{**facts, "values": tuple(facts["values"])})))
        except (ValueError, TypeError, KeyError):
            continue  # the line that was being written when the power went
    return entries
