"""OpenVINO on the CPU: the labels of PyTorch, converted once and kept among the user's models."""

import numpy as np
import pytest

from SpineGTRefineLib.models import load_model, predict
from SpineGTRefineLib.models.installed import FOLDER_VARIABLE


@pytest.fixture
def openvino_backend(nnunet, monkeypatch, tmp_path):
    """The module, with a folder of its own for what it keeps; skips where OpenVINO is not installed."""
    pytest.importorskip("openvino", reason="needs the extra [cpu]")
    from SpineGTRefineLib.models.backends import openvino

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    return openvino


@pytest.fixture
def loaded(openvino_backend, store, tiny_model):
    return load_model(store.install_own(tiny_model, name="tiny"))


def test_it_gives_the_labels_of_pytorch_and_nearly_those_in_fast_mode(openvino_backend, loaded, blobs, monkeypatch):
    exact, fast = (predict([blobs], loaded, device="cpu", mode=mode) for mode in ("exact", "fast"))
    loaded.runners.clear()
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: False)
    expected = predict([blobs], loaded, device="cpu")
    assert expected.provenance["backend"] == "torch"
    assert [exact.provenance[name] for name in ("backend", "precision", "batch")] == ["openvino", "fp32", 1]
    assert np.count_nonzero(exact.labels.array != expected.labels.array) <= 5
    assert fast.provenance["backend"] == "openvino"
    assert np.mean(fast.labels.array != expected.labels.array) < 0.02


@pytest.fixture
def conversions(openvino_backend, monkeypatch):
    """Counts conversions."""
    done, convert = [], openvino_backend._convert
    monkeypatch.setattr(openvino_backend, "_convert", lambda *given: done.append(given) or convert(*given))
    return done


def test_a_network_is_converted_once_and_found_on_disk_in_the_next_session(conversions, loaded, blobs, tmp_path):
    first = predict([blobs], loaded, device="cpu").labels.array
    loaded.runners.clear()  # as in another session
    assert np.array_equal(predict([blobs], loaded, device="cpu").labels.array, first)
    assert len(conversions) == 1
    (kept,) = (tmp_path / "models" / ".openvino").iterdir()
    assert {path.name for path in kept.iterdir()} == {"network.xml", "network.bin"}


def test_other_weights_are_converted_anew_and_a_damaged_file_is_replaced(conversions, loaded, blobs, tmp_path):
    first = predict([blobs], loaded, device="cpu").labels.array
    (kept,) = (tmp_path / "models" / ".openvino").iterdir()
    (kept / "network.xml").write_text("<net")
    loaded.runners.clear()
    assert np.array_equal(predict([blobs], loaded, device="cpu").labels.array, first)
    assert len(conversions) == 2
    assert (kept / "network.xml").stat().st_size > 100
    next(loaded.networks["0"].parameters()).data += 1
    loaded.runners.clear()
    assert not np.array_equal(predict([blobs], loaded, device="cpu").labels.array, first)
    assert len(conversions) == 3


def test_where_nothing_can_be_kept_it_still_runs(conversions, loaded, blobs, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file" / "models"))
    assert predict([blobs], loaded, device="cpu").provenance["backend"] == "openvino"


def test_only_the_last_ones_are_kept(nnunet, tmp_path):
    import os

    from SpineGTRefineLib.models.backends import converted

    for number in range(converted.MOST_KEPT + 2):
        place = tmp_path / str(number)
        place.mkdir()
        (place / converted.GRAPH).write_text("")
        os.utime(place, (number, number))
    converted._forget_oldest(tmp_path)
    assert sorted(int(place.name) for place in tmp_path.iterdir()) == list(range(2, converted.MOST_KEPT + 2))
