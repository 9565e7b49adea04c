"""``version``: dataset versions, what was trained on what."""

from __future__ import annotations

import typer

from . import version_adopt, version_build, version_diff, version_export, version_import, version_rounds, version_show

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _version() -> None:
    """Dataset versions D1, D2, ...: which masks train, which test, and whether they are still what they were."""


app.command("build")(version_build.build)
app.command("show")(version_show.show)
app.command("diff")(version_diff.diff)
app.command("export")(version_export.export)
app.command("adopt")(version_adopt.adopt)
app.command("import")(version_import.import_masks)
app.command("rounds")(version_rounds.rounds)
