"""Train a demo model on synthetic phantoms: ``python -m SpineGTRefineLib.learning.train_demo canal --work FOLDER``.

The phantoms of the tests are drawn from seeds that are fixed with each demo and never trained on.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from ..fileops import sha256_of_file, write_text_atomic
from ..models.installed import InstalledModel
from ..models.registry import registry
from ..resources import resource_path
from .demos import DEMOS, Demo
from .demos.definition import Scores
from .export import export_for_inference
from .nnunet_planning import Progress, is_prepared, prepare
from .nnunet_training import train
from .nnunet_workspace import Workspace
from .raw_dataset import write_raw_dataset
from .settings import TrainingSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DemoResult:
    """The folder of a trained demo model, and how well it did on each test phantom."""

    folder: Path
    scores: Scores


def train_demo(
    demo: Demo,
    work: Path,
    target: Path,
    *,
    settings: TrainingSettings | None = None,
    progress: Progress | None = None,
) -> DemoResult:
    """Train a demo model, write its weights and its card to ``target``, and test it.

    Parameters
    ----------
    demo
        One of :data:`.demos.DEMOS`.
    work
        Folder for the phantoms and the training; a stopped training there goes on.
    target
        Folder for the weights (usually ``Resources/Models/demo/NAME``); emptied of an older model.
    settings
        Length and size; None for the demo's own.
    progress
        See :func:`.nnunet_training.train`.
    """
    chosen, workspace = settings or demo.settings, Workspace(work)
    if not is_prepared(workspace, demo.dataset, chosen):
        cases = map(demo.training_case, demo.seeds)
        write_raw_dataset(workspace.raw, demo.dataset, cases, channels=demo.channels, labels=demo.labels)
        prepare(workspace, demo.dataset, chosen, progress=progress)
    results = train(workspace, demo.dataset, chosen, progress=progress)
    export_for_inference(results, target)
    paths = [target / "plans.json", target / "dataset.json", *sorted(target.glob("fold_*/*.pth"))]
    hashes = {path.relative_to(target).as_posix(): sha256_of_file(path) for path in paths}
    write_text_atomic(target / "SHA256.json", json.dumps(hashes, indent=1) + "\n")
    scores = demo.measure(demo_in(demo, target))
    write_text_atomic(target / "MODEL_CARD.md", model_card(demo, scores, chosen))
    return DemoResult(target, scores)


def demo_in(demo: Demo, folder: Path) -> InstalledModel:
    """Return the demo model that lies in a folder."""
    hashes = json.loads((folder / "SHA256.json").read_text(encoding="utf-8"))
    return InstalledModel(registry()[f"demo_{demo.name}"], folder, hashes, "demo")


def model_card(demo: Demo, scores: Scores, settings: TrainingSettings) -> str:
    """Return the text of the card: what the model is for, what it was trained on, and how well it does."""
    figures = list(next(iter(scores.values())))
    rows = "\n".join(
        f"| {kind} | {demo.tests[kind]['seed']} | {' | '.join(f'{row[name]:.3f}' for name in figures)} |"
        for kind, row in scores.items()
    )
    return f"""# Demo model: {demo.name}

**Trained on synthetic phantoms, not for patients.** It shows that the tool works from end to end without a download.
On a real image its result means nothing.

* Made by `python -m SpineGTRefineLib.learning.train_demo {demo.name}` with nnU-Net on a CPU.
* {len(demo.seeds)} phantoms (seeds {demo.seeds.start} to {demo.seeds.stop - 1}), {settings.epochs} epochs of
  {settings.iterations_per_epoch} steps.
* {demo.purpose}
* Weights in half precision, licence as the project (MIT).

On phantoms that were never trained on:

| phantom | seed | {" | ".join(figures)} |
|---|---|{"---|" * len(figures)}
{rows}
"""


def main(arguments: list[str] | None = None) -> None:
    """Train a demo model from the command line."""
    parser = argparse.ArgumentParser(prog="train_demo", description=__doc__)
    parser.add_argument("name", choices=DEMOS)
    parser.add_argument("--work", type=Path, required=True, help="folder for phantoms and training")
    parser.add_argument("--target", type=Path, help="folder for the weights; by default the project's own")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    target = options.target or resource_path("Models") / "demo" / options.name
    result = train_demo(DEMOS[options.name], options.work, target, progress=_log_each_epoch())
    logger.info("Scores %s", {kind: dict(row) for kind, row in result.scores.items()})


def _log_each_epoch() -> Progress:
    last = [""]

    def log(_part: float, text: str) -> None:
        if text != last[0]:
            logger.info(text)
            last[0] = text

    return log


if __name__ == "__main__":
    main()
