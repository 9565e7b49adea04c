"""``version build``: make the next version of a dataset."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import DatasetArgument, JsonOption, MaskOption, OutputOption
from .terminal import Terminal, terminal_of
from .version_options import FolderOption, open_version, versions_of

if TYPE_CHECKING:
    from pathlib import Path

    from ..bids import Dataset
    from ..learning.versions import Version


def build(
    ctx: typer.Context,
    dataset: DatasetArgument,
    mask: MaskOption = "spine",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the version. Default: D1, D2, ...")
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(
            "--after", metavar="VERSION", help="Take over the test set of this version. Default: the latest one."
        ),
    ] = None,
    new_test_set: Annotated[
        bool,
        typer.Option("--new-test-set", help="Choose a new test set; scores do not compare with earlier versions."),
    ] = False,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Take masks of this status; may be repeated. Default: corrected and accepted-unchanged. "
            "`todo` takes masks that nobody looked at.",
        ),
    ] = None,
    worst_grade: Annotated[
        int | None, typer.Option("--worst-grade", metavar="N", min=1, max=5, help="Leave out grades above N.")
    ] = None,
    contrast: Annotated[
        list[str] | None, typer.Option("--contrast", metavar="NAME", help="Only this contrast; may be repeated.")
    ] = None,
    test: Annotated[
        float, typer.Option("--test", metavar="PART", help="Part of the subjects that tests, of a first version.")
    ] = 0.2,
    folds: Annotated[int, typer.Option("--folds", metavar="N", help="Folds for cross-validation.")] = 5,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same split.")] = 0,
    leave_out_bad: Annotated[
        bool,
        typer.Option("--leave-out-bad", help="Leave out files that cannot be used and second copies of an image."),
    ] = False,
    versions: FolderOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Make the next version: choose cases by status and grade, share out whole subjects, note every hash.

    The test set of the version before stays as it is. Damaged files, labels outside the scheme, one image under two
    names and a subject on both sides are refused. Masks are not copied; a version notices when one changes.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset, mask_type
    from ..learning.versions import BuildSettings, Rules, SplitSettings, build_version

    if after is not None and new_test_set:
        raise UsageError("A test set is either taken over or new.", "Leave out --after or --new-test-set.")
    opened = Dataset.open(dataset, output)
    rules = Rules(worst_grade=worst_grade, contrasts=contrast or ())
    if status:
        rules = Rules(status, worst_grade, contrast or ())
    settings = BuildSettings(rules, SplitSettings(test, folds, seed), "leave-out" if leave_out_bad else "refuse")
    kind = mask_type(mask)
    parent = None if new_test_set else _parent(opened, versions, after, kind.name)
    with terminal.counter("Reading") as show:
        version = build_version(
            opened, kind, settings, name=name, parent=parent, folder=versions_of(opened, versions), progress=show
        )
    terminal.answer(as_dict(version), lambda: show_version(terminal, version))


def _parent(dataset: Dataset, folder: Path | None, after: str | None, mask: str) -> Version | None:
    """Return the version that the next one follows: the one asked for, else the latest with the same mask."""
    from ..learning.versions import version_names

    if after is not None:
        parent = open_version(dataset, folder, after)
        if parent.mask_type.name != mask:
            raise UsageError(f"{after} is about {parent.mask_type.name} masks, not {mask}.", "Choose another --after.")
        return parent
    known = [open_version(dataset, folder, name) for name in version_names(versions_of(dataset, folder))]
    same = [version for version in known if version.mask_type.name == mask]
    return max(same, key=lambda version: str(version.manifest["Created"]), default=None)


def as_dict(version: Version) -> dict[str, object]:
    """Return what a version is, for programs."""
    return {
        "name": version.name,
        "folder": str(version.folder),
        "sha256": version.sha256,
        "test_sha256": version.test_sha256,
        "mask_type": version.mask_type.name,
        "parent": version.manifest["Parent"],
        "notes": version.manifest["Notes"],
        "cases": [asdict(row) for row in version.rows],
        "left_out": [asdict(entry) for entry in version.left_out],
    }


def show_version(terminal: Terminal, version: Version) -> None:
    """Tell people what a version is."""
    train, test = version.cases("train"), version.cases("test")
    subjects = [len({row.subject for row in rows}) for rows in (train, test)]
    terminal.say(
        f"{version.name}: {version.mask_type.name} masks; {len(train)} cases of {subjects[0]} subjects train in "
        f"{len(version.folds)} folds, {len(test)} cases of {subjects[1]} subjects test. Kept in {version.folder}."
    )
    for note in version.manifest["Notes"]:
        terminal.say(f"Note: {note}.", "yellow")
    if version.left_out:
        rows = [(entry.case, entry.reason) for entry in version.left_out]
        terminal.table("Left out", ("Case", "Why"), rows)
