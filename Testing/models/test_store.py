"""Installing, listing, verifying and removing models."""

import shutil
import zipfile
from pathlib import Path

import pytest
from model_archives import is_empty, zipped

from SpineGTRefineLib.errors import (
    ChecksumError,
    ConflictError,
    CorruptFileError,
    DownloadError,
    ModelError,
    ModelNotInstalledError,
    UnsafeModelError,
    UsageError,
    WriteError,
)
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.models import ModelStore, load_model, models_folder, registry
from SpineGTRefineLib.models.registry import entry_from_dict


@pytest.fixture
def archive(tiny_model, tmp_path):
    return zipped(tiny_model, tmp_path / "tiny.zip")


def serving(path):
    """An opener that answers every address with this file."""

    class Response:
        def __init__(self):
            self.status = 200
            self.headers = {"Content-Length": str(path.stat().st_size)}
            self.stream = path.open("rb")

        def read(self, amount):
            return self.stream.read(amount)

        def close(self):
            self.stream.close()

    return lambda _url, _headers: Response()


def store_with(tmp_path, **fields):
    record = {"name": "tiny", "version": "1", "title": "Tiny", "url": "https://models.example.org/tiny.zip", **fields}
    return ModelStore(tmp_path / "store", {"tiny": entry_from_dict(record, "test")})


def test_a_published_model_installs_from_its_address_and_can_be_loaded(tmp_path, archive):
    store = store_with(tmp_path, scheme="gmwm")
    installed = store.install("tiny", opener=serving(archive))
    assert store.find("tiny").hashes == installed.hashes
    assert not installed.pinned
    assert installed.archive_sha256 == sha256_of_file(archive)
    assert load_model(installed).scheme.name == "gmwm"
    assert sorted(path.name for path in store.folder.iterdir() if not path.name.startswith(".")) == [
        "known-hashes.json",
        "tiny",
    ]


def test_a_wrong_hash_is_refused(tmp_path, archive):
    store = store_with(tmp_path, sha256="0" * 64)
    with pytest.raises(ChecksumError, match="not the published one"):
        store.install("tiny", opener=serving(archive))
    assert is_empty(store)


def test_a_right_hash_counts_as_pinned(tmp_path, archive):
    store = store_with(tmp_path, sha256=sha256_of_file(archive))
    assert store.install("tiny", opener=serving(archive)).pinned


def test_an_address_that_delivers_something_else_later_is_refused(tmp_path, archive, nnunet):
    from tiny_models import make_model

    store = store_with(tmp_path)
    store.install("tiny", opener=serving(archive))
    store.remove("tiny")
    other = zipped(make_model(tmp_path / "other", seed=7), tmp_path / "other.zip")
    with pytest.raises(ChecksumError, match="another file than at the first install"):
        store.install("tiny", opener=serving(other))
    store.install("tiny", opener=serving(archive))


def test_an_archive_from_the_disk_is_used_and_kept(tmp_path, archive):
    store = store_with(tmp_path)
    store.install("tiny", archive=archive)
    assert archive.is_file()
    assert store.find("tiny").source == "https://models.example.org/tiny.zip"


def test_half_an_archive_installs_nothing(tmp_path, archive):
    store = store_with(tmp_path)
    half = tmp_path / "half.zip"
    half.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(CorruptFileError, match="cut short or damaged"):
        store.install("tiny", opener=serving(half))
    assert is_empty(store)


def test_a_broken_connection_installs_nothing_and_says_what_to_do(tmp_path, archive):
    store = store_with(tmp_path)

    def breaking(_url, _headers):
        raise ConnectionResetError("reset by peer")

    with pytest.raises(DownloadError, match="goes on where it stopped"):
        store.install("tiny", opener=breaking)
    assert is_empty(store)


def test_an_installed_model_is_not_replaced_by_accident(tmp_path, archive):
    store = store_with(tmp_path)
    store.install("tiny", opener=serving(archive))
    with pytest.raises(ConflictError, match="installed already"):
        store.install("tiny", opener=serving(archive))
    store.install("tiny", opener=serving(archive), overwrite=True)
    store.find("tiny").verify()


@pytest.mark.parametrize("damage", ["change", "delete", "add"])
def test_a_changed_missing_or_added_file_is_noticed(tmp_path, archive, damage):
    store = store_with(tmp_path)
    path = store.install("tiny", opener=serving(archive)).path
    if damage == "change":
        (path / "plans.json").write_text("{}")
    elif damage == "delete":
        (path / "fold_0" / "checkpoint_final.pth").unlink()
    else:
        shutil.copytree(path / "fold_0", path / "fold_1")
    model = store.find("tiny")
    with pytest.raises(ChecksumError, match="model tiny"):
        model.verify()
    with pytest.raises(ModelError):
        load_model(model)


@pytest.mark.parametrize(("stated", "expected"), [("RPI", "LAS"), (None, "PIR")])
def test_what_the_model_states_about_its_orientation_wins_over_the_registry(tmp_path, nnunet, stated, expected):
    from tiny_models import make_model

    extra = {"image_orientation": stated} if stated else {}
    archive = zipped(make_model(tmp_path / "model", extra_dataset=extra), tmp_path / "model.zip")
    model = store_with(tmp_path, orientation="PIR").install("tiny", opener=serving(archive))
    assert load_model(model).orientation == expected


def test_a_missing_fold_is_named(tmp_path, nnunet):
    from tiny_models import make_model

    archive = zipped(make_model(tmp_path / "model", folds=(0, 2)), tmp_path / "model.zip")
    store = store_with(tmp_path, folds=["0", "1"])
    with pytest.raises(ModelError, match="lacks fold 1; it has 0, 2"):
        store.install("tiny", opener=serving(archive))
    assert is_empty(store)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden"])
def test_a_name_cannot_lead_out_of_the_store(store, tiny_model, name):
    for act in (store.find, store.remove, store.install):
        with pytest.raises(UsageError, match="is not a name"):
            act(name)
    with pytest.raises(UsageError):
        store.install_own(tiny_model, name=name or "..")


def test_a_removed_model_is_gone(store, tiny_model):
    store.install_own(tiny_model, name="mine")
    store.remove("mine")
    assert is_empty(store)
    with pytest.raises(UsageError, match="no model called 'mine'"):
        store.find("mine")


def test_a_model_that_cannot_be_replaced_is_still_there(store, tiny_model, monkeypatch):
    before = store.install_own(tiny_model, name="mine")
    rename = Path.rename

    def refuse_new_ones(source, target):
        if source.name == "stage":
            raise PermissionError(13, "a virus scanner looks at it")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", refuse_new_ones)
    with pytest.raises(WriteError, match="could not be put in place: a virus scanner") as caught:
        store.install_own(tiny_model, name="mine", overwrite=True)
    assert caught.value.remedy
    assert store.find("mine") == before
    before.verify()


def test_what_a_killed_removal_left_is_not_taken_for_a_model(store, tiny_model):
    store.install_own(tiny_model, name="mine")
    shutil.copytree(store.folder / "mine", store.folder / ".old-1234")
    assert [model.entry.name for model in store.installed() if not model.entry.bundled] == ["mine"]


def test_a_known_model_that_is_not_here_says_how_to_get_it(store):
    with pytest.raises(ModelNotInstalledError, match="models install canal_r20260406"):
        store.find("canal_r20260406")


def test_a_model_that_nobody_runs_here_is_not_downloaded(store):
    with pytest.raises(UsageError, match="not nnU-Net"):
        store.install("lumbar_cord_epfl_r20231004", opener=lambda *_: pytest.fail("no download"))


def test_spineps_models_are_installed_as_they_are_and_not_run_here(tmp_path):
    folder = tmp_path / "T2w_semantic"
    folder.mkdir()
    (folder / "inference_config.json").write_text("{}")
    store = ModelStore(tmp_path / "store", {"spineps_t2w_v1.0.9": registry()["spineps_t2w_v1.0.9"]})
    model = store.install("spineps_t2w_v1.0.9", opener=serving(zipped(folder, tmp_path / "t2w.zip")))
    assert list(model.hashes) == ["T2w_semantic/inference_config.json"]
    with pytest.raises(ModelError, match="not an nnU-Net model"):
        load_model(model)


def test_a_hostile_archive_leaves_the_store_as_it_was(tmp_path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("../../canary", "x")
    store = store_with(tmp_path)
    with pytest.raises(UnsafeModelError):
        store.install("tiny", opener=serving(path))
    assert is_empty(store)
    assert not list(tmp_path.rglob("canary"))


def test_the_folder_of_the_models_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "elsewhere"))
    assert models_folder() == tmp_path / "elsewhere"


def test_a_store_that_cannot_be_written_says_how_to_choose_another(tmp_path, tiny_model):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="SPINEGTREFINE_MODELS"):
        ModelStore(tmp_path / "file" / "store").install_own(tiny_model)


def test_a_damaged_record_is_named(store, tiny_model):
    store.install_own(tiny_model, name="mine")
    record = store.folder / "mine" / "installed.json"
    record.write_text(record.read_text()[:100])
    with pytest.raises(ModelError, match=r"installed\.json is damaged"):
        store.find("mine")


def test_a_damaged_record_keeps_nobody_from_the_other_models(store, tiny_model):
    for name in ("mine", "other"):
        store.install_own(tiny_model, name=name)
    (store.folder / "mine" / "installed.json").write_text("{")
    assert "other" in [model.entry.name for model in store.installed()]
    assert "mine" not in [model.entry.name for model in store.installed()]
    assert list(store.damaged()) == ["mine"]
    store.remove("mine")
    assert store.damaged() == {}


def test_a_damaged_list_of_hashes_is_named(tmp_path, archive):
    store = store_with(tmp_path)
    store.install("tiny", opener=serving(archive))
    store.remove("tiny")
    (store.folder / "known-hashes.json").write_text("{")
    with pytest.raises(ModelError, match=r"known-hashes\.json is damaged"):
        store.install("tiny", opener=serving(archive))
