"""A real worker process whose model is a fake: it says that the lower half of every image is canal (or spine)."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from SpineGTRefineLib.bids import Dataset, save_mask
from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.errors import InputError
from SpineGTRefineLib.imaging import LabelMap, read_image
from SpineGTRefineLib.recipes.definition import recipe


class HalfModel:
    """Saves its proposal as the real handler does."""

    def prepare(self, job, context):
        return job

    def compute(self, job, prepared, context):
        context.progress("predict", 0.5, 1, 2)
        time.sleep(job.get("seconds", 0.0))
        if job.get("fail"):
            raise InputError("The image is too short.", "Take a longer one.")
        return job

    def finish(self, job, computed, context):
        context.raise_if_cancelled()
        dataset = Dataset.open(job["dataset"], job["output"], job["profile"])
        case = dataset.case(job["case"])
        kind = recipe(job["recipe"]).mask_type
        image = read_image(case.image)
        array = np.zeros(image.geometry.shape, np.uint8)
        array[: array.shape[0] // 2] = kind.scheme.values[0]
        generator = {"Name": f"spine-gt-refine recipe {job['recipe']}", "Model": "half 1"}
        labels = LabelMap(array, image.geometry, kind.scheme)
        saved = save_mask(dataset, case, kind, labels, image=image, generated_by=[generator])
        return {"case": case.key, "mask": str(saved.path), "sha256": saved.sha256, "notes": ["a fake model"]}

    def unload(self):
        pass

    def status(self):
        return {}


if __name__ == "__main__":
    serve(HalfModel())
