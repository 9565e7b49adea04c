"""Models that were trained elsewhere with plain nnU-Net: their folders are read, checked, and named where they fail."""

import json
import shutil

import pytest
from model_archives import is_empty, zipped

from SpineGTRefineLib.errors import ModelError, UsageError
from SpineGTRefineLib.models import load_model


def test_a_model_of_ones_own_installs_from_its_folder_in_one_call(store, tiny_model):
    before = {path: path.read_bytes() for path in tiny_model.rglob("*") if path.is_file()}
    model = store.install_own(tiny_model)
    assert model.entry.name == "Dataset001_Tiny"
    assert [entry.value for entry in load_model(model).scheme] == [1, 2]
    assert [entry.name for entry in load_model(model).scheme] == ["a", "b"]
    assert model.entry in store.known()
    assert {path: path.read_bytes() for path in tiny_model.rglob("*") if path.is_file()} == before


def test_a_dataset_folder_with_several_trainings_asks_which_one(store, nnunet, tmp_path):
    from tiny_models import make_model

    root = tmp_path / "Dataset007_Two"
    make_model(root / "nnUNetTrainer__nnUNetPlans__3d_fullres")
    make_model(root / "nnUNetTrainer__nnUNetPlans__2d", configuration="2d")
    with pytest.raises(UsageError, match=r"2 trained models: .*2d.*3d_fullres.*--configuration"):
        store.install_own(root)
    assert load_model(store.install_own(root, configuration="2d")).configuration.patch_size == [24, 32]


def test_a_folder_of_many_models_is_refused_in_one_line_with_their_places(store, tmp_path):
    for number in range(9):
        (tmp_path / "lab" / f"model{number}" / "final").mkdir(parents=True)
        for name in ("plans.json", "dataset.json"):
            (tmp_path / "lab" / f"model{number}" / "final" / name).write_text("{}")
    with pytest.raises(UsageError, match=r"9 trained models: model0/final, .*model4/final and 4 more\.") as caught:
        store.install_own(tmp_path / "lab")
    assert "or its folder" in caught.value.remedy


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_the_layout_of_the_spinal_cord_toolbox_loads(store, nnunet, tmp_path, kind):
    from tiny_models import make_sct_layout

    root = make_sct_layout(tmp_path / "model-canal-seg_r20241126", extra_dataset={"image_orientation": "RPI"})
    source = root if kind == "folder" else zipped(root, tmp_path / "model.zip")
    loaded = load_model(store.install_own(source, name="sct"))
    assert loaded.orientation == "LAS"
    assert loaded.identity["trainer"].startswith("nnUNetTrainerDiceCELoss")


def test_the_layout_of_totalspineseg_loads_with_its_best_checkpoint(store, nnunet, tmp_path):
    from tiny_models import make_totalspineseg_layout

    labels = {"background": 0, "disc": [1, 2], "landmark": [2]}
    root = make_totalspineseg_layout(tmp_path / "release", labels=labels, regions=(1, 2))
    loaded = load_model(store.install_own(root, name="tss"))
    assert list(loaded.identity["checkpoints"]) == ["fold_0/checkpoint_best.pth"]
    assert loaded.channel_names == ("disc", "landmark")


def test_a_fold_whose_training_did_not_end_is_named(store, tmp_path, nnunet):
    from tiny_models import make_model

    folder = make_model(tmp_path / "model", folds=(0, 1))
    (folder / "fold_1" / "checkpoint_final.pth").unlink()
    with pytest.raises(ModelError, match=r"fold_1 holds none of checkpoint_final\.pth, checkpoint_best\.pth"):
        store.install_own(folder, name="half")
    assert list(load_model(store.install_own(folder, name="half", folds=["0"])).networks) == ["0"]


def test_folders_without_folds_or_checkpoints_are_refused(store, tmp_path, tiny_model):
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(ModelError, match="No trained nnU-Net was found"):
        store.install_own(bare)
    for name in ("plans.json", "dataset.json"):
        shutil.copy(tiny_model / name, bare)
    with pytest.raises(ModelError, match=r"no folder 'fold_\*'"):
        store.install_own(bare)
    (bare / "fold_0").mkdir()
    with pytest.raises(ModelError, match="holds none of checkpoint_final"):
        store.install_own(bare)
    assert is_empty(store)


@pytest.mark.parametrize("letters", ["LPX", "LLI", 5, "left"])
def test_an_orientation_that_means_nothing_is_refused(store, tmp_path, nnunet, letters):
    from tiny_models import make_model

    folder = make_model(tmp_path / "model", extra_dataset={"image_orientation": letters})
    with pytest.raises(ModelError, match="image_orientation"):
        store.install_own(folder, name="odd")


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("plans.json", lambda text: text[: len(text) // 2], "not valid JSON"),
        ("dataset.json", lambda text: "[]", "must hold an object"),
        ("dataset.json", lambda text: text.replace('"labels"', '"lables"'), "'labels' must map"),
        ("dataset.json", lambda text: text.replace('"channel_names"', '"canals"'), "'channel_names' must name"),
    ],
)
def test_a_damaged_description_is_named_with_its_file(store, tmp_path, tiny_model, name, change, complaint):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / name).write_text(change((folder / name).read_text()))
    with pytest.raises(ModelError, match=complaint) as caught:
        store.install_own(folder, name="damaged")
    assert name in caught.value.cause


def test_half_a_checkpoint_is_called_damaged(store, tmp_path, tiny_model):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    path = folder / "fold_0" / "checkpoint_final.pth"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ModelError, match="cut short, damaged"):
        store.install_own(folder, name="half")
    assert is_empty(store)


def test_a_scheme_that_has_none_of_the_models_values_is_refused(store, tiny_model):
    model = store.install_own(tiny_model, name="mine", scheme="totalsegmentator_v1")
    with pytest.raises(ModelError, match=r"writes the values \[1, 2\]"):
        load_model(model)


def test_the_name_of_a_published_model_cannot_be_taken(store, tiny_model):
    with pytest.raises(UsageError, match="name of a published model"):
        store.install_own(tiny_model, name="canal_r20260406")


def test_no_path_of_the_user_is_recorded(store, tiny_model):
    store.install_own(tiny_model, name="mine")
    record = (store.folder / "mine" / "installed.json").read_text()
    assert str(tiny_model.parent) not in record
    assert json.loads(record)["source"] == tiny_model.name
