"""``index``: say what is in a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import DatasetArgument, JsonOption, OutputOption, TsvOption, require_cases
from .spreadsheet import write_tsv
from .terminal import Terminal, terminal_of

if TYPE_CHECKING:
    from ..bids import Case, Dataset, Note

COLUMNS = ("Case", "Contrast", "On this computer", "Masks", "Status")
TSV_COLUMNS = ("case", "subject", "session", "contrast", "image", "fetched", "masks", "status")


def index(
    ctx: typer.Context,
    dataset: DatasetArgument,
    output: OutputOption = None,
    tsv: TsvOption = None,
    json: JsonOption = False,
) -> None:
    """List the cases of a dataset: each image, the masks that exist for it, and how far its review is.

    Reads names only, no images, and changes nothing.
    """
    del json
    terminal = terminal_of(ctx)
    from ..bids import Dataset
    from ..bids.events import current_status, read_events

    opened = Dataset.open(dataset, output)
    require_cases(opened)
    statuses: dict[str, dict[str, str]] = {}
    for (case, mask), event in current_status(read_events(opened.output)).items():
        statuses.setdefault(case, {})[mask] = event.status
    cases = [_case(opened, found, statuses) for found in opened.cases()]
    payload = {
        "dataset": str(opened.root),
        "output": str(opened.output),
        "cases": cases,
        "notes": [vars(note) for note in opened.notes],
    }
    if tsv is not None:
        write_tsv(tsv, TSV_COLUMNS, [_tsv_row(case) for case in cases])
    terminal.answer(payload, lambda: _show(terminal, opened, cases))


def _case(dataset: Dataset, case: Case, statuses: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "case": case.key,
        "subject": case.subject,
        "session": case.session,
        "contrast": case.contrast,
        "image": case.image.relative_to(dataset.root).as_posix(),
        "fetched": case.fetched,
        "masks": [
            {"mask": mask.mask_type.name, "pipeline": mask.pipeline, "file": mask.path.name, "fetched": mask.fetched}
            for mask in case.masks
        ],
        "status": statuses.get(case.key, {}),
    }


def _show(terminal: Terminal, dataset: Dataset, cases: list[dict[str, Any]]) -> None:
    rows = [
        (c["case"], c["contrast"], "yes" if c["fetched"] else "no (git annex get)", _masks(c), _status(c))
        for c in cases
    ]
    terminal.table(f"{len(cases)} cases in {dataset.root.name}", COLUMNS, rows)
    show_notes(terminal, dataset.notes)


def show_notes(terminal: Terminal, notes: tuple[Note, ...]) -> None:
    """Print what was noticed about a dataset."""
    if notes:
        rows = [(note.severity, note.path, note.message, note.remedy) for note in notes]
        terminal.table("Worth knowing", ("", "Where", "What", "What to do"), rows)


def _tsv_row(case: dict[str, Any]) -> tuple[object, ...]:
    names = ("case", "subject", "session", "contrast", "image")
    return (*(case[name] for name in names), str(case["fetched"]).lower(), _masks(case) or None, _status(case) or None)


def _masks(case: dict[str, Any]) -> str:
    return ", ".join(f"{mask['mask']} ({mask['pipeline'] or 'beside the image'})" for mask in case["masks"])


def _status(case: dict[str, Any]) -> str:
    return ", ".join(f"{mask}: {status}" for mask, status in sorted(case["status"].items()))
