"""Parts of a network: what is frozen, and what is taken over from another one."""

import importlib.util

import pytest
from tiny_models import make_model

from SpineGTRefineLib.errors import ModelError, UsageError
from SpineGTRefineLib.learning.network_parts import freeze, take_over

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "dynamic_network_architectures")),
    reason="needs PyTorch and nnU-Net: pip install spine-gt-refine[models]",
)


@pytest.fixture
def network(tmp_path):
    """Makes networks with random weights and some outputs."""
    from SpineGTRefineLib.models import ModelStore, load_model

    store = ModelStore(tmp_path / "store")

    def made(outputs, seed=0):
        labels = {"background": 0, **{f"label{n}": n for n in range(1, outputs)}}
        folder = make_model(tmp_path / f"model{outputs}{seed}", labels=labels, seed=seed)
        return load_model(store.install_own(folder, name=f"model{outputs}{seed}")).networks["0"]

    return made


def test_outputs_are_matched_by_what_they_mean(network):
    old, new = network(3), network(4, seed=7)
    background, canal, cord, disc = frozenset(), frozenset({"canal"}), frozenset({"cord"}), frozenset({"disc"})
    untouched = new.state_dict()["decoder.seg_layers.0.weight"][2].clone()
    take_over(new, old.state_dict(), (background, cord, disc, canal), (background, canal, cord))
    ours, theirs = new.state_dict(), old.state_dict()
    name = "decoder.seg_layers.0.weight"
    assert (ours[name][1] == theirs[name][2]).all()
    assert (ours[name][3] == theirs[name][1]).all()
    assert (ours[name][2] == untouched).all()
    assert all((ours[each] == theirs[each]).all() for each in ours if "seg_layers" not in each)


def test_another_network_is_refused(network):
    new = network(3)
    other = {name: tensor[:1] for name, tensor in network(3, seed=1).state_dict().items()}
    with pytest.raises(ModelError, match="another network"):
        take_over(new, other, (frozenset(),) * 3, (frozenset(),) * 3)


def test_only_what_was_named_is_frozen(network):
    chosen = network(3)
    freeze(chosen, ["encoder:1"])
    frozen = {name for name, parameter in chosen.named_parameters() if not parameter.requires_grad}
    assert frozen
    assert all(name.startswith("encoder.stages.0.") for name in frozen)
    freeze(chosen, ["encoder", "decoder"])
    left = {name for name, parameter in chosen.named_parameters() if parameter.requires_grad}
    assert left
    assert all("seg_layers" in name for name in left)
    with pytest.raises(UsageError, match=r"no part 'encoder:9'.*encoder:1 to encoder:2"):
        freeze(chosen, ["encoder:9"])
