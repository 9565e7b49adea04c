"""A model that a lab trained on its own spine masks runs under the recipe `spine`: its levels are its own."""

import numpy as np
import pytest
from scripted_models import installed

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.errors import LabelError
from SpineGTRefineLib.imaging import read_labels, write_image
from SpineGTRefineLib.models import Prediction
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.model_choice import choose_model


@pytest.fixture(scope="module")
def lumbar():
    return make_spine(9701, spacing=4.0, region="lumbar", rootlets=False)


class Store:
    def __init__(self, model):
        self.find = lambda name: model


def test_what_the_model_draws_is_the_mask(lumbar, tmp_path):
    path = tmp_path / "data" / "sub-01" / "anat" / "sub-01_T2w.nii.gz"
    path.parent.mkdir(parents=True)
    write_image(path, lumbar.image)
    mine = installed("mine", of="spine")
    dataset = Dataset.open(tmp_path / "data")

    def network(images, model, **options):
        return Prediction(lumbar.spine, ("background",), None, None, {}, {})

    model = choose_model(recipe("spine"), Store(mine), "mine")
    (outcome,) = run_on_dataset(recipe("spine"), dataset, dataset.cases(), model, run=network)
    saved = read_labels(outcome.saved.path, scheme("spine"))
    assert np.array_equal(saved.array, lumbar.spine.array)
    assert not [note for note in outcome.notes if "level" in note]


@pytest.mark.parametrize(("name", "labels"), [("spine", "sacrum"), ("sacrum", "spine"), ("spine_tools", "spine")])
def test_a_model_of_other_masks_is_refused(name, labels):
    with pytest.raises(LabelError, match="does not make"):
        choose_model(recipe(name), Store(installed("mine", of=labels)), "mine")
