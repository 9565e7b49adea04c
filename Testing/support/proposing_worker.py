"""A real worker process with a fake model: some slow tiles, then a canal mask saved as a proposal."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from SpineGTRefineLib.bids import Dataset, save_mask
from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.imaging import LabelMap, read_image
from SpineGTRefineLib.recipes.definition import recipe

TILES, TILE_S = 12, 0.1


class FakeModel:
    """Calls the brightest voxels canal."""

    def prepare(self, job, context):
        dataset = Dataset.open(job["dataset"], job["output"])
        return dataset, dataset.case(job["case"])

    def compute(self, job, prepared, context):
        for tile in range(TILES):
            if context.cancelled.is_set():
                context.raise_if_cancelled()
            context.progress("predict", (tile + 1) / TILES, tile + 1, TILES)
            time.sleep(TILE_S)
        return prepared

    def finish(self, job, prepared, context):
        dataset, case = prepared
        image, kind = read_image(case.image), recipe(job["recipe"]).mask_type
        array = (image.array > np.percentile(image.array, 97)).astype(np.uint8)
        labels = LabelMap(array, image.geometry, kind.scheme)
        saved = save_mask(dataset, case, kind, labels, image=image, status="proposed")
        return {"mask": str(saved.path), "notes": ["a fake"]}

    def unload(self):
        """Nothing is loaded."""

    def status(self):
        return {}


if __name__ == "__main__":
    serve(FakeModel())
