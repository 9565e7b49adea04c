"""What a training is asked for: it travels as plain values, takes its own folder and name, and says what is learned."""

import json
from dataclasses import replace

import pytest
from ball_world import TINY
from version_world import VersionWorld

from SpineGTRefineLib.errors import ConflictError, UsageError
from SpineGTRefineLib.learning.exchange import LabelNumbers
from SpineGTRefineLib.learning.training import TrainingRequest, training_request
from SpineGTRefineLib.learning.training.card import CARD
from SpineGTRefineLib.learning.training.claim import claim
from SpineGTRefineLib.learning.training.presets import fine_tuning_of
from SpineGTRefineLib.learning.training.regions import outputs_of, usual_regions
from SpineGTRefineLib.learning.training.shipping import _refuse_other, _trained, best_fold
from SpineGTRefineLib.learning.versions import BuildSettings, SplitSettings, build_version
from SpineGTRefineLib.models import InstalledModel, ModelEntry, ModelStore


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """Six subjects with canal masks, two folds."""
    world = VersionWorld(tmp_path_factory.mktemp("requests") / "dataset", 6)
    world.save_all()
    return build_version(world.dataset, world.kind, BuildSettings(split=SplitSettings(0.25, folds=2)))


def test_a_request_travels_as_plain_values(version):
    settings = replace(TINY, freeze=("encoder:1",))
    request = training_request(version, settings=settings, regions={"whole": ("a", "b")}, start="canal_D0")
    assert TrainingRequest.from_json(request.as_json()) == request
    assert request.name == "canal_D1"
    assert request.folds == ("0", "1")
    assert request.differences(json.loads(json.dumps(request.as_json()))) == ()
    longer = replace(request, settings=replace(request.settings, epochs=9, device="cuda"), folds=("1",))
    assert longer.differences(request.as_json()) == ("epochs",)


def test_a_fold_that_the_version_lacks_is_refused(version):
    with pytest.raises(UsageError, match=r"no fold 7.*Its folds: 0, 1"):
        training_request(version, folds=("7",))


def test_the_cord_is_learned_whole_and_its_gray_matter_painted_over_it():
    outputs = outputs_of(LabelNumbers.of("gmwm", (1, 2), ignores=True), usual_regions("gmwm"))
    assert outputs.labels == {"cord": [1, 2], "gm": [1], "ignore": 3}
    assert outputs.class_order == (2, 1)
    assert outputs.meanings == (frozenset({"gm", "wm"}), frozenset({"gm"}))


def test_structures_without_a_region_are_regions_of_their_own():
    outputs = outputs_of(LabelNumbers.of("spine", (1, 2, 41, 42)), usual_regions("spine"))
    assert list(outputs.labels) == ["canal_whole", "cord", "vertebra_L1", "vertebra_L2"]
    assert outputs.class_order == (2, 1, 3, 4)


def test_regions_of_which_nothing_is_left_to_paint_are_refused():
    numbers = LabelNumbers.of("gmwm", (1, 2))
    with pytest.raises(UsageError, match="Of the region cord, 0 structures"):
        outputs_of(numbers, {"cord": ("gm", "wm"), "gm": ("gm",), "wm": ("wm",)})
    with pytest.raises(UsageError, match="names lung"):
        outputs_of(numbers, {"cord": ("gm", "lung")})
    with pytest.raises(UsageError, match="no regions are known"):
        usual_regions("canal")


def test_the_best_fold_is_the_one_whose_figures_can_be_trusted():
    seen = {"MayHaveSeenHeldBack": True}
    folds = {"0": {**seen, "Dice": 0.99}, "1": {"MayHaveSeenHeldBack": False, "Dice": 0.8}}
    assert best_fold({"Folds": {**folds, "2": {"MayHaveSeenHeldBack": False, "Dice": 0.9}}}) == "2"
    assert best_fold({"Folds": {"all": {"MayHaveSeenHeldBack": False, "Dice": None}}}) == "all"


def test_a_fine_tuning_is_short_unless_a_file_or_a_person_says_otherwise(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("epochs = 7\n")
    assert (fine_tuning_of("nnunet").epochs, fine_tuning_of("nnunet", epochs=3).epochs) == (100, 3)
    assert (fine_tuning_of(str(own), epochs=None).epochs, fine_tuning_of(str(own)).learning_rate) == (7, 1e-3)


def test_a_request_that_was_refused_at_once_does_not_keep_the_name(version, tmp_path):
    request, store = training_request(version, settings=TINY, folder=tmp_path / "training"), ModelStore(tmp_path)
    claim(replace(request, start="misspelled"), version, store)
    claim(request, version, store)
    (request.folder / "nnunet").mkdir()
    with pytest.raises(ConflictError, match="it differs in: start"):
        claim(replace(request, start="misspelled"), version, store)


def test_a_single_fold_never_takes_the_name_of_the_model_that_has_them_all(tmp_path):
    class Store:
        entries = ()

        def find(self, name):
            return InstalledModel(ModelEntry(name, "1", "canal"), tmp_path / "results", {}, "")

        def installed(self):
            return (self.find("canal_D1"),)

    card = {"Id": "1", "Name": "canal_D1", "Training": "canal_D1"}
    (tmp_path / CARD).write_text(json.dumps(card))
    _refuse_other("canal_D1-fold0", card, Store())
    for name_of_the_shipped in ("canal_D1", "canal_D1-fold0"):
        with pytest.raises(ConflictError, match="another model called canal_D1"):
            _refuse_other("canal_D1", {**card, "Name": name_of_the_shipped}, Store())
    (tmp_path / CARD).write_text(json.dumps({**card, "Name": "canal_D1-fold0"}))
    with pytest.raises(UsageError, match="single fold of canal_D1 already"):
        _trained(Store(), "canal_D1-fold0")
