"""Models that try to run code, or ask for classes that nobody should build. A canary file shows whether they did."""

import json
import os
import pickle
import shutil
import zipfile

import pytest

from SpineGTRefineLib.errors import ModelError, UnsafeModelError
from SpineGTRefineLib.models import load_model
from SpineGTRefineLib.models.checkpoint import load_checkpoint


class Runs:
    """Unpickling this calls a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "code of the model was run"


@pytest.fixture
def model(tiny_model, tmp_path):
    """A copy of the tiny model that a test may spoil."""
    return shutil.copytree(tiny_model, tmp_path / "hostile" / tiny_model.name)


def checkpoint_of(model):
    return model / "fold_0" / "checkpoint_final.pth"


def spoil_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("key", ["extra", "network_weights", "init_args", "logging"])
def test_a_command_in_the_checkpoint_is_refused_and_named(model, store, canary, key):
    import torch

    path = checkpoint_of(model)
    content = torch.load(path, weights_only=False)
    content[key] = Runs(os.system, f"touch {canary}")
    torch.save(content, path)
    with pytest.raises(UnsafeModelError, match=r"could run code: it asks for .*system"):
        store.install_own(model, name="hostile")
    assert all(model.entry.bundled for model in store.installed())
    assert not (store.folder / "hostile").exists()


def test_a_function_hidden_deep_in_the_weights_is_refused(model, canary):
    import torch

    path = checkpoint_of(model)
    content = torch.load(path, weights_only=False)
    content["network_weights"]["decoder.seg_layers.0.bias"] = Runs(eval, f"open({str(canary)!r}, 'w')")
    torch.save(content, path)
    with pytest.raises(UnsafeModelError, match="eval"):
        load_checkpoint(path)


def test_a_bare_pickle_with_the_name_of_a_checkpoint_is_refused(nnunet, tmp_path, canary):
    path = tmp_path / "checkpoint_final.pth"
    path.write_bytes(pickle.dumps(Runs(os.system, f"touch {canary}")))
    with pytest.raises(ModelError):
        load_checkpoint(path)


def test_an_old_style_checkpoint_with_a_command_is_refused(nnunet, tmp_path, canary):
    import torch

    path = tmp_path / "checkpoint_final.pth"
    torch.save({"evil": Runs(os.system, f"touch {canary}")}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(ModelError):
        load_checkpoint(path)


def test_a_checkpoint_that_was_swapped_after_the_install_is_refused_before_it_is_opened(model, store, canary):
    import torch

    installed = store.install_own(model, name="swapped")
    torch.save(Runs(os.system, f"touch {canary}"), checkpoint_of(installed.path))
    with pytest.raises(ModelError, match="is not what was installed"):
        load_model(installed)


def test_trainer_code_in_the_folder_is_neither_run_nor_copied(model, store, canary):
    (model / "trainer_class.py").write_text(f"open({str(canary)!r}, 'w')\n")
    (model / "postprocessing.pkl").write_bytes(pickle.dumps(Runs(os.system, f"touch {canary}")))
    installed = store.install_own(model, name="plain")
    load_model(installed)
    kept = {path.name for path in installed.path.rglob("*") if path.is_file()}
    assert kept == {"dataset.json", "plans.json", "checkpoint_final.pth"}


def test_trainer_code_in_an_archive_is_neither_run_nor_unpacked(model, store, tmp_path, canary):
    (model / "trainer_class.py").write_text(f"open({str(canary)!r}, 'w')\n")
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in model.rglob("*"):
            bundle.write(path, path.relative_to(model.parent))
    installed = store.install_own(archive, name="plain")
    load_model(installed)
    assert not list(installed.path.rglob("*.py"))


def in_architecture(**changes):
    def change(plans):
        for configuration in plans["configurations"].values():
            configuration["architecture"].update(changes)

    return change


def in_arguments(**changes):
    def change(plans):
        for configuration in plans["configurations"].values():
            configuration["architecture"]["arch_kwargs"].update(changes)

    return change


def in_configuration(**changes):
    def change(plans):
        for configuration in plans["configurations"].values():
            configuration.update(changes)

    return change


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (in_architecture(network_class_name="os.system"), "os.system"),
        (in_architecture(network_class_name="subprocess.Popen"), "subprocess.Popen"),
        (in_architecture(network_class_name="evil.Network"), "evil.Network"),
        (in_architecture(network_class_name="dynamic_network_architectures.architectures.unet"), "unet"),
        (in_architecture(network_class_name="dynamic_network_architectures.architectures.unet.torch"), "torch"),
        (in_architecture(network_class_name=["a", "list"]), "list"),
        (in_arguments(conv_op="os.system"), "conv_op"),
        (in_arguments(norm_op="torch.hub.load"), "norm_op"),
        (in_arguments(nonlin="torch.nn.functional.relu"), "nonlin"),
        (in_configuration(preprocessor_name="EvilPreprocessor"), "EvilPreprocessor"),
        (in_configuration(normalization_schemes=["EvilNormalization"]), "EvilNormalization"),
        (in_configuration(resampling_fn_probabilities="evil"), "resampling_fn_probabilities"),
        (lambda plans: plans.update(label_manager="EvilManager"), "EvilManager"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_plans_that_name_a_class_outside_the_allow_list_are_refused(model, store, canary, change, name):
    spoil_json(model / "plans.json", change)
    # A module of this name stands ready to be imported.
    (model / "evil.py").write_text(f"open({str(canary)!r}, 'w')\n")
    with pytest.raises(UnsafeModelError, match=name):
        load_model(store.install_own(model, name="hostile"))


def test_a_plan_of_an_absurd_size_does_not_fill_the_memory(model, store):
    spoil_json(model / "plans.json", in_arguments(features_per_stage=[2**20, 2**21]))
    with pytest.raises(ModelError, match="do not fit the network"):
        load_model(store.install_own(model, name="huge"))


def test_a_foreign_trainer_name_is_only_a_text(nnunet, store, tmp_path):
    from tiny_models import make_model

    model = make_model(tmp_path / "any_folder_name", trainer="os.system")
    loaded = load_model(store.install_own(model, name="foreign"))
    assert loaded.identity["trainer"] == "os.system"
