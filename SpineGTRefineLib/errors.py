"""One error tree: every failure has a class, an exit code, one line of cause and one line of remedy.

A raised :class:`RefineError` is meant to be read by a person. ``cause`` says what happened and what was expected,
``remedy`` says what to do now. The command line prints both and ends with ``exit_code``; a batch records them for the
case and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence


class RefineError(Exception):
    """Base of all errors that this project raises on purpose.

    Parameters
    ----------
    cause
        One line: what happened, and what was expected.
    remedy
        One line: what the user can do now. May be empty where the cause says it all.
    """

    exit_code = 1

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


class UsageError(RefineError, ValueError):
    """The request itself makes no sense (wrong option, unknown name)."""

    exit_code = 2


class PartialFailureError(RefineError):
    """A batch ended; some of its cases failed (each with its own error in the summary)."""

    exit_code = 3
    named_at_most = 3

    @classmethod
    def of(cls, failed: Sequence[str], total: int) -> PartialFailureError:
        """Count the failing cases of a batch and name the first ones; the summary before it names all."""
        more = len(failed) - cls.named_at_most
        names = ", ".join(failed[: cls.named_at_most]) + (f" and {more} more" if more > 0 else "")
        return cls(
            f"{len(failed)} of {total} cases failed: {names}.",
            "See what to do for each above, and run the command again.",
        )


class InputError(RefineError, ValueError):
    """A file that the user gave cannot be used."""

    exit_code = 10


class CorruptFileError(InputError):
    """A file is damaged: cut short, checksum wrong, header larger than the data."""

    exit_code = 11


class UnsupportedFileError(InputError):
    """A file is whole but of a kind that this project does not read."""

    exit_code = 12


class GeometryError(InputError):
    """The position of voxels in space is unusable, or two grids that must agree do not."""

    exit_code = 13


class LabelError(InputError):
    """A label map holds values that its scheme does not allow."""

    exit_code = 14


class MissingFileError(InputError, FileNotFoundError):
    """A file that is needed is not there."""

    exit_code = 15


class NotFetchedError(MissingFileError):
    """A git-annex link whose content was not fetched to this machine."""

    exit_code = 16


class DatasetError(RefineError):
    """A dataset breaks a rule that we rely on (names, duplicates, paths that leave it)."""

    exit_code = 20


class ConflictError(RefineError):
    """Somebody else works on, or changed, what we are about to write."""

    exit_code = 30


class LockedError(ConflictError):
    """Another rater holds the case."""

    exit_code = 31


class ChangedOnDiskError(ConflictError):
    """A file changed since it was read."""

    exit_code = 32


class WriteError(RefineError, OSError):
    """A file could not be written (disk full, folder read-only, file held open). The old file is intact."""

    exit_code = 40


class MissingDependencyError(RefineError, ImportError):
    """An optional package is needed for this step and is not installed."""

    exit_code = 50


class WorkerError(RefineError, RuntimeError):
    """The process that runs the models died, hung, or speaks another version."""

    exit_code = 55


class UnexpectedError(RefineError, RuntimeError):
    """Something failed that nobody foresaw: a defect of this program, or of a library that it uses."""

    exit_code = 70

    @classmethod
    def of(cls, error: Exception) -> UnexpectedError:
        """Tell of such an error in one line; the error itself is to be its cause."""
        said = " ".join(str(error).split())
        return cls(
            f"It failed unexpectedly: {type(error).__name__}: {said}".rstrip(": "),
            "Report this to the maintainers, with what spine-gt-refine --debug prints.",
        )


class ToolError(WorkerError):
    """A tool of others (SPINEPS, TotalSpineSeg ...) failed; its log says more than we can."""

    exit_code = 56


class CancelledError(RefineError):
    """The user ended a step before it was done; nothing was written."""

    exit_code = 130


class ModelError(RefineError):
    """A model cannot be used: incomplete, damaged, or made for something else."""

    exit_code = 60


class UnsafeModelError(ModelError):
    """A model file could run code, or asks for classes that this project does not build."""

    exit_code = 61


class ModelNotInstalledError(ModelError):
    """The model is known but its weights are not on this machine."""

    exit_code = 62


class ChecksumError(ModelError):
    """A model file is not the one that was published, or not the one that was installed."""

    exit_code = 63


class DownloadError(RefineError):
    """A download did not come through."""

    exit_code = 64
