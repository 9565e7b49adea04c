"""From a version to a model: what is learned, and what is left when machine or user say stop."""

import os
import shutil
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pytest
from ball_world import TINY, BallWorld
from needs import needs_nnunet

from SpineGTRefineLib.bids import Remarks, save_mask
from SpineGTRefineLib.errors import (
    CancelledError,
    ChangedOnDiskError,
    ConflictError,
    ModelError,
    WriteError,
)
from SpineGTRefineLib.imaging import read_image, read_labels
from SpineGTRefineLib.learning.opinions import is_opinion
from SpineGTRefineLib.learning.preparation import Preparation
from SpineGTRefineLib.learning.ranking.dataset import Predictions
from SpineGTRefineLib.learning.training import card_of, train_version, training_request
from SpineGTRefineLib.learning.training.card import PAGE
from SpineGTRefineLib.learning.training.regions import usual_regions
from SpineGTRefineLib.learning.versions import BuildSettings, Rules, SplitSettings, build_version
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.model_choice import choose_model


def build(world, **options):
    split = SplitSettings(options.pop("test", 0.25), folds=options.pop("folds", 2))
    return build_version(world.dataset, world.kind, BuildSettings(split=split), **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Eight subjects with true masks of bright balls."""
    world = BallWorld(tmp_path_factory.mktemp("balls") / "dataset", subjects=8)
    world.save_all()
    return world


@pytest.fixture(scope="module")
def version(world):
    return build(world)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def trained(version, store):
    """Both folds of the version, trained and installed."""
    import torch

    torch.set_num_threads(1)
    return train_version(training_request(version, settings=TINY), store=store, keep_prepared=True)


@pytest.fixture
def again(trained, version, tmp_path):
    """The same training in another folder, of fold 0 alone, with the cases prepared already; and an empty store."""
    request = training_request(version, settings=TINY, folder=tmp_path / "again", folds=("0",))
    prepared = trained.predictions.parent / "nnunet"
    for name in ("raw", "preprocessed"):
        shutil.copytree(prepared / name, request.folder / "nnunet" / name)
    return request, ModelStore(tmp_path / "store")


def weights(folder):
    from SpineGTRefineLib.models.checkpoint import load_checkpoint

    (path,) = folder.glob("nnunet/results/*/*/fold_0/checkpoint_final.pth")
    return load_checkpoint(path).weights


def in_store(store):
    return [path.name for path in store.folder.iterdir()] if store.folder.is_dir() else []


@needs_nnunet
def test_a_version_that_changed_under_a_training_stops_it_before_anything_is_made(tmp_path):
    world = BallWorld(tmp_path / "dataset", subjects=4)
    world.save_all()
    version = build(world)
    world.save("sub-01_T2w", world.truth["sub-01_T2w"].with_array(world.truth["sub-02_T2w"].array))
    request, store = training_request(version, settings=TINY), ModelStore(tmp_path / "store")
    with pytest.raises(ChangedOnDiskError, match="D1 is no longer what it was"):
        train_version(request, store=store)
    assert in_store(store) == []
    assert not (request.folder / "nnunet").exists()


@needs_nnunet
def test_another_training_is_not_taken_for_this_one(version, tmp_path):
    request = training_request(version, settings=TINY, folder=tmp_path / "training")
    store = ModelStore(tmp_path / "store")
    said = []
    with pytest.raises(CancelledError):
        train_version(
            request,
            store=store,
            report=lambda _part, text, *_more, **_timed: said.append(text),
            cancel=lambda: any("writing" in text for text in said),
        )
    with pytest.raises(ConflictError, match="differs in: learning_rate"):
        train_version(replace(request, settings=replace(TINY, learning_rate=0.5)), store=store)
    with pytest.raises(ConflictError, match="published model"):
        train_version(replace(request, name="demo_canal", folder=tmp_path / "other"), store=store)


@needs_nnunet
@pytest.mark.slow
def test_each_case_is_predicted_by_the_network_that_did_not_see_it(trained, version, world):
    for fold in ("0", "1"):
        held_back = {row.case for row in version.fold(int(fold))[1]}
        masks = [path for path in (trained.predictions / f"fold_{fold}").iterdir() if not is_opinion(path)]
        assert {path.name[:-7] for path in masks} == held_back
    source = Predictions("canal_D1", trained.predictions)
    for case in world.dataset.cases():
        said = read_labels(source.of(case), world.kind.scheme)
        assert said.geometry.matches(read_image(case.image).geometry)
        both = 2 * np.count_nonzero(said.array & world.truth[case.key].array)
        assert both / (said.array.sum() + world.truth[case.key].array.sum()) > 0.7, case.key


@needs_nnunet
@pytest.mark.slow
def test_the_card_says_what_was_learned_from_what_and_how_well(trained, version):
    card = card_of(trained.model)
    assert card["Version"] == {"Name": "D1", "SHA256": version.sha256, "TestSHA256": version.test_sha256}
    assert card["Settings"]["epochs"] == TINY.epochs
    assert set(card["Test"]["Structures"]) == {"canal_whole"}
    assert card["Test"]["Dice"] == pytest.approx(card["Test"]["Structures"]["canal_whole"]["Dice"])
    assert card["Test"]["Dice"] > 0.7
    page = (trained.model.path.parent / "MODEL_CARD.md").read_text()
    assert f"mean Dice {card['OutOfFold']['Dice']:.3f}" in page
    trained.model.verify()
    assert str(version.root) not in page + str(card)


@needs_nnunet
@pytest.mark.slow
def test_a_training_that_was_stopped_ends_in_the_very_same_weights(again, trained):
    request, store = again
    steps = []

    def report(_part, _stage, detail="", **_more):
        if detail.startswith("epoch 2"):
            steps.append(detail)

    with pytest.raises(CancelledError):
        train_version(request, store=store, report=report, cancel=lambda: len(steps) > 4)
    assert len(steps) == 5
    assert list(request.folder.glob("nnunet/results/*/*/fold_0/checkpoint_latest.pth"))
    assert in_store(store) == []
    train_version(request, store=store, keep_prepared=True)
    first, second = weights(trained.predictions.parent), weights(request.folder)
    assert all((first[name] == second[name]).all() for name in first)


@needs_nnunet
@pytest.mark.slow
def test_a_full_disk_leaves_the_store_and_the_last_checkpoint_whole(again, trained, monkeypatch):
    import torch

    request, store = again
    save, calls = torch.save, []

    def full(content, path, *arguments, **options):
        calls.append(path)
        if len(calls) > 1:
            Path(path).write_bytes(b"half a checkpoint")
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return save(content, path, *arguments, **options)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WriteError, match=r"could not be written.*Free some disk space"):
        train_version(request, store=store)
    assert in_store(store) == []
    assert not [path for path in request.folder.rglob("*.part") if path.is_file()]
    monkeypatch.undo()
    train_version(request, store=store, keep_prepared=True)
    first, second = weights(trained.predictions.parent), weights(request.folder)
    assert all((first[name] == second[name]).all() for name in first)


@needs_nnunet
@pytest.mark.slow
def test_too_little_memory_is_said_with_what_to_do_and_the_store_stays(again, monkeypatch):
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    request, store = again
    monkeypatch.setattr(nnUNetTrainer, "train_step", lambda _trainer, _batch: torch.empty(2**56))
    with pytest.raises(ModelError, match=r"needs more memory than there is.*--memory-gb"):
        train_version(request, store=store)
    assert in_store(store) == []


@needs_nnunet
@pytest.mark.slow
def test_fine_tuning_keeps_what_is_frozen_and_what_the_model_says_of_images(trained, version, store, tmp_path):
    from SpineGTRefineLib.models.checkpoint import load_checkpoint

    settings = replace(TINY, epochs=1, freeze=("encoder:1", "decoder"), small=None)
    request = training_request(
        version, name="tuned", folder=tmp_path / "tuned", settings=settings, folds=("1",), start="canal_D1"
    )
    result = train_version(request, store=store)
    before = load_checkpoint(trained.model.path / "fold_1" / "checkpoint_final.pth").weights
    after = load_checkpoint(result.model.path / "fold_1" / "checkpoint_final.pth").weights
    changed = {name for name in before if not (before[name] == after[name]).all()}
    assert changed
    assert all("encoder.stages" in name or "seg_layers" in name for name in changed), changed
    assert not [name for name in changed if "stages.0" in name]
    kept = ("spacing", "normalization_schemes", "patch_size")
    old, new = (model.results_folder().plans["configurations"]["3d_fullres"] for model in (trained.model, result.model))
    assert {name: old[name] for name in kept} == {name: new[name] for name in kept}
    assert result.card["Folds"]["1"]["BeganFrom"] == "canal_D1, fold 1"
    assert not result.card["Folds"]["1"]["MayHaveSeenHeldBack"]


@needs_nnunet
@pytest.mark.slow
def test_regions_are_learned_and_come_back_as_labels(tmp_path):
    world = BallWorld(tmp_path / "dataset", subjects=5, kind="gmwm")
    world.save_all()
    version = build(world, test=0.2, folds=1)
    settings = replace(TINY, epochs=5)
    request = training_request(version, settings=settings, regions=usual_regions("gmwm"))
    assert request.folds == ("all",)
    result = train_version(request, store=ModelStore(tmp_path / "store"))
    assert result.model.results_folder().dataset["regions_class_order"] == [2, 1]
    assert set(result.card["Test"]["Structures"]) == {"gm", "wm"}
    assert result.card["Test"]["Dice"] > 0.6
    assert result.card["OutOfFold"]["Dice"] is None


@needs_nnunet
@pytest.mark.slow
def test_a_model_that_was_installed_is_fine_tuned_and_what_it_does_not_know_is_said(tmp_path):
    world = BallWorld(tmp_path / "dataset", subjects=4, kind="cord")
    world.save_all()
    settings = replace(TINY, epochs=1, iterations_per_epoch=2, small=None)
    request = training_request(build(world), name="tuned", settings=settings, folds=("0",), start="demo_canal")
    card = train_version(request, store=ModelStore(tmp_path / "store")).card
    fold = card["Folds"]["0"]
    assert (fold["BeganFrom"], fold["NewOutputs"]) == ("demo_canal, fold all", ["cord"])
    assert fold["MayHaveSeenHeldBack"], "the model was trained on all its cases; whether ours are among them is unknown"
    assert card["Settings"]["configuration"] == "3d_fullres"
    assert set(card["Test"]["Structures"]) >= {"cord"}


@needs_nnunet
@pytest.mark.slow
def test_a_model_of_straightened_cords_is_tried_on_them_and_the_recipe_straightens_for_it(tmp_path):
    world, store = BallWorld(tmp_path / "dataset", subjects=4, kind="cord"), ModelStore(tmp_path / "store")
    world.save_all()
    version = build(world)
    request = training_request(version, settings=TINY, folds=("0",), preparation=Preparation("straight"))
    result = train_version(request, store=store)
    assert store.find("cord_D1").entry.parts == "straight"
    assert "--parts straight" in (result.model.path.parent / PAGE).read_text()
    for row in version.cases("test"):
        mask = read_labels(result.predictions / "test" / f"{row.case}.nii.gz", world.kind.scheme)
        assert mask.geometry.matches(world.truth[row.case].geometry)
    assert result.card["Test"]["Dice"] > 0.6
    case = world.dataset.case(version.cases("test")[0].case)
    settings = recipe("lumbosacral").with_settings({"points": "-10 10 10"})
    (outcome,) = run_on_dataset(settings, world.dataset, [case], choose_model(settings, store, "cord_D1"), store=store)
    assert outcome.succeeded, outcome.error
    assert "StraightenedShape" in outcome.saved.sidecar.read_text()


@needs_nnunet
@pytest.mark.slow
def test_masks_of_which_only_some_slices_are_verified_are_learned_from_in_these(tmp_path):
    world = BallWorld(tmp_path / "dataset", subjects=5, kind="gmwm")
    dataset, middle = world.dataset, list(range(4, 16))
    marks = Remarks(verified={"Slices": [{"Axis": 2, "Indices": middle}], "Structures": []})
    for key, truth in world.truth.items():
        wrong = truth.array.copy()
        wrong[..., :4] = wrong[..., 16:] = 1  # nobody looked there
        case = dataset.case(key)
        image, labels = read_image(case.image), truth.with_array(wrong)
        save_mask(dataset, case, world.kind, labels, image=image, rater="ab", status="draft", remarks=marks)
    split = SplitSettings(0.2, folds=2)
    version = build_version(dataset, world.kind, BuildSettings(Rules(("draft",)), split))
    settings = replace(TINY, epochs=5, label_weights=(1.0, 2.0, 2.0))
    request = training_request(version, settings=settings, folds=("0",))
    result = train_version(request, store=ModelStore(tmp_path / "store"))
    assert result.model.results_folder().dataset["labels"]["ignore"] == 3
    assert result.card["Test"]["Dice"] > 0.6, "slices that nobody vouches for count neither in training nor in scores"
    (path,) = (path for path in (result.predictions / "test").glob("*.nii.gz") if not is_opinion(path))
    drawn = read_labels(path, world.kind.scheme).array
    unseen = np.delete(drawn, middle, axis=2)
    assert np.count_nonzero(unseen) < 0.2 * unseen.size, "the wrong ends were not learned"
