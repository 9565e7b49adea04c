"""A short day at the panel in a Python that has only what Slicer ships (and the harness): run by a test.

python blocked_day.py DATASET
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "harness"), str(HERE.parent / "support")]

from slicer_python import Blocker  # noqa: E402

HARNESS = ["slicer", "slicer_core", "PySide6", "shiboken6", "SpineGTRefine", "qt", "ctk"]
HARNESS += [path.stem for path in (HERE.parent / "harness").glob("*.py")]


def main() -> None:
    """Open, repair, note, save, next, draft, leave."""
    # Looking for torch in this very process would trip the block; another process may be asked.
    os.environ["SPINEGTREFINE_PYTHON"] = sys.executable
    sys.meta_path.insert(0, Blocker(HARNESS))
    import program
    import pythonqt

    _, widget = program.open_module(HERE.parents[1] / "SpineGTRefine")
    panel = widget.panel
    panel.workspace.openDataset(sys.argv[1], "AB")
    panel.problems.step(1)
    panel.workspace.choose("vertebra_L3")
    panel.levels.shift(-1)
    program.wait_until(lambda: "Errors: 1" not in panel.problems.ui.countLabel.text)
    panel.finish.ui.noteEdit.text = "levels were off by one"
    panel.finish.saveAndNext()
    panel.versions.compare()
    panel.case.ui.smoothCheck.checked = True
    panel.workspace.session.bench.remark(grade=3)
    panel.finish.saveDraft()
    panel.finish.flagAndNext()
    widget.cleanup()
    if pythonqt.errors:
        raise pythonqt.errors[0]
    print("the day is over")


if __name__ == "__main__":
    main()
