"""``consensus``: how much raters agree, and one mask from all of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DatasetError, UsageError
from .batch import Outcome, each_case
from .mask_files import SchemeOption, read_mask
from .options import JsonOption, existing_file
from .scoring import number
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Case, Dataset
    from ..imaging import LabelMap
    from ..learning.consensus import Agreement, Consensus
    from ..learning.evaluation import LevelExtent, MeanVariation


class MethodName(StrEnum):
    """How a consensus is made."""

    STAPLE = "staple"
    MAJORITY = "majority"
    BOTH = "both"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are run."""
        return ("staple", "majority") if self is MethodName.BOTH else (self.value,)


@dataclass(frozen=True)
class Agreed:
    """What came out for one case."""

    agreement: Agreement
    results: tuple[Consensus, ...]
    saved: tuple[Path, ...]
    heights: Mapping[str, Sequence[LevelExtent]] | None = None

    @property
    def variation(self) -> dict[str, float | None] | None:
        """Variation of each level between raters, in percent; None where nothing was measured."""
        from ..learning.evaluation import variation_of_levels

        return (
            None if self.heights is None else variation_of_levels({rater: self.heights[rater] for rater in self.raters})
        )

    @property
    def raters(self) -> tuple[str, ...]:
        """Names of the raters."""
        return self.agreement.raters

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "agreement": self.agreement.as_dict(),
            "consensus": [result.as_dict() for result in self.results],
            "saved": [str(path) for path in self.saved],
            "variation_percent": self.variation,
        }


def consensus(
    ctx: typer.Context,
    places: Annotated[
        list[Path],
        typer.Argument(metavar="DATASET|MASKS...", help="A BIDS dataset, or the masks of one case by several raters."),
    ],
    method: Annotated[MethodName, typer.Option("--method", help="How to combine the masks.")] = MethodName.BOTH,
    certainty: Annotated[
        float, typer.Option("--certainty", help="STAPLE keeps a voxel above this probability (0 to 1).")
    ] = 0.95,
    mask: Annotated[
        str, typer.Option("--mask", metavar="KIND", help="Of a dataset, the kind of mask that raters drew.")
    ] = "rootlets",
    scheme: SchemeOption = "",
    cord: Annotated[
        Path | None,
        typer.Option("--cord", metavar="FILE", help="Cord mask: also say how much the levels' heights vary."),
    ] = None,
    landmarks: Annotated[
        Path | None,
        typer.Option("--landmarks", metavar="FILE", help="Landmarks with the pontomedullary junction, with --cord."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FOLDER", help="Where to save. Default: for masks nowhere, only the tables."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Combine the masks of several raters, level by level, and say how much they agree.

    A level that any rater drew is looked at; no voxel gets a level that nobody drew there. Masks of a dataset are the
    raters' own (desc-NAME, or old names such as _rater1); the result goes beside them as desc-staple, desc-majority.
    Where a dataset also holds cord masks and the pontomedullary junction among its disc landmarks, the variation (COV)
    of the levels' heights is told for each case and for the dataset, between raters and between scans of a person.
    """
    del json
    terminal = terminal_of(ctx)
    wanted = _Request(method.methods, certainty, scheme, output, cord, landmarks)
    if len(places) == 1 and places[0].is_dir():
        outcome = _of_dataset(terminal, places[0], mask, wanted)
    else:
        outcome = Outcome([("these masks", _of_files(places, wanted))])
    cases = [{"case": name, **agreed.as_dict()} for name, agreed in outcome.results]
    variation = _variation_in_dataset(outcome)
    payload = {
        "cases": cases,
        "variation": {
            between: {key: vars(mean) for key, mean in found.items()} for between, found in variation.items()
        },
        "failed": outcome.failures_as_json(),
    }
    terminal.answer(payload, lambda: _show(terminal, outcome, variation))
    outcome.raise_if_any_failed()


@dataclass(frozen=True)
class _Request:
    methods: tuple[str, ...]
    certainty: float
    scheme: str
    output: Path | None
    cord: Path | None
    landmarks: Path | None

    def __post_init__(self) -> None:
        if (self.cord is None) != (self.landmarks is None):
            raise UsageError("--cord and --landmarks go together.", "Give both, or neither.")

    def combine(self, masks: Mapping[str, LabelMap]) -> tuple[Agreement, tuple[Consensus, ...]]:
        """Compare and combine the masks of one case."""
        from ..learning.consensus import METHODS, consensus, count_votes, rater_agreement

        votes = count_votes(masks)
        chosen = [known for known in METHODS if known in self.methods]
        results = tuple(consensus(votes, how, certainty=self.certainty) for how in chosen)
        return rater_agreement(votes), results


def _of_files(files: list[Path], wanted: _Request) -> Agreed:
    from ..imaging import write_labels
    from ..learning.consensus.cases import consensus_name

    names = [existing_file(file, "mask").name for file in files]
    short = [name.removesuffix(".gz").removesuffix(".nii") for name in names]
    raters = short if len(set(short)) == len(short) else [str(file) for file in files]
    masks = {rater: read_mask(file, wanted.scheme, "rootlets") for rater, file in zip(raters, files, strict=True)}
    agreement, results = wanted.combine(masks)
    saved = []
    if wanted.output is not None:
        targets = [wanted.output / consensus_name(names[0], result.method) for result in results]
        for target in targets:
            if target.exists():
                raise UsageError(f"{target} exists already.", "Choose another folder with --output.")
        for target, result in zip(targets, results, strict=True):
            source = masks[raters[0]].source
            write_labels(target, result.labels, source.header if source else None)
            saved.append(target)
    return Agreed(agreement, results, tuple(saved), _heights(masks, wanted))


def _heights(masks: Mapping[str, LabelMap], wanted: _Request) -> Mapping[str, Sequence[LevelExtent]] | None:
    if wanted.cord is None or wanted.landmarks is None:
        return None
    from ..learning.evaluation import level_extents, pmj_position

    cord, landmarks = read_mask(wanted.cord, "cord"), read_mask(wanted.landmarks, "sct_discs")
    junction = pmj_position(landmarks)
    return {rater: level_extents(mask, cord, junction) for rater, mask in masks.items()}


def _of_dataset(terminal: Terminal, root: Path, mask: str, wanted: _Request) -> Outcome[Agreed]:
    from ..bids import Dataset, mask_type
    from ..learning.consensus.cases import raters_of

    dataset = Dataset.open(root, wanted.output)
    cases = [(case.key, case) for case in dataset if len(raters_of(case, mask_type(mask))) > 1]
    if not cases:
        raise DatasetError(
            f"No case of {root} has {mask} masks of two raters or more.",
            "Raters' masks carry desc-NAME in their names; see --mask for the kind.",
        )
    return each_case(terminal, "Combining", cases, lambda case: _of_case(dataset, case, mask, wanted))


def _of_case(dataset: Dataset, case: Case, mask: str, wanted: _Request) -> Agreed:
    from ..bids import mask_type
    from ..imaging import read_labels
    from ..learning.consensus.cases import raters_of, save_consensus
    from ..learning.consensus.heights import heights_of_case

    kind = mask_type(mask)
    files = {rater: file.path for rater, file in raters_of(case, kind).items()}
    masks = {rater: read_labels(path, kind.scheme) for rater, path in files.items()}
    agreement, results = wanted.combine(masks)
    saved = tuple(save_consensus(dataset, case, kind, result, files).path for result in results)
    if kind.name != "rootlets":
        return Agreed(agreement, results, saved)
    agreed: dict[str, LabelMap] = {str(result.method): result.labels for result in results}
    return Agreed(agreement, results, saved, heights_of_case(dataset, case, {**masks, **agreed}))


def _variation_in_dataset(outcome: Outcome[Agreed]) -> dict[str, dict[str, MeanVariation]]:
    """Average the variation between the raters of a case, and between the scans of a person, over the dataset."""
    from ..learning.evaluation import mean_variation, person_in_name

    raters: dict[str, dict[str, Sequence[LevelExtent]]] = {}
    scans: dict[str, dict[str, Sequence[LevelExtent]]] = {}
    for name, agreed in outcome.results:
        if agreed.heights is None:
            continue
        raters[name] = {rater: agreed.heights[rater] for rater in agreed.raters}
        if agreed.results and agreed.results[0].method in agreed.heights:
            scans.setdefault(person_in_name(name), {})[name] = agreed.heights[agreed.results[0].method]
    return {"raters": mean_variation(raters), "scans of a person": mean_variation(scans)}


def _show(terminal: Terminal, outcome: Outcome[Agreed], variation: Mapping[str, Mapping[str, MeanVariation]]) -> None:
    for name, agreed in outcome.results:
        raters = agreed.agreement.raters
        for title, matrix in (("Dice", agreed.agreement.dice), ("F1 of slices", agreed.agreement.z_f1)):
            rows = [(rater, *(number(cell) for cell in row)) for rater, row in zip(raters, matrix, strict=True)]
            terminal.table(f"{title} of raters, {name}", ("Rater", *(f"{rater} #" for rater in raters)), rows)
        for result in agreed.results:
            levels = ", ".join(result.labels.scheme[value].structure.name for value in result.labels.values())
            terminal.say(f"{result.method}: {levels or 'nothing'}; {result.contested_voxels} voxels were contested.")
        if agreed.variation is not None:
            rows = [(key, number(percent, 2)) for key, percent in agreed.variation.items()]
            terminal.table("Variation of the levels' heights", ("Level", "COV % #"), rows)
        for path in agreed.saved:
            terminal.say(f"Saved {path}")
    for between, found in variation.items():
        if found and len(outcome.results) > 1:
            means = [(key, str(mean.groups), number(mean.percent, 2)) for key, mean in found.items()]
            terminal.table(f"Variation between {between}, mean of the dataset", ("Level", "Groups #", "COV % #"), means)
    outcome.show_failures(terminal)
