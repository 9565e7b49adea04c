"""The mouse project's ``conversion_dict.json``: path of each BIDS file, and of its copy for nnU-Net."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from ..versions import Place
from .listing import Defect, ListedCase, SeedList, is_absolute, stem_of

_CHANNEL = re.compile(r"_\d{4}$")
_SLICE = re.compile(r"[-_]slice[-_]?\d+")


def read_conversion(content: Mapping[str, str]) -> SeedList:
    """Read the dictionary; images of ``imagesTr`` train.

    Those of ``imagesTs`` are images without a mask there, not a test set, so they get no place. Defects that are
    reported: paths of one machine, two files with one copy, names that begin like others (the project's way back
    takes one for the other), single slices without their place in the volume.
    """
    defects = list(_about_paths(content))
    cases = []
    for original, copy in content.items():
        if "imagesTr" in copy.replace("\\", "/").split("/"):
            cases.append(ListedCase(stem_of(original), Place("train")))
    slices = [case.stem for case in cases if _SLICE.search(case.stem)]
    if slices:
        message = f"{len(slices)} entries are single slices, whose files do not say where in the volume they lie"
        defects.append(Defect("slices-without-place", slices[0], message))
    return SeedList("mouse", tuple(cases), tuple(defects))


def _about_paths(content: Mapping[str, str]) -> Iterator[Defect]:
    absolute = [path for pair in content.items() for path in pair if is_absolute(path)]
    if absolute:
        yield Defect("private-path", stem_of(absolute[0]), f"{len(absolute)} paths hold on one machine only")
    copies: dict[str, str] = {}
    for original, copy in content.items():
        if copy in copies:
            yield Defect(
                "one-copy-for-two", stem_of(copy), f"stands for {stem_of(copies[copy])} and {stem_of(original)}"
            )
        copies.setdefault(copy, original)
    names = sorted({_CHANNEL.sub("", stem_of(copy)) for copy in content.values()})
    for first, second in pairwise(names):
        if second.startswith(first):
            yield Defect("name-in-name", first, f"is the beginning of {second}")
