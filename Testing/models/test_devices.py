"""Which device runs a network, and what happens when its memory is too small."""

import pytest

from SpineGTRefineLib.errors import ModelError, UsageError


@pytest.fixture
def devices(nnunet):
    from SpineGTRefineLib.models import devices

    return devices


def cuda_places(devices):
    import torch

    return devices.places_for(torch.device("cuda", 0))


def test_a_small_card_keeps_the_network_and_gives_up_the_sums_then_the_cpu_takes_over(devices):
    import torch

    tried = []

    def run(place):
        tried.append((place.device.type, place.sums.type))
        if place.device.type == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 4.00 GiB")
        return "labels"

    result, place, notes = devices.run_with_fallback(cuda_places(devices), run)
    assert tried == [("cuda", "cuda"), ("cuda", "cpu"), ("cpu", "cpu")]
    assert (result, place.device.type) == ("labels", "cpu")
    assert len(notes) == 2
    assert "out of memory" in notes[0]


def test_a_card_without_room_for_the_sums_is_not_asked_to_hold_them(devices, monkeypatch):
    """No card was at hand: what it says about its memory is made up."""
    import torch

    from SpineGTRefineLib.models.sliding import Control, predict_logits
    from SpineGTRefineLib.models.tiles import Tiling

    gib = 2**30
    answers = {"mem_get_info": (3 * gib, 24 * gib), "memory_reserved": gib, "memory_allocated": gib // 2}
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    computed, image = [], torch.zeros(1, 1, 1, 1).expand(1, 512, 512, 512)
    control = Control(lambda *_: None, lambda: False)

    def run(place):
        if place.sums.type == "cpu":
            return "labels"
        return predict_logits([computed.append], image, 25, Tiling((64, 64, 64), 0.5, None), place.sums, control)

    result, _, notes = devices.run_with_fallback(cuda_places(devices), run)
    assert result == "labels"
    assert notes == ["cuda:0: out of memory: 7.0 GiB to add the tiles up, 3.5 GiB free"]
    assert not computed


def test_when_nothing_is_left_the_user_hears_what_to_do(devices):
    import torch

    def run(_place):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(ModelError, match=r"too small .* region of interest"):
        devices.run_with_fallback(devices.places_for(torch.device("cpu")), run)


def test_other_errors_are_not_taken_for_a_lack_of_memory(devices):
    def run(_place):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        devices.run_with_fallback(cuda_places(devices), run)


def test_apples_card_gives_way_where_it_lacks_an_operation(devices):
    import torch

    def run(place):
        if place.device.type == "mps":
            raise NotImplementedError("ConvTranspose 3D is not supported on MPS")
        return "labels"

    _, place, notes = devices.run_with_fallback(devices.places_for(torch.device("mps")), run)
    assert place.device.type == "cpu"
    assert "not supported" in notes[0]


def test_auto_takes_what_there_is_and_a_missing_card_is_not_replaced_silently(devices):
    import torch

    if torch.cuda.is_available():
        assert devices.choose_device("auto").type == "cuda"
        return
    assert devices.choose_device("auto").type in ("cpu", "mps")
    with pytest.raises(UsageError, match="no device 'cuda'"):
        devices.choose_device("cuda")


@pytest.mark.parametrize("name", ["cuda:2", "cuda:", "cuda:x", "cpu:0"])
def test_a_card_that_is_not_there_is_refused_by_its_number(devices, monkeypatch, name):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert str(devices.choose_device("cuda:1")) == "cuda:1"
    with pytest.raises(UsageError, match=f"no device '{name}'"):
        devices.choose_device(name)
