"""Ways to compute a network: all give the labels of nnU-Net's own run, fast ones nearly; what ran is recorded."""

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


def test_small_networks_take_two_tiles_at_once_and_large_ones_one(backends, loaded):
    network = next(iter(loaded.networks.values()))
    assert backends.pytorch.tiles_at_once(network, (16, 24, 24)) == 2
    assert backends.pytorch.tiles_at_once(network, (96, 160, 160)) == 1


def test_what_computed_the_network_is_recorded(backends, loaded, blobs):
    assert how(predict([blobs], loaded, device="cpu")) == ("exact", "torch", "fp32", 2)


def test_the_last_tile_of_an_odd_number_is_that_of_a_full_batch(backends, loaded):
    import torch

    from SpineGTRefineLib.models.sliding import Control, predict_logits
    from SpineGTRefineLib.models.tiles import Tiling

    cpu = torch.device("cpu")
    runners, _ = backends.runners_for(loaded.networks, (16, 24, 24), cpu, "exact", {})
    data = torch.randn(1, 16, 24, 48, generator=torch.Generator().manual_seed(1))
    control = Control(lambda *_: None, lambda: False)
    tiling = Tiling((16, 24, 24), 0.5, None)
    full, _ = predict_logits(runners, data, 3, tiling, cpu, control)
    one, _ = predict_logits(runners, data, 3, tiling, cpu, control, (slice(0, 16), slice(0, 24), slice(0, 5)))
    assert torch.equal(full[..., :12], one[..., :12])
    assert one[..., :12].any()


def test_fast_mode_computes_in_bfloat16_where_that_is_faster(backends, loaded, blobs, monkeypatch):
    monkeypatch.setattr(backends.pytorch, "is_bf16_faster", lambda *_: True)
    exact = predict([blobs], loaded, device="cpu").labels.array
    fast = predict([blobs], loaded, device="cpu", mode="fast")
    assert how(fast) == ("fast", "torch", "bf16", 2)
    assert np.mean(fast.labels.array != exact) < 0.02
    assert np.array_equal(predict([blobs], loaded, device="cpu").labels.array, exact), "exact mode stays exact"


def test_fast_mode_runs_as_exact_mode_and_says_so_where_it_is_not_faster(backends, loaded, blobs, monkeypatch):
    monkeypatch.setattr(backends.pytorch, "is_bf16_faster", lambda *_: False)
    said = predict([blobs], loaded, device="cpu", mode="fast")
    assert how(said) == ("fast", "torch", "fp32", 2)
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


def test_openvino_gives_the_labels_of_pytorch_and_nearly_those_in_fast_mode(backends, loaded, blobs, monkeypatch):
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    expected = predict([blobs], loaded, device="cpu").labels.array
    loaded.runners.clear()
    monkeypatch.setattr(backends.openvino, "is_installed", lambda: True)
    exact, fast = (predict([blobs], loaded, device="cpu", mode=mode) for mode in ("exact", "fast"))
    assert how(exact) == ("exact", "openvino", "fp32", 1)
    assert np.count_nonzero(exact.labels.array != expected) <= 5
    assert fast.provenance["backend"] == "openvino"
    assert np.mean(fast.labels.array != expected) < 0.02


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
