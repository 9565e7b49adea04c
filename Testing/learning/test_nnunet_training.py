"""Training: driven in this process, can be stopped and goes on, and ends in a folder that everybody can read."""

import json
import os
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from needs import needs_nnunet

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import CancelledError, InputError, ModelError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap
from SpineGTRefineLib.learning.nnunet_planning import prepare
from SpineGTRefineLib.learning.nnunet_training import train
from SpineGTRefineLib.learning.nnunet_workspace import Workspace
from SpineGTRefineLib.learning.raw_dataset import TrainingCase, write_raw_dataset
from SpineGTRefineLib.learning.settings import SmallNetwork, TrainingSettings

pytestmark = [
    pytest.mark.slow,
    needs_nnunet,
]

DATASET = "Dataset777_Balls"
TINY = TrainingSettings(
    fold="all",
    epochs=3,
    iterations_per_epoch=12,
    validation_iterations=1,
    learning_rate=1e-2,
    optimizer="adamw",
    small=SmallNetwork(spacing=(1.0, 1.0, 1.0), patch_size=(16, 16, 16), features=(6, 12, 16)),
    device="cpu",
    save_every=1,
)


def ball(seed):
    """A bright ball in noise, and its mask."""
    draw = np.random.default_rng(seed)
    center = draw.uniform(8, 16, 3)
    distance = np.linalg.norm(np.indices((24, 24, 24)) - center[:, None, None, None], axis=0)
    inside = distance < draw.uniform(4, 6)
    geometry = Geometry(inside.shape, np.eye(4))
    image = (100 * inside + draw.normal(20, 8, inside.shape)).astype(np.float32)
    return Image(image, geometry), LabelMap(inside.astype(np.uint8), geometry, scheme("canal"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Eight balls, prepared; trainings of the tests go to results below it."""
    import torch

    torch.set_num_threads(1)
    workspace = Workspace(tmp_path_factory.mktemp("nnunet"))
    cases = (TrainingCase(f"ball_{seed}", [ball(seed)[0]], ball(seed)[1]) for seed in range(8))
    write_raw_dataset(workspace.raw, DATASET, cases, channels=["MRI"], labels={"canal": 1})
    prepare(workspace, DATASET, TINY)
    return workspace


@pytest.fixture(scope="module")
def drawn():
    """Counts how often the curves of a training are drawn."""
    from nnunetv2.training.logging.nnunet_logger import LocalLogger

    draw = LocalLogger.plot_progress_png
    with mock.patch.object(LocalLogger, "plot_progress_png", autospec=True, side_effect=draw) as counted:
        yield counted


@pytest.fixture(scope="module")
def results(workspace, drawn):
    folder = train(workspace, DATASET, TINY)
    assert drawn.call_count == 1, "drawing takes longer than an epoch of a small network"
    return folder


def test_the_curves_of_a_training_are_drawn_when_it_ends(results):
    assert (results / "fold_all" / "progress.png").stat().st_size > 10_000


def test_preparing_reports_every_case_and_can_be_stopped(workspace):
    seen = []
    prepare(workspace, DATASET, TINY, progress=lambda part, text: seen.append((part, text)))
    assert [part for part, _ in seen] == [number / 16 for number in range(16)]
    assert seen[-1][1] == "preprocessing ball_7"
    with pytest.raises(CancelledError):
        prepare(workspace, DATASET, TINY, cancel=lambda: True)


def test_a_fingerprint_says_what_nnunets_own_says(workspace, results):
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor

    ours = json.loads((workspace.preprocessed / DATASET / "dataset_fingerprint.json").read_text())
    reader = __import__("nnunetv2.imageio.simpleitk_reader_writer", fromlist=["SimpleITKIO"]).SimpleITKIO
    raw = workspace.raw / DATASET
    case = [str(raw / "imagesTr/ball_0_0000.nii.gz")], str(raw / "labelsTr/ball_0.nii.gz")
    shape, spacing, *_ = DatasetFingerprintExtractor.analyze_case(*case, reader)
    assert ours["shapes_after_crop"][0] == list(shape)
    assert ours["spacings"][0] == list(spacing)
    assert set(ours["foreground_intensity_properties_per_channel"]["0"]) == {
        "mean",
        "median",
        "std",
        "min",
        "max",
        "percentile_00_5",
        "percentile_99_5",
    }


def test_a_trained_model_installs_and_finds_the_ball(results, tmp_path):
    from SpineGTRefineLib.models import ModelStore, predict

    model = ModelStore(tmp_path / "store").install_own(results, name="balls", scheme="canal")
    image, truth = ball(99)
    labels = predict([image], model, device="cpu").labels
    overlap = 2 * np.count_nonzero(labels.array & truth.array) / (labels.array.sum() + truth.array.sum())
    assert overlap > 0.8


def test_images_are_not_mirrored_in_training_nor_later(results):
    from SpineGTRefineLib.models.checkpoint import load_checkpoint

    assert load_checkpoint(results / "fold_all" / "checkpoint_final.pth").mirror_axes is None


def test_plain_nnunet_reads_the_result(results, tmp_path):
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    from SpineGTRefineLib.learning.export import export_for_inference

    for folder in (results, export_for_inference(results, tmp_path / "light")):
        predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
        predictor.initialize_from_trained_model_folder(str(folder), ("all",))
        assert predictor.trainer_name == "nnUNetTrainer"


def test_the_exported_model_is_smaller_and_says_the_same(results, tmp_path):
    from SpineGTRefineLib.learning.export import export_for_inference
    from SpineGTRefineLib.models import ModelStore, predict
    from SpineGTRefineLib.models.checkpoint import load_checkpoint

    light = export_for_inference(results, tmp_path / "light")
    sizes = [(folder / "fold_all" / "checkpoint_final.pth").stat().st_size for folder in (results, light)]
    assert sizes[1] < sizes[0] / 4
    assert list(json.loads((light / "plans.json").read_text())["configurations"]) == ["3d_fullres"]
    weights = load_checkpoint(light / "fold_all" / "checkpoint_final.pth").weights
    assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.float16"}
    store = ModelStore(tmp_path / "store")
    image = ball(99)[0]
    said = [
        predict([image], store.install_own(folder, name=name), device="cpu").labels.array
        for name, folder in (("full", results), ("light", light))
    ]
    assert np.mean(said[0] == said[1]) > 0.999


def test_a_stopped_training_goes_on_with_the_epoch_it_was_in(workspace, tmp_path):
    other = Workspace(tmp_path / "again")
    other.root.mkdir()
    (other.root / "preprocessed").symlink_to(workspace.preprocessed)
    steps = []

    def cancel():
        steps.append(True)
        return len(steps) > 15

    with pytest.raises(CancelledError, match="go on from the last epoch"):
        train(other, DATASET, TINY, cancel=cancel)
    texts = []
    results = train(other, DATASET, TINY, progress=lambda _part, text: texts.append(text))
    assert texts[0].startswith("epoch 2 of 3")
    assert len(texts) == 24
    assert (results / "fold_all" / "checkpoint_final.pth").is_file()


def test_a_finished_training_is_not_done_again(workspace, results):
    assert train(workspace, DATASET, TINY, cancel=lambda: True) == results


def test_progress_tells_the_epoch_and_the_dice(workspace, tmp_path):
    other = Workspace(tmp_path / "again")
    other.root.mkdir()
    (other.root / "preprocessed").symlink_to(workspace.preprocessed)
    seen = []
    short = replace(TINY, epochs=2, iterations_per_epoch=2)
    train(other, DATASET, short, progress=lambda part, text: seen.append((part, text)))
    assert [part for part, _ in seen] == [0.0, 0.25, 0.5, 0.75]
    assert seen[-1][1].startswith("epoch 2 of 2, Dice ")


def test_the_surroundings_are_left_as_they_were(workspace, results, capsys):
    names = ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results", "nnUNet_n_proc_DA")
    before = {name: os.environ.get(name) for name in names}
    prepare(workspace, DATASET, TINY)
    train(workspace, DATASET, TINY)
    assert {name: os.environ.get(name) for name in names} == before
    assert capsys.readouterr().out == ""


def test_no_name_of_the_machine_is_written(results):
    assert not list(results.rglob("debug.json"))


def test_an_unprepared_or_empty_dataset_is_refused(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(InputError, match="was not prepared"):
        train(workspace, DATASET, TINY)
    write_raw_dataset(workspace.raw, DATASET, [], channels=["MRI"], labels={"canal": 1})
    (workspace.raw / DATASET / "imagesTr").mkdir()
    with pytest.raises(InputError, match="no training cases"):
        prepare(workspace, DATASET, TINY)


def test_a_training_that_diverges_is_stopped_and_said(workspace, tmp_path):
    other = Workspace(tmp_path / "again")
    other.root.mkdir()
    (other.root / "preprocessed").symlink_to(workspace.preprocessed)
    with pytest.raises(ModelError, match=r"diverged in epoch 1.* lower learning rate"):
        train(other, DATASET, replace(TINY, learning_rate=1e30))


def test_a_network_of_two_stages_is_refused():
    with pytest.raises(ValueError, match="at least three stages"):
        SmallNetwork(spacing=(1, 1, 1), patch_size=(16, 16, 16), features=(4, 8))


def test_a_patch_that_the_network_cannot_halve_is_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        SmallNetwork(spacing=(1, 1, 1), patch_size=(16, 16, 18), features=(4, 8, 16))


def test_a_label_may_count_more_and_a_cpu_compute_with_half_the_bits(workspace, monkeypatch):
    import torch

    from SpineGTRefineLib.learning.trainer import RefineTrainer

    made = []
    monkeypatch.setattr(RefineTrainer, "run_training", lambda trainer: (trainer.initialize(), made.append(trainer)))
    train(workspace, DATASET, replace(TINY, fold=0, bfloat16=True, label_weights=(1.0, 5.0)))
    [trainer] = made
    target = torch.zeros(1, 1, 16, 16, 16)
    target[..., :8] = 1
    says_nothing = torch.zeros(1, 2, 16, 16, 16)
    assert trainer.loss.loss.ce(says_nothing, target).item() == pytest.approx(np.log(2))
    assert trainer.loss.loss.ce.weight.tolist() == [1.0, 5.0]
    inside = []
    first = next(module for module in trainer.network.modules() if isinstance(module, torch.nn.Conv3d))
    first.register_forward_hook(lambda _module, _given, result: inside.append(result.dtype))
    outputs = trainer.network(torch.zeros(1, 1, 16, 16, 16))
    assert inside == [torch.bfloat16]
    assert {output.dtype for output in outputs} == {torch.float32}
