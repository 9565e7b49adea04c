"""A learning worker that builds, ships and ranks for real, and whose trainings are a few short steps of nothing."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.learning.training.jobs import LearningJobs

EPOCHS = 20


class PretendedTraining(LearningJobs):
    """Trains nothing, and says that it does."""

    def compute(self, job, prepared, context):
        if job["task"] != "train":
            return super().compute(job, prepared, context)
        for epoch in range(EPOCHS):
            context.progress("training fold 0", epoch / EPOCHS, detail=f"epoch {epoch + 1} of {EPOCHS}")
            time.sleep(0.2)
        name = job["request"]["name"]
        return {"model": name, "card": {"Test": {"Dice": 0.875}, "OutOfFold": {"Dice": None}}, "predictions": ""}


if __name__ == "__main__":
    serve(PretendedTraining())
