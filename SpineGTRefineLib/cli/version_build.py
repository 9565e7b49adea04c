"""``version build``: make the next version of a dataset."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import DatasetArgument, JsonOption, MaskOption, OutputOption, require_cases
from .terminal import Terminal, terminal_of
from .version_options import FolderOption, open_version, versions_of

if TYPE_CHECKING:
    from ..bids import Dataset, MaskType
    from ..learning.versions import Place, Version

NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the version. Default: D1, D2, ...")
]

AfterOption = Annotated[
    str | None,
    typer.Option("--after", metavar="VERSION", help="Take over the test set of this version. Default: the latest one."),
]

NewTestSetOption = Annotated[
    bool,
    typer.Option("--new-test-set", help="Choose a new test set; scores do not compare with earlier versions."),
]

StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Take masks of this status; may be repeated. Default: corrected and accepted-unchanged. "
        "`todo` takes masks that nobody looked at.",
    ),
]

WorstGradeOption = Annotated[
    int | None, typer.Option("--worst-grade", metavar="N", min=1, max=5, help="Leave out grades above N.")
]

ContrastOption = Annotated[
    list[str] | None, typer.Option("--contrast", metavar="NAME", help="Only this contrast; may be repeated.")
]

TestOption = Annotated[
    float, typer.Option("--test", metavar="PART", help="Part of the subjects that tests, of a first version.")
]

FoldsOption = Annotated[int, typer.Option("--folds", metavar="N", help="Folds for cross-validation.")]

SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same split.")]

LeaveOutOption = Annotated[
    bool,
    typer.Option("--leave-out-bad", help="Leave out files that cannot be used and second copies of an image."),
]

ListOption = Annotated[
    Path | None,
    typer.Option(
        "--from-list",
        metavar="FILE",
        help="Take cases and split from an older project's list: a sacrum configuration, a rootlets table, or a "
        "mouse conversion_dict.json. What is wrong about it is told and kept with the version.",
    ),
]

RepairOption = Annotated[
    bool, typer.Option("--repair-leaks", help="Bring subjects that the list puts on both sides to one side.")
]


def build(
    ctx: typer.Context,
    dataset: DatasetArgument,
    mask: MaskOption = "spine",
    name: NameOption = None,
    after: AfterOption = None,
    new_test_set: NewTestSetOption = False,
    status: StatusOption = None,
    worst_grade: WorstGradeOption = None,
    contrast: ContrastOption = None,
    test: TestOption = 0.2,
    folds: FoldsOption = 5,
    seed: SeedOption = 0,
    leave_out_bad: LeaveOutOption = False,
    from_list: ListOption = None,
    repair_leaks: RepairOption = False,
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

    if repair_leaks and from_list is None:
        raise UsageError("--repair-leaks is about a list.", "Name it with --from-list, or leave --repair-leaks out.")
    if after is not None and (new_test_set or from_list):
        raise UsageError("A test set is taken over, or new, or from a list.", "Leave out --after, or the other option.")
    opened = Dataset.open(dataset, output)
    require_cases(opened)
    rules = Rules(worst_grade=worst_grade, contrasts=contrast or ())
    if status:
        rules = Rules(status, worst_grade, contrast or ())
    settings = BuildSettings(rules, SplitSettings(test, folds, seed), "leave-out" if leave_out_bad else "refuse")
    kind = mask_type(mask)
    parent = None
    if from_list is not None:
        assigned, notes = _read_list(opened, from_list, repair=repair_leaks)
        settings = replace(settings, assigned=assigned, notes=notes)
    elif not new_test_set:
        parent = _parent(opened, versions, after, kind)
    with terminal.counter("Reading") as show:
        version = build_version(
            opened, kind, settings, name=name, parent=parent, folder=versions_of(opened, versions), progress=show
        )
    terminal.answer(as_dict(version), lambda: show_version(terminal, version))


def _read_list(dataset: Dataset, path: Path, *, repair: bool) -> tuple[dict[str, Place], tuple[str, ...]]:
    """Return the place of each case that a list names, and what is wrong about the list, in words."""
    from ..learning.seeds import matched, read_seed_list, without_leaks

    listed = read_seed_list(path)
    places, defects = matched(listed, dataset)
    if repair:
        places, leaks = without_leaks(places, dataset)
        defects += leaks
    notes = [f"{path.name}: {defect.where}: {defect.message}" for defect in (*listed.defects, *defects)]
    return places, tuple(notes)


def _parent(dataset: Dataset, folder: Path | None, after: str | None, mask: MaskType) -> Version | None:
    """Return the version that the next one follows: the one asked for, else the latest with the same mask."""
    from ..learning.versions import latest_version

    if after is not None:
        parent = open_version(dataset, folder, after)
        if parent.mask_type.name != mask.name:
            raise UsageError(
                f"{after} is about {parent.mask_type.name} masks, not {mask.name}.", "Choose another --after."
            )
        return parent
    return latest_version(dataset, mask, folder)


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
