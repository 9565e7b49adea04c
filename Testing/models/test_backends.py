"""Ways to compute a network: all give the labels of nnU-Net's own run, fast ones nearly; what ran is recorded."""

import time

import numpy as np
import pytest

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.models import load_model, predict


@pytest.fixture
def loaded(nnunet, store, tiny_model):
    return load_model(store.install_own(tiny_model, name="tiny"))


@pytest.fixture
def backends(nnunet, monkeypatch):
    """The modules, as if OpenVINO were not installed."""
    from SpineGTRefineLib.models import backends

    monkeypatch.setattr(backends.choice.openvino, "is_installed", lambda: False)
    return backends.choice


def how(prediction):
    return tuple(prediction.provenance[name] for name in ("mode", "backend", "precision", "batch"))


def test_small_slices_are_computed_together_and_volumes_one_by_one(backends, loaded, store, tmp_path):
    from tiny_models import make_model

    flat = load_model(store.install_own(make_model(tmp_path / "flat", configuration="2d"), name="flat"))
    slices, volumes = (next(iter(model.networks.values())) for model in (flat, loaded))
    assert backends.pytorch.tiles_at_once(slices, (24, 32)) == 8
    assert backends.pytorch.tiles_at_once(slices, (512, 512)) == 1
    assert backends.pytorch.tiles_at_once(volumes, (16, 24, 24)) == 1


def test_channels_last_gives_the_numbers_of_the_network_as_it_is(nnunet):
    import torch
    from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet

    from SpineGTRefineLib.models.backends.channels_last import channels_last

    torch.manual_seed(1)
    network = ResidualEncoderUNet(
        2, 2, (8, 16), torch.nn.Conv3d, 3, ((1, 1, 1), (1, 2, 2)), 1, 3, 1, conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d, norm_op_kwargs={"affine": True}, nonlin=torch.nn.LeakyReLU,
    ).eval()  # fmt: skip
    tiles = 3 + torch.randn(2, 2, 16, 96, 96)  # more voxels than are averaged in one go, away from 0
    with torch.inference_mode():
        expected = network(tiles)
        turned = channels_last(network)
        found = turned(tiles)
        assert torch.equal(network(tiles[:1]), network(tiles[:1])), "the network itself still runs"
    assert torch.abs(found - expected).max() < 1e-5 * torch.abs(expected).max()
    assert next(turned.parameters()).data_ptr() == next(network.parameters()).data_ptr(), "the weights are shared"


def test_a_small_volume_is_computed_by_itself_as_fast_as_in_a_batch(nnunet):
    """PyTorch as it is takes five to ten times as long: it computes a single small volume by old code."""
    import torch
    from dynamic_network_architectures.architectures.unet import PlainConvUNet

    from SpineGTRefineLib.models.backends.channels_last import channels_last

    if not torch.backends.mkldnn.is_available():
        pytest.skip("this PyTorch has no oneDNN, which channels_last hands convolutions to")
    network = PlainConvUNet(
        1, 3, (8, 16, 32), torch.nn.Conv3d, 3, ((1, 1, 1), (2, 2, 2), (2, 2, 2)), 2, 3, 2, conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d, norm_op_kwargs={"affine": True}, nonlin=torch.nn.LeakyReLU,
    ).eval()  # fmt: skip
    tiles = torch.randn(2, 1, 24, 48, 48)

    def seconds(network, batch):
        spent = []
        for _ in range(5):
            start = time.process_time()
            network(tiles[:batch])
            spent.append(time.process_time() - start)
        return min(spent) / batch

    with torch.inference_mode():
        plain_pair = seconds(network, 2)
        assert seconds(channels_last(network), 1) < 1.5 * plain_pair


def test_channels_last_leaves_networks_of_slices_and_padding_of_another_kind_alone(nnunet):
    import torch

    from SpineGTRefineLib.models.backends.channels_last import channels_last as make

    assert make(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3))) is None
    assert make(torch.nn.Sequential(torch.nn.Conv3d(1, 2, 3, padding_mode="reflect", padding=1))) is None
    assert make(torch.nn.Sequential(torch.nn.Conv3d(1, 2, 3, padding="same"))) is None


def test_mirrored_copies_computed_together_vote_as_one_by_one(backends, loaded, blobs):
    from dataclasses import replace

    voting = replace(loaded, mirror_axes=(0, 1, 2))
    one = predict([blobs], voting, device="cpu").labels.array
    ((key, (runners, notes)),) = voting.runners.items()
    for mirrors in (3, 8):
        voting.runners[key] = (tuple(replace(runner, mirrors=mirrors) for runner in runners), notes)
        assert np.array_equal(predict([blobs], voting, device="cpu").labels.array, one)


@pytest.mark.parametrize(("free", "fit"), [(100, 1), (1000, 3), (10**6, 8)])
def test_a_card_computes_as_many_mirrored_copies_together_as_its_memory_holds(backends, monkeypatch, free, fit):
    """No card was at hand: what it says about its memory is made up."""
    import torch

    for name, answer in {
        "reset_peak_memory_stats": None,
        "memory_allocated": 50,
        "max_memory_allocated": 250,
        "empty_cache": None,
        "mem_get_info": (free, 10**7),
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    network = torch.nn.Sequential(torch.nn.Conv3d(1, 2, 1))
    assert backends.pytorch._mirrors_that_fit(network, network, torch.device("cpu"), (4, 4, 4)) == fit


def test_what_computed_the_network_is_recorded(backends, loaded, blobs):
    assert how(predict([blobs], loaded, device="cpu")) == ("exact", "torch", "fp32", 1)


def test_the_last_tiles_are_those_of_a_full_batch(backends, loaded):
    from dataclasses import replace

    import torch

    from SpineGTRefineLib.models.sliding import Control, predict_logits
    from SpineGTRefineLib.models.tiles import Tiling

    cpu = torch.device("cpu")
    runners, _ = backends.runners_for(loaded.networks, (16, 24, 24), cpu, "exact", {})
    runners = [replace(runner, batch=2) for runner in runners]
    data = torch.randn(1, 16, 24, 48, generator=torch.Generator().manual_seed(1))
    control = Control(lambda *_: None, lambda: False)
    tiling = Tiling((16, 24, 24), 0.5, None)
    full, _ = predict_logits(runners, data, 3, tiling, cpu, control)
    wanted = np.zeros(data.shape[1:], dtype=bool)
    wanted[..., :5] = True
    one, _ = predict_logits(runners, data, 3, tiling, cpu, control, wanted)
    assert torch.equal(full[..., :12], one[..., :12])
    assert one[..., :12].any()


def test_fast_mode_computes_in_bfloat16_where_that_is_faster(backends, loaded, blobs, monkeypatch):
    monkeypatch.setattr(backends.pytorch, "is_bf16_faster", lambda *_: True)
    exact = predict([blobs], loaded, device="cpu").labels.array
    fast = predict([blobs], loaded, device="cpu", mode="fast")
    assert how(fast) == ("fast", "torch", "bf16", 1)
    assert np.mean(fast.labels.array != exact) < 0.02
    assert np.array_equal(predict([blobs], loaded, device="cpu").labels.array, exact), "exact mode stays exact"


def test_fast_mode_runs_as_exact_mode_and_says_so_where_it_is_not_faster(backends, loaded, blobs, monkeypatch):
    monkeypatch.setattr(backends.pytorch, "is_bf16_faster", lambda *_: False)
    said = predict([blobs], loaded, device="cpu", mode="fast")
    assert how(said) == ("fast", "torch", "fp32", 1)
    assert "not faster in bfloat16" in said.provenance["notes"][0]


def test_the_trial_is_made_once_for_a_loaded_model(backends, loaded, blobs, monkeypatch):
    trials = []
    monkeypatch.setattr(backends.pytorch, "is_bf16_faster", lambda *_: bool(trials.append(1)))
    for _ in range(2):
        predict([blobs], loaded, device="cpu", mode="fast")
    assert len(trials) == 1


def test_the_trial_runs_on_any_network_of_ours(backends, loaded):
    import torch

    network = next(iter(loaded.networks.values()))
    assert backends.pytorch._trial_tile(network, (16, 24, 24)) == (1, 8, 12, 12)
    assert backends.pytorch.is_bf16_faster(network, torch.device("cpu"), (16, 24, 24)) in (True, False)


def test_an_unknown_mode_is_refused(loaded, blobs):
    with pytest.raises(UsageError, match="Unknown mode 'quick'"):
        predict([blobs], loaded, mode="quick")


def test_where_openvino_fails_pytorch_runs_and_a_note_says_so(backends, loaded, blobs, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such operation\nand much more text")

    expected = predict([blobs], loaded, device="cpu").labels.array
    loaded.runners.clear()
    monkeypatch.setattr(backends.openvino, "is_installed", lambda: True)
    monkeypatch.setattr(backends.openvino, "openvino_runner", fail)
    said = predict([blobs], loaded, device="cpu")
    assert np.array_equal(said.labels.array, expected)
    assert said.provenance["notes"] == ["OpenVINO could not take this network, PyTorch ran it: no such operation"]


def test_a_card_too_small_for_the_export_leaves_it_to_the_cpu(nnunet):
    import torch

    from SpineGTRefineLib.models.devices import export_with_fallback

    class OnCard:
        device = torch.device("cuda", 0)

        def cpu(self):
            return "logits in the main memory"

    def export(logits):
        if isinstance(logits, OnCard):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return f"labels of {logits}"

    notes = []
    assert export_with_fallback(OnCard(), export, notes) == "labels of logits in the main memory"
    assert "ran on the CPU" in notes[0]
