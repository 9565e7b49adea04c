"""A real worker process that reads, skips and saves as the real one does; only the network is a line of code.

A job may name a ``diary``, to which each saved case is added, and a fault (see ``fake_worker``).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fake_worker import fault
from scripted_models import Threshold, installed

from SpineGTRefineLib.engine.recipe_jobs import RecipeJobs
from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.recipes.runner import run_recipe


class OnlyThreshold:
    """A store in which every name is the same model."""

    def find(self, name):
        return installed()


class ThresholdJobs(RecipeJobs):
    def __init__(self):
        super().__init__(OnlyThreshold())

    def compute(self, job, prepared, context):
        fault(job, "compute")
        if prepared.done:
            return prepared, None
        return prepared, run_recipe(prepared.recipe, prepared.image, prepared.model, contrast="T2w", run=Threshold())

    def finish(self, job, computed, context):
        outcome = super().finish(job, computed, context)
        if "diary" in job and not outcome["skipped"]:
            with Path(job["diary"]).open("a") as diary:
                diary.write(f"{job['case']}\n")
        fault(job, "finish")
        return outcome


if __name__ == "__main__":
    serve(ThresholdJobs())
