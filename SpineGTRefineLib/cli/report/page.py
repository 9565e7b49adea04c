"""From the contents of a report to one HTML file that needs nothing else: no script, no network, no other file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ... import __version__
from ...anatomy import structures
from ...checks import Problem
from ...imaging import LabelDifference, LabelMap, ValueDifference, label_difference
from ...resources import resource_path
from .contents import CaseResult, Report
from .shapes import CHANGES, Shape, label_color, label_name
from .slices import Slice
from .views import PLANES, CaseViews

PICTURED_PROBLEMS = 6
"""How many problems of a list get a picture; all of them are listed."""

PROBLEM_RADIUS_MM = 32.0
"""How much is shown around a problem."""


@dataclass(frozen=True)
class Picture:
    """A slice with shapes over it, and a mark (column, row) where a problem lies; ``kind`` is labels or changes."""

    caption: str
    slice: Slice
    shapes: tuple[Shape, ...]
    kind: str = "labels"
    mark: tuple[float, float] | None = None


@dataclass(frozen=True)
class ProblemLine:
    """One problem in words, and as a picture where it has a place."""

    severity: str
    where: str
    message: str
    remedy: str
    picture: Picture | None


@dataclass(frozen=True)
class LabelLine:
    """One row of the table of differences, which is the legend of the pictures too."""

    value: int
    name: str
    color: str
    before: int
    after: int
    added: int
    removed: int
    dice: float


@dataclass(frozen=True)
class CaseSection:
    """All that the page shows of one case."""

    result: CaseResult
    planes: dict[str, tuple[Picture, ...]]
    found: tuple[ProblemLine, ...]
    remaining: tuple[ProblemLine, ...]
    difference: LabelDifference
    labels: tuple[LabelLine, ...]

    @property
    def had_mask(self) -> bool:
        """Whether there was a mask before, to compare with."""
        return self.result.before is not None

    @property
    def problems_before(self) -> int:
        """Number of errors and warnings before; remarks are no problems."""
        return sum(line.severity != "info" for line in self.found)

    @property
    def problems_now(self) -> int:
        """Number of errors and warnings that are left."""
        return sum(line.severity != "info" for line in self.remaining)


def render_report(report: Report) -> str:
    """Return the report as the text of an HTML file.

    Every text is escaped: names of subjects come from file names and may hold anything.
    """
    sections = [_section(case) for case in report.cases]
    return filled_page("report.html.j2", report=report, sections=sections, changes=CHANGES)


def filled_page(template: str, **content: Any) -> str:
    """Return a template of this project as a page; every text that is filled in is escaped."""
    environment = Environment(
        loader=FileSystemLoader(resource_path("Report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**content, version=__version__)


def _section(case: CaseResult) -> CaseSection:
    views = CaseViews(case.image, case.before, case.after)
    difference = label_difference(case.before, case.after)
    return CaseSection(
        result=case,
        planes={plane: _plane_pictures(case, views, axis) for axis, plane in enumerate(PLANES)},
        found=_problem_lines(views, case.problems_before, before=True),
        remaining=_problem_lines(views, case.problems_after, before=False),
        difference=difference,
        labels=tuple(_label_line(case.after, row) for row in difference.values),
    )


def _plane_pictures(case: CaseResult, views: CaseViews, axis: int) -> tuple[Picture, ...]:
    """Before, after and what changed, on the same slice."""
    view = views.slice(axis, views.best_slice(axis))
    ground = view.ground()
    if case.before is None:
        return (Picture("Now", ground, view.labels_after()),)
    after = Picture("After", ground, view.labels_after())
    before = Picture("Before", ground, view.labels_before())
    return before, after, Picture("Changes", ground, view.changes(), kind="changes")


def _problem_lines(views: CaseViews, problems: Sequence[Problem], *, before: bool) -> tuple[ProblemLine, ...]:
    lines = []
    for number, problem in enumerate(problems):
        known = structures().get(problem.structure or "")
        name = known.name if known is not None else problem.structure or ""
        picture = _problem_picture(views, problem, before=before) if number < PICTURED_PROBLEMS else None
        lines.append(ProblemLine(problem.severity, name, problem.message, problem.remedy, picture))
    return tuple(lines)


def _problem_picture(views: CaseViews, problem: Problem, *, before: bool) -> Picture | None:
    """Draw the sagittal slice through a problem with a ring around it; None where the problem has no place."""
    if problem.position is None:
        return None
    view = views.sagittal_at(problem.position, PROBLEM_RADIUS_MM)
    shapes = view.labels_before() if before else view.labels_after()
    return Picture("", view.ground(), shapes, mark=view.mark)


def _label_line(labels: LabelMap, row: ValueDifference) -> LabelLine:
    name, color = label_name(labels.scheme, row.value), label_color(labels.scheme, row.value)
    return LabelLine(row.value, name, color, row.voxels_before, row.voxels_after, row.added, row.removed, row.dice)
