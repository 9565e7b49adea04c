"""A prediction finds its truth; what lies beside the masks, and a truth that changed, is not taken for one."""

import pytest

from SpineGTRefineLib.bids import load_mask
from SpineGTRefineLib.errors import ChangedOnDiskError
from SpineGTRefineLib.imaging import write_labels
from SpineGTRefineLib.learning.evaluation import pair_masks
from SpineGTRefineLib.learning.opinions import OPINIONS, opinion_path
from SpineGTRefineLib.learning.versions import build_version


@pytest.fixture
def version(world):
    return build_version(world.dataset, world.kind)


@pytest.fixture
def predictions(world, version, tmp_path):
    """What a training keeps of the test set: a mask of each case, with the model's opinions beside it."""
    for row in version.cases("test"):
        path = tmp_path / "predictions" / f"{row.case}.nii.gz"
        write_labels(path, load_mask(world.dataset, world.dataset.case(row.case), world.kind))
        for opinion in OPINIONS:
            opinion_path(path, opinion).touch()
    return tmp_path / "predictions"


def test_the_opinions_of_a_model_are_no_masks(version, predictions):
    for truth in (version.folder, predictions):
        pairs = pair_masks(predictions, truth)
        assert [pair.name for pair in pairs] == [row.case for row in version.cases("test")]
    assert {pair.prediction.name for pair in pairs} == {f"{row.case}.nii.gz" for row in version.cases("test")}


def test_nothing_is_scored_on_a_frozen_truth_that_changed(world, version, predictions):
    tested, trained = version.cases("test")[0], version.cases("train")[0]
    world.save(trained.case, 99)
    assert pair_masks(predictions, version.folder)
    world.save(tested.case, 99)
    with pytest.raises(ChangedOnDiskError, match=tested.subject):
        pair_masks(predictions, version.folder)
