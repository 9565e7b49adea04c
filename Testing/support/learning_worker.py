"""A learning worker that builds and ranks for real, and whose trainings are a few short steps of nothing."""

import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.bids.jsonfiles import write_json
from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.learning.training.card import CARD, card_of
from SpineGTRefineLib.learning.training.champion import decide
from SpineGTRefineLib.learning.training.jobs import LearningJobs
from SpineGTRefineLib.learning.training.request import TrainingRequest
from SpineGTRefineLib.learning.versions import Version, versions_folder
from SpineGTRefineLib.models import ModelEntry, ModelStore
from SpineGTRefineLib.models.installed import Origin, write_record

EPOCHS = 20


class PretendedTraining(LearningJobs):
    """Trains and tries nothing, and says that it does; the models that it leaves are a name and a card."""

    def compute(self, job, prepared, context):
        if job["task"] == "train":
            return self._train(TrainingRequest.from_json(job["request"]), context)
        if job["task"] == "ship":
            return self._ship(Dataset.open(job["dataset"], job["output"], job["profile"]), job["model"])
        return super().compute(job, prepared, context)

    def _train(self, request, context):
        for epoch in range(EPOCHS):
            context.progress("training fold 0", epoch / EPOCHS, detail=f"epoch {epoch + 1} of {EPOCHS}")
            time.sleep(0.2)
        version = Version.open(request.version, request.dataset, request.output)
        card = {
            "Training": request.name,
            "Version": {"Name": version.name, "SHA256": version.sha256},
            "Test": {"Dice": 0.875},
            "OutOfFold": {"Dice": None},
        }
        _install(request.name, card)
        return {"model": request.name, "card": card, "predictions": ""}

    def _ship(self, dataset, model):
        card = card_of(ModelStore().find(model))
        version = Version.open(versions_folder(dataset.output) / card["Version"]["Name"], dataset.root, dataset.output)
        single = f"{model}-fold0"
        _install(single, card)
        challenge = decide(dataset.output, single, version, None)
        return {"model": single, "fold": "0", "challenge": asdict(challenge), "comparison": None}


def _install(name, card):
    folder = ModelStore().folder / name
    (folder / "files").mkdir(parents=True, exist_ok=True)
    write_json(folder / CARD, card)
    write_record(folder, ModelEntry(name, "1", name), Origin("pretended"))


if __name__ == "__main__":
    serve(PretendedTraining())
