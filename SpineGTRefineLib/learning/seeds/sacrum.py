"""The sacrum project's configuration: TRAINING, VALIDATION and TESTING paths of images or masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..versions import Place
from .listing import Defect, ListedCase, SeedList, is_absolute, repeated, stem_of

SPLITS = {"TRAINING": Place("train"), "VALIDATION": Place("train", 0), "TESTING": Place("test")}
"""Place of each list. The cases of VALIDATION are held back by fold 0."""

_PARTS = ("labels", "reg-labels")


def read_config(content: Mapping[str, Any]) -> SeedList:
    """Read the configuration.

    Defects that are reported: missing lists, entries that are no paths, one file in two lists or twice in one, the same
    mask before and after registration, paths of one machine.
    """
    cases, defects = [], list(_missing(content))
    paths: dict[str, str] = {}
    for key, place in SPLITS.items():
        for entry in content.get(key) or []:
            if not isinstance(entry, str) or not entry.strip():
                defects.append(Defect("no-path", key, f"{entry!r} is no path"))
                continue
            stem = stem_of(entry)
            defects += _twin(paths.get(stem), entry)
            paths.setdefault(stem, entry)
            cases.append(ListedCase(stem, place))
    defects += repeated(case.stem for case in cases)
    return SeedList("sacrum", tuple(cases), tuple(defects))


def _missing(content: Mapping[str, Any]) -> Iterator[Defect]:
    for key in SPLITS:
        if not isinstance(content.get(key), list):
            yield Defect("no-list", key, "the list is missing")
    if content.get("TYPE") not in ("LABEL", "IMAGE"):
        yield Defect("bad-type", "TYPE", f"is {content.get('TYPE')!r}, expected LABEL or IMAGE")
    if is_absolute(str(content.get("DATASETS_PATH", ""))):
        yield Defect("private-path", "DATASETS_PATH", "holds on one machine only; it is not used")


def _twin(known: str | None, entry: str) -> Iterator[Defect]:
    """Report a mask that is listed both as drawn and as registered to the image: they are two masks of one image."""
    if known is None:
        return
    folders = [part for path in (known, entry) for part in path.replace("\\", "/").split("/") if part in _PARTS]
    if sorted(folders) == sorted(_PARTS):
        yield Defect("before-and-after-registration", stem_of(entry), "is listed from labels and from reg-labels")
