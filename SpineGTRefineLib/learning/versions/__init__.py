"""Dataset versions D1, D2, ...: what was trained on what, for good."""

from .build import BuildSettings, build_version
from .difference import VersionDifference, difference, seen_by
from .latest import latest_version
from .places import version_names, versions_folder
from .rows import NO_FOLD, LeftOut, VersionCase
from .selection import Rules
from .splits import Place, SplitSettings
from .version import Version

__all__ = [
    "NO_FOLD",
    "BuildSettings",
    "LeftOut",
    "Place",
    "Rules",
    "SplitSettings",
    "Version",
    "VersionCase",
    "VersionDifference",
    "build_version",
    "difference",
    "latest_version",
    "seen_by",
    "version_names",
    "versions_folder",
]
