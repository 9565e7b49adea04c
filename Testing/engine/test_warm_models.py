"""Models stay loaded from case to case within a budget of memory."""

from types import SimpleNamespace

import pytest

from SpineGTRefineLib.engine import warm_models
from SpineGTRefineLib.engine.warm_models import WarmModels


class Weight:
    def numel(self):
        return 100

    def element_size(self):
        return 1


@pytest.fixture
def loads(monkeypatch):
    """Which models were read from the disk; each takes 100 bytes."""
    names = []

    def load(model):
        names.append(model.entry.name)
        network = SimpleNamespace(parameters=lambda: [Weight()])
        return SimpleNamespace(entry=model.entry, networks={"0": network})

    monkeypatch.setattr(warm_models, "load_model", load)
    return names


def installed(name, content="1"):
    return SimpleNamespace(entry=SimpleNamespace(name=name), path=f"/models/{name}", hashes={"weights": content})


def test_a_model_is_loaded_once_and_again_when_it_was_replaced_on_disk(loads):
    warm = WarmModels(1000)
    assert warm.get(installed("canal")) is warm.get(installed("canal"))
    warm.get(installed("canal", "2"))
    assert loads == ["canal", "canal"]


def test_the_one_used_longest_ago_goes_first_and_the_one_in_use_stays_whatever_it_takes(loads):
    warm = WarmModels(250)
    for name in ("canal", "cord", "canal", "spine"):
        warm.get(installed(name))
    assert warm.names() == ["canal", "spine"]
    small = WarmModels(10)
    small.get(installed("canal"))
    small.get(installed("cord"))
    assert small.names() == ["cord"]


def test_unloading_forgets_all(loads):
    warm = WarmModels(1000)
    warm.get(installed("canal"))
    warm.clear()
    assert warm.names() == []
    warm.get(installed("canal"))
    assert loads == ["canal", "canal"]
