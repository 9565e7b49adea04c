"""nnU-Net wants labels 1, 2, 3, ... without a gap: one numbering for a whole dataset, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...anatomy import LabelEntry, LabelScheme, Structure, scheme
from ...errors import LabelError
from ...imaging import present_values

IGNORE = "ignore"
"""nnU-Net's name of the label whose voxels do not count in training."""


@dataclass(frozen=True)
class LabelNumbers:
    """Consecutive numbers for the values of a scheme that occur in a dataset.

    The numbers are those of the whole dataset, never of one file: a case that lacks a level keeps the others' numbers.

    Parameters
    ----------
    scheme_name
        The scheme.
    values
        Its values in use, ascending; the first gets number 1.
    ignores
        Whether one more number stands for voxels that nobody vouches for.
    """

    scheme_name: str
    values: tuple[int, ...]
    ignores: bool = False

    @classmethod
    def of(cls, scheme_name: str, values: Iterable[int], *, ignores: bool = False) -> LabelNumbers:
        """Give a number to each value that occurs.

        Raises
        ------
        LabelError
            There are none, or the scheme lacks one.
        """
        row = tuple(sorted(set(values)))
        if not row:
            raise LabelError(
                "No mask holds any label, so there is nothing to learn.", "Check the masks of the version."
            )
        for value in row:
            scheme(scheme_name)[value]
        return cls(scheme_name, row, ignores)

    @property
    def ignore(self) -> int | None:
        """Number of the ignore label, the highest one as nnU-Net asks; None without one."""
        return len(self.values) + 1 if self.ignores else None

    @property
    def by_name(self) -> dict[str, int]:
        """Number of each structure, for ``dataset.json``; the background is not among them."""
        named = {scheme(self.scheme_name)[value].structure.key: n for n, value in enumerate(self.values, start=1)}
        return named if self.ignore is None else {**named, IGNORE: self.ignore}

    @cached_property
    def scheme(self) -> LabelScheme:
        """The meaning of the numbers, as a scheme."""
        known = scheme(self.scheme_name)
        entries = [
            LabelEntry(number, known[value].name, known[value].structure, known[value].color)
            for number, value in enumerate(self.values, start=1)
        ]
        if self.ignore is not None:
            entries.append(LabelEntry(self.ignore, IGNORE, Structure(IGNORE, IGNORE, IGNORE), (128, 128, 128)))
        return LabelScheme(f"{self.scheme_name} in nnU-Net's numbers", tuple(entries))

    def number(self, array: np.ndarray, ignored: np.ndarray | None = None) -> np.ndarray:
        """Turn values into numbers.

        Parameters
        ----------
        array
            Values of the scheme.
        ignored
            Voxels that get the ignore label; None for none.

        Raises
        ------
        LabelError
            A value has no number: the mask is not one of the dataset.
        """
        result = _looked_up(array, {0: 0, **{value: n for n, value in enumerate(self.values, start=1)}}, "value")
        if ignored is not None and ignored.any():
            if self.ignore is None:
                raise LabelError("Voxels are to be ignored, and the dataset has no ignore label.")
            result[ignored] = self.ignore
        return result

    def value(self, array: np.ndarray) -> np.ndarray:
        """Turn numbers back into values; ignored voxels become background.

        Raises
        ------
        LabelError
            A number is not of this dataset.
        """
        numbers = {0: 0, **dict(enumerate(self.values, start=1))}
        return _looked_up(array, numbers if self.ignore is None else {**numbers, self.ignore: 0}, "number")

    def as_json(self) -> dict[str, object]:
        """Return the numbering with its inverse, as stored beside the dataset."""
        return {
            "LabelScheme": self.scheme_name,
            "NumberToValue": {str(number): value for number, value in enumerate(self.values, start=1)},
            "Ignore": self.ignore,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> LabelNumbers:
        """Read what :meth:`as_json` returned."""
        numbers = content["NumberToValue"]
        assert isinstance(numbers, dict)
        values = tuple(int(numbers[key]) for key in sorted(numbers, key=int))
        return cls.of(str(content["LabelScheme"]), values, ignores=content.get("Ignore") is not None)


def _looked_up(array: np.ndarray, table: Mapping[int, int], what: str) -> np.ndarray:
    unknown = sorted({int(value) for value in present_values(array)} - table.keys())
    if unknown:
        raise LabelError(
            f"The {what}s {unknown} are not among the labels of this dataset.",
            "Export the version again, or check which dataset the file belongs to.",
        )
    kind = np.uint8 if max(table.values()) < 256 else np.uint16
    lookup = np.zeros(max(table) + 1, kind)
    lookup[list(table)] = list(table.values())
    return np.asarray(lookup[array])
