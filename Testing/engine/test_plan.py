"""Before a run the user learns how much time and memory it takes, and why something is done otherwise or refused."""

import json

import numpy as np
import pytest

from SpineGTRefineLib.engine import machine as machines
from SpineGTRefineLib.engine.machine import Machine, describe_machine
from SpineGTRefineLib.engine.plan import GIB, duration, plan_run
from SpineGTRefineLib.errors import ModelError, UsageError
from SpineGTRefineLib.imaging import Geometry
from SpineGTRefineLib.models import InstalledModel, ModelEntry
from SpineGTRefineLib.models.cost import configuration_of, network_cost

WHOLE_SPINE = Geometry((91, 366, 914), np.diag([0.7, 0.7, 0.7, 1.0]))
BIG = {
    "n_stages": 6,
    "features_per_stage": [32, 64, 128, 256, 320, 320],
    "kernel_sizes": [[3, 3, 3]] * 6,
    "strides": [[1, 1, 1], *[[2, 2, 2]] * 4, [1, 2, 2]],
    "n_conv_per_stage": [2] * 6,
    "n_conv_per_stage_decoder": [2] * 5,
}


@pytest.fixture
def model(tmp_path):
    """An installed model of the usual size, without its weights: a plan needs none."""
    configuration = {"patch_size": [64, 192, 160], "spacing": [1.0, 1.0, 1.0], "architecture": {"arch_kwargs": BIG}}
    plans = {"transpose_forward": [2, 0, 1], "configurations": {"3d_fullres": configuration}}
    labels = {name: number for number, name in enumerate(["background", *"abcdefghi"])}
    dataset = {"labels": labels, "channel_names": {"0": "MRI"}, "file_ending": ".nii.gz"}
    (tmp_path / "fold_0").mkdir()
    (tmp_path / "plans.json").write_text(json.dumps(plans))
    (tmp_path / "dataset.json").write_text(json.dumps(dataset))
    return InstalledModel(ModelEntry("big", "1", "Big"), tmp_path, {}, "the test")


def machine(device="cpu", main_gb=64, free_gb=None, card_gb=None):
    card = None if card_gb is None else int(card_gb * GIB)
    free = int((main_gb if free_gb is None else free_gb) * GIB)
    return Machine(device, int(main_gb * GIB), free, card, 1e12)


def test_a_network_of_known_size_is_counted_right(model):
    """31 million weights and 896 billion operations a tile were counted on the network itself."""
    cost = network_cost(configuration_of(model.results_folder()), 1, 2)
    assert round(cost.parameters / 1e6, 1) == 30.8
    assert round(cost.operations / 1e9) == 895


def test_grid_and_tiles_are_those_that_the_runtime_makes(model):
    plan = plan_run(model, WHOLE_SPINE, machine())
    assert plan.grid == (64, 640, 256)  # the plans put left-right first
    assert plan.tiles == 1 * 6 * 3


def test_on_a_large_card_everything_runs_there(model):
    plan = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=24))
    assert (plan.device, plan.notes, plan.refusal) == ("cuda", (), "")
    assert plan.device_bytes < 24 * GIB


def test_on_a_smaller_card_the_sums_move_out_then_everything_and_the_reason_is_said(model):
    needed = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=24)).device_bytes / GIB
    tight = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=needed))
    assert tight.device == "cuda"
    assert "main memory" in tight.notes[0]
    small = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=1))
    assert small.device == "cpu"
    assert "1.0 GB free" in small.notes[0]
    assert small.seconds > tight.seconds


def test_several_networks_need_their_sums_twice(model):
    (model.path / "fold_1").mkdir()
    (model.path / "fold_2").mkdir()
    whole = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=24))
    voxels, parameters = 64 * 640 * 256, 30.8e6
    (model.path / "fold_1").rmdir()
    (model.path / "fold_2").rmdir()
    single = plan_run(model, WHOLE_SPINE, machine("cuda", card_gb=24))
    grown = whole.device_bytes - single.device_bytes
    assert grown == pytest.approx(2 * 4 * parameters + voxels * 2 * 11, rel=0.01)


def test_what_cannot_fit_is_refused_before_it_starts_with_figures_and_a_way_out(model):
    plan = plan_run(model, WHOLE_SPINE, machine(main_gb=2))
    with pytest.raises(ModelError, match=r"2\.0 GB") as caught:
        plan.raise_if_refused()
    assert caught.value.remedy


def test_what_fits_only_if_other_programs_make_room_is_warned_of(model):
    plan = plan_run(model, WHOLE_SPINE, machine(main_gb=64, free_gb=1))
    plan.raise_if_refused()
    assert "May be slow" in plan.notes[0]


def test_a_plan_is_plain_data(model):
    assert json.loads(json.dumps(plan_run(model, WHOLE_SPINE, machine()).as_dict()))["tiles"] == 18


def test_this_machine_is_described():
    here = describe_machine("auto", None)
    assert here.device == "cpu"
    assert here.main_total > GIB
    card = {"name": "card", "free_bytes": 8 * GIB, "total_bytes": 8 * GIB, "cuda": "12.8"}
    assert describe_machine("auto", card).device_free == 8 * GIB
    assert describe_machine("cpu", card).device_free is None
    assert describe_machine("cuda:1", card | {"count": 2}).device == "cuda:1"
    for device, gpu in (("cuda", None), ("tpu", None), ("cuda:1", card), ("cuda:x", card), ("cpu:0", card)):
        with pytest.raises(UsageError, match=r"no device"):
            describe_machine(device, gpu)


def test_memory_of_the_card_that_pytorch_keeps_for_reuse_counts_as_free_but_not_what_it_uses(monkeypatch):
    torch = pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
    monkeypatch.setattr(machines, "describe_gpu", lambda _index: {"free_bytes": 5 * GIB, "cuda": "12.8"})
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _index: 3 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _index: 2 * GIB)
    assert machines.describe_card("cuda:1")["free_bytes"] == 6 * GIB
    assert machines.describe_card("cpu") is None


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (80, "80 s"), (420, "7 min"), (9000, "2.5 h")])
def test_times_are_said_as_people_say_them(seconds, words):
    assert duration(seconds) == words
