"""Files in, files out: what all commands share that change masks file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .batch import Outcome, each_case
from .options import JsonOption, existing_file
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..imaging import LabelMap

__all__ = [
    "ChangeRequest",
    "FilesArgument",
    "JsonOption",
    "OnlyOption",
    "OutputOption",
    "OverwriteOption",
    "SchemeOption",
]

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Masks (.nii.gz or .nii).")]

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="PLACE",
        help="Where to save: a file, or a folder for several masks. Default: a new file in the current folder, "
        "named after the mask and the step.",
    ),
]

OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace what exists already (the mask itself, if --output names it).")
]

SchemeOption = Annotated[
    str,
    typer.Option(
        "--scheme",
        metavar="SCHEME",
        help="Label scheme of the masks. Default: what their names say, else spine. See: convert --list",
    ),
]

OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="STRUCTURE", help="Only this structure, such as vertebra_L1; may be repeated."),
]


@dataclass(frozen=True, eq=False)
class Remarked:
    """A changed mask, and what its owner should know about it."""

    labels: LabelMap
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class ChangeRequest:
    """Which masks a step changes and where the results go.

    Parameters
    ----------
    step
        Name of the step, for file names and messages.
    files
        The masks.
    output, overwrite, scheme
        As the options of these names.
    beside
        Further masks that the step uses, by name; an empty one gets a remark.
    """

    step: str
    files: Sequence[Path]
    output: Path | None = None
    overwrite: bool = False
    scheme: str = ""
    beside: Mapping[str, LabelMap] = field(default_factory=dict)

    def run(self, ctx: typer.Context, change: Callable[[LabelMap], LabelMap | Remarked]) -> None:
        """Change every mask and save the results; a mask that fails is named and the others go on.

        Raises
        ------
        UsageError
            Several masks are to go into one file, or would be saved under one name.
        RefineError
            The only mask failed.
        PartialFailureError
            One of several masks failed.
        """
        terminal = terminal_of(ctx)
        if len(self.files) > 1 and self.output is not None and not self.output.is_dir() and self.output.suffix:
            raise UsageError("Several masks cannot go into one file.", "Give a folder with --output.")
        for name, count in Counter(map(self._name, self.files)).items():
            if count > 1:
                raise UsageError(
                    f"{count} of the masks would be saved as one file, {name}.",
                    "Run the command once for each of their folders, with another --output.",
                )
        if len(self.files) == 1:
            outcome = Outcome([(self.files[0].name, self._one(self.files[0], change))])
        else:
            items = [(file.name, file) for file in self.files]
            outcome = each_case(terminal, self.step, items, lambda file: self._one(file, change))
        results = [result for _, result in outcome.results]
        payload = {"step": self.step, "masks": results, "failed": outcome.failures_as_json()}
        terminal.answer(payload, lambda: _show(terminal, outcome))
        outcome.raise_if_any_failed()

    def _one(self, file: Path, change: Callable[[LabelMap], LabelMap | Remarked]) -> dict[str, Any]:
        from ..bids.masktypes import scheme_of_name
        from ..imaging import label_difference, read_labels, write_labels

        target = self._target(file)
        before = read_labels(file, scheme_of_name(file.name, self.scheme))  # a step may take any numbers for shapes
        made = change(before)
        remarked = made if isinstance(made, Remarked) else Remarked(made)
        after = remarked.labels
        given = {"mask": before, **self.beside}
        difference = label_difference(before, after) if after.scheme is before.scheme else None
        return {
            "mask": str(file),
            "output": str(target),
            "sha256": write_labels(target, after),
            "changed_voxels": difference.changed_voxels if difference else None,
            "remarks": [
                *(f"The {name} is empty." for name, labels in given.items() if not labels.array.any()),
                *remarked.remarks,
            ],
        }

    def _target(self, file: Path) -> Path:
        """Return where the result goes.

        Raises
        ------
        UsageError
            A file is there already and is not to be replaced.
        """
        name = self._name(existing_file(file, "mask"))
        if self.output is None:
            target = Path(name)
        elif self.output.is_dir() or not self.output.suffix:
            self.output.mkdir(parents=True, exist_ok=True)
            target = self.output / name
        else:
            target = self.output
        if target.exists() and not self.overwrite:
            what = "is the mask itself" if target.samefile(file) else "exists already"
            raise UsageError(f"{target} {what}.", "Choose another place with --output, or add --overwrite.")
        return target

    def _name(self, file: Path) -> str:
        extension = ".nii.gz" if file.name.endswith(".nii.gz") else file.suffix
        return f"{file.name.removesuffix(extension)}_{self.step}{extension}"


def read_mask(file: Path, scheme_name: str = "", default: str = "spine") -> LabelMap:
    """Read a mask in the scheme that was asked for, else in the one that its name says, else in ``default``.

    Raises
    ------
    LabelError
        It holds values outside that scheme: it is another mask than the one that is meant, or an image.
    """
    from ..bids.masktypes import scheme_of_name
    from ..imaging import read_labels

    labels = read_labels(existing_file(file, "mask"), scheme_of_name(file.name, scheme_name, default))
    labels.require_known_values()
    return labels


def _show(terminal: Terminal, outcome: Outcome[dict[str, Any]]) -> None:
    rows = [
        (name, result["changed_voxels"], result["output"], " ".join(result["remarks"]))
        for name, result in outcome.results
    ]
    if rows:
        terminal.table("Changed", ("Mask", "Changed voxels #", "Saved as", "Remarks"), rows)
    outcome.show_failures(terminal)
