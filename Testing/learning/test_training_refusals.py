"""What a training cannot do is said before a single case is written for it, with what can be done instead."""

import os
import time
from dataclasses import replace

import pytest
from ball_world import TINY, BallWorld
from needs import needs_nnunet
from tiny_models import make_model
from version_world import VersionWorld

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.bids.locks import lease_path
from SpineGTRefineLib.errors import DatasetError, LockedError, RefineError, UsageError
from SpineGTRefineLib.learning.preparation import Preparation
from SpineGTRefineLib.learning.settings import SmallNetwork, TrainingSettings
from SpineGTRefineLib.learning.training import claim as claiming
from SpineGTRefineLib.learning.training import (
    settings_of,
    ship_model,
    train_version,
    training_request,
    trainings_folder,
)
from SpineGTRefineLib.learning.training.claim import alone
from SpineGTRefineLib.learning.versions import build_version
from SpineGTRefineLib.models import ModelStore


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """Four subjects with a canal mask each."""
    world = VersionWorld(tmp_path_factory.mktemp("refusals") / "dataset", 4, "canal")
    for number in range(1, 5):
        world.save(f"sub-{number:02d}_T2w", number)
    return build_version(world.dataset, world.kind)


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        *[("learning_rate", value, "above 0") for value in (0.0, -1e-3, float("nan"), float("inf"), "high")],
        *[("epochs", value, "at least 1") for value in (0, -5, 1.5, "many")],
        ("iterations_per_epoch", 0, "at least 1"),
        ("validation_iterations", 0, "at least 1"),
        ("workers", -1, "at least 0"),
        ("seed", -1, "at least 0"),
        ("seed", 2**32, r"less than 2 \*\* 32"),
        ("memory_gb", 0, "above 0"),
        ("optimizer", "adam", "sgd or adamw"),
        *[
            ("freeze", value, r"encoder, encoder:N .* and decoder")
            for value in (("encodr",), ("encoder:0",), "encoder")
        ],
    ],
)
def test_numbers_and_names_that_no_training_can_use_are_refused_by_name(field, value, wanted):
    with pytest.raises(UsageError, match=f"{field} = .*{wanted}"):
        TrainingSettings(**{field: value})


def test_a_file_of_settings_is_held_to_the_same(tmp_path):
    own = tmp_path / "own.toml"
    for text, said in {
        "epochs = 0": "epochs = 0",
        "learning_rate = -0.1": "learning_rate = -0.1",
        "[small]\nspacing = [1, 1, 1]\npatch_size = [16, 16, 0]\nfeatures = [4, 8, 8]": "above 0",
        "[small]\npatch = [16, 16, 16]": "patch",
    }.items():
        own.write_text(text)
        with pytest.raises(UsageError, match=said):
            settings_of(str(own))
    with pytest.raises(UsageError, match=r"learning_rate = -1"):
        settings_of("small", learning_rate=-1.0)


@pytest.mark.parametrize(
    ("settings", "export", "said"),
    [
        (
            {"configuration": "3d_fulres", "small": None},
            {},
            "no configuration '3d_fulres'.*3d_fullres or 3d_lowres",
        ),
        ({"configuration": "2d"}, {}, "2d has 2 dimensions, and the small network of the settings has 3"),
        ({}, {"preparation": Preparation("slices")}, "3d_fullres is one for volumes.*--configuration 2d"),
        ({"freeze": ("encoder:1",)}, {}, "begins from nothing.*Fine-tune a model"),
        ({}, {"orientation": "RAX"}, "three orientation letters.*'RAX'"),
    ],
)
def test_a_network_that_cannot_be_planned_is_refused_as_it_is_asked_for(version, settings, export, said):
    with pytest.raises(UsageError, match=said):
        training_request(version, settings=replace(TINY, **settings), **export)


@pytest.mark.parametrize("wrong", [{"margin_mm": -1.0}, {"dilate_mm": float("nan")}, {"zero_below": "vertebra_X1"}])
def test_a_preparation_that_cannot_be_made_is_refused(wrong):
    with pytest.raises(UsageError):
        Preparation(**wrong)


@needs_nnunet
@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"settings": replace(TINY, device="gpu")}, "no device called 'gpu'.*auto, cpu"),
        ({"settings": replace(TINY, label_weights=(1.0, 2.0, 3.0))}, "3 labels a weight.*background, canal_whole"),
        ({"settings": TINY, "regions": {"tube": ("lung",)}}, "region tube names lung"),
        ({"settings": TINY, "channels": ("T9w",)}, "no mask of a T9w image.*T2w"),
        ({"settings": TINY, "start": "misspelled"}, "misspelled"),
        ({"settings": replace(TINY, freeze=("encoder:9",)), "start": "mine"}, "encoder:9.*encoder:1 to encoder:2"),
    ],
)
def test_what_does_not_fit_version_model_or_machine_is_refused_before_anything_is_written(
    version, tmp_path, asked, said
):
    store = ModelStore(tmp_path / "store")
    store.install_own(make_model(tmp_path / "model", labels={"background": 0, "canal": 1}), name="mine")
    request = training_request(version, name="new", folder=tmp_path / "training", **asked)
    with pytest.raises(RefineError, match=said) as refused:
        train_version(request, store=store)
    assert isinstance(refused.value, UsageError | DatasetError)
    assert not request.folder.exists()


@needs_nnunet
@pytest.mark.slow
def test_a_training_that_runs_already_is_not_begun_a_second_time(version, tmp_path):
    request, store = training_request(version, settings=TINY, folder=tmp_path / "training"), ModelStore(tmp_path)
    with alone(request), pytest.raises(LockedError, match=r"training canal_D1 runs in another program.*stop it there"):
        train_version(request, store=store)
    assert not request.folder.exists()


def test_a_training_shows_that_it_runs_and_lets_go_at_its_end(version, tmp_path, monkeypatch):
    monkeypatch.setattr(claiming, "SIGN_OF_LIFE_S", 0.01)
    request = training_request(version, settings=TINY, folder=tmp_path / "training")
    lease = lease_path(request.output, request.name, "training")
    with alone(request):
        os.utime(lease, (0, 0))
        wait_until(lambda: lease.stat().st_mtime > 0)
    assert not lease.exists()
    (tmp_path / "file").touch()
    ran = False
    with alone(replace(request, output=tmp_path / "file" / "output")):
        ran = True
    assert ran, "an output that cannot be written does not keep a training elsewhere from running"


def wait_until(is_so):
    ends = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.01)


@needs_nnunet
@pytest.mark.slow
def test_a_device_that_is_not_there_is_refused_before_a_model_is_tried(version, tmp_path):
    dataset = Dataset.open(version.root)
    with pytest.raises(UsageError, match="no device called 'gpu'"):
        ship_model(dataset, "canal_D1", device="gpu", store=ModelStore(tmp_path / "store"))
    assert not trainings_folder(dataset.output).exists()


@needs_nnunet
@pytest.mark.slow
def test_a_network_that_nnunet_plans_for_other_cases_only_is_refused_with_those_it_plans(tmp_path):
    world = BallWorld(tmp_path / "dataset", subjects=4)
    world.save_all()
    settings = replace(TINY, configuration="3d_lowres", small=None)
    request = training_request(build_version(world.dataset, world.kind), settings=settings)
    with pytest.raises(UsageError, match=r"no 3d_lowres for these cases.*2d or 3d_fullres"):
        train_version(request, store=ModelStore(tmp_path / "store"))


def test_a_small_network_says_what_is_wrong_with_its_sizes():
    with pytest.raises(UsageError, match="multiple of 4"):
        SmallNetwork((1.0,) * 3, (16, 16, 18), (4, 8, 8))
    with pytest.raises(UsageError, match="three stages"):
        SmallNetwork((1.0,) * 3, (16, 16, 16), (4, 8))
