"""``train``, ``finetune``, ``ship``: the whole loop as a user runs it, with a network that learns in seconds."""

import importlib
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from ball_world import BallWorld
from needs import needs_nnunet
from version_world import VersionWorld

from SpineGTRefineLib.bids.layout import default_output
from SpineGTRefineLib.cli.learning_jobs import following
from SpineGTRefineLib.learning.training import trainings_folder
from SpineGTRefineLib.learning.versions import build_version, versions_folder
from SpineGTRefineLib.models import ModelStore

TINY = """
epochs = 4
iterations_per_epoch = 12
validation_iterations = 1
learning_rate = 1e-2
optimizer = "adamw"

[small]
spacing = [1.0, 1.0, 1.0]
patch_size = [16, 16, 16]
features = [6, 12, 16]
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A file of settings for a tiny network; models go to a folder of the test."""
    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def world(tmp_path):
    """Twelve subjects; the masks of those that train are far too small, those of the test set are right."""
    world = BallWorld(tmp_path / "dataset", subjects=12)
    world.save_all()
    return world


def too_small(labels):
    """A mask of which only the core is left, as a rater leaves it who trusts a wrong model."""
    inside = labels.array > 0
    center = np.argwhere(inside).mean(axis=0)
    distance = np.linalg.norm(np.indices(inside.shape) - center[:, None, None, None], axis=0)
    return labels.with_array((inside & (distance < 2.6)).astype(labels.array.dtype))


def test_the_commands_after_a_training_name_places_that_are_not_the_usual_ones(tmp_path):
    request = SimpleNamespace(name="m", dataset=tmp_path, output=default_output(tmp_path))
    request.version = versions_folder(request.output) / "D1"
    assert not any("--output" in command or "--versions" in command for command in following(request, "canal", "P"))
    request.output = tmp_path / "mine"
    rank, ship = following(request, "canal", "P")
    assert rank.endswith(f'--output "{request.output}"')
    assert ship.endswith(f'--versions "{request.version.parent}" --output "{request.output}"')


@pytest.fixture
def asked(monkeypatch):
    """What ``train`` and ``finetune`` would do: the requests, without a worker."""
    requests = []
    for command in ("train", "finetune"):
        module = importlib.import_module(f"SpineGTRefineLib.cli.{command}")
        monkeypatch.setattr(
            module, "train_and_show", lambda _terminal, request, *_more, **_kept: requests.append(request)
        )
    return requests


def test_what_a_file_of_settings_says_counts_unless_the_command_says_otherwise(program, tmp_path, asked):
    world = VersionWorld(tmp_path / "dataset", 3)
    world.save_all()
    build_version(world.dataset, world.kind)
    own = tmp_path / "own.toml"
    own.write_text('configuration = "2d"\ndevice = "cpu"\nworkers = 3\nseed = 7\nmirroring = true\n')
    assert program("train", world.root, "D1", "--settings", own).code == 0
    assert program("train", world.root, "D1", "--settings", own, "--trainer", "no-mirroring", "--seed", "0").code == 0
    own.write_text('device = "cpu"\nfreeze = ["encoder"]\n')
    assert program("finetune", "model", world.root, "D1", "--settings", own).code == 0
    assert program("finetune", "model", world.root, "D1", "--settings", own, "--freeze", "decoder").code == 0
    first, second, tuned, frozen = (request.settings for request in asked)
    assert (first.configuration, first.device, first.workers, first.seed, first.mirroring) == ("2d", "cpu", 3, 7, True)
    assert (second.device, second.seed, second.mirroring) == ("cpu", 0, False)
    assert (tuned.device, tuned.freeze, tuned.epochs) == ("cpu", ("encoder",), 100)
    assert frozen.freeze == ("decoder",)


@needs_nnunet
@pytest.mark.slow
def test_the_loop_from_wrong_masks_to_a_better_champion(program, world, tiny):
    dataset = world.root
    build = ("version", "build", dataset, "--mask", "canal", "--test", "0.5", "--folds", "2")
    planned = program(*build, "--name", "plan", "--json").json
    trained = [row["case"] for row in planned["cases"] if row["split"] == "train"]
    for key in trained:
        world.save(key, too_small(world.truth[key]))
    first = program(*build, "--name", "D1", "--json")
    assert first.code == 0, first.err

    training = program("train", dataset, "D1", "--settings", tiny, "--device", "cpu", "--json")
    assert training.code == 0, training.err
    assert training.json["model"] == "canal_D1"
    assert "epoch 4 of 4" in training.err
    predictions = training.json["predictions"]
    versions = dataset / "derivatives/spine-gt-refine/.spine-gt-refine/versions"
    scores = program("evaluate", f"{predictions}/test", versions / "D1", "--json")
    assert scores.code == 0, scores.err
    before = scores.json["structures"][0]["dice"]["mean"]
    assert before == pytest.approx(training.json["card"]["Test"]["Dice"])

    ranked = program("rank", dataset, "--mask", "canal", "--against", f"canal_D1={predictions}", "--json")
    assert ranked.code == 0, ranked.err
    assert ranked.json["rules_only"] == []

    for key in trained:
        world.save(key)
    second = program(*build, "--name", "D2", "--after", "D1", "--json")
    assert second.json["test_sha256"] == first.json["test_sha256"]
    tuning = program(
        *("finetune", "canal_D1", dataset, "D2", "--settings", tiny, "--epochs", "4", "--learning-rate", "1e-2"),
        *("--fold", "0", "--device", "cpu", "--json"),
    )
    assert tuning.code == 0, tuning.err
    assert tuning.json["card"]["Test"]["Dice"] > before + 0.1

    shipped = program("ship", dataset, "canal_D1", "--device", "cpu", "--json")
    assert shipped.code == 0, shipped.err
    assert shipped.json["challenge"]["promoted"]
    challenger = program("ship", dataset, "canal_D2", "--device", "cpu", "--json")
    assert challenger.code == 0, challenger.err
    assert challenger.json["model"] == "canal_D2-fold0"
    assert challenger.json["challenge"]["verdict"] == "better"
    assert challenger.json["comparison"]["overall"]["people"] == 6
    again = program("ship", dataset, "canal_D1", "--as", "once_more", "--device", "cpu")
    assert again.code == 0, again.err
    assert "WORSE" in again.out
    assert "canal_D2-fold0 stays the champion" in again.out
    used = program("run", dataset, "--recipe", "canal", "--model", "champion", "--subject", "01", "--json")
    assert used.code == 0, used.err
    assert used.json["model"] == "canal_D2-fold0"
    names = [model.entry.name for model in ModelStore().installed() if not model.entry.bundled]
    assert names == ["canal_D1", f"canal_D1-fold{shipped.json['fold']}", "canal_D2", "canal_D2-fold0", "once_more"]


@needs_nnunet
@pytest.mark.slow
def test_ctrl_c_stops_at_an_epoch_and_the_same_command_goes_on(program, world, tiny):
    assert program("version", "build", world.root, "--mask", "canal", "--test", "0", "--folds", "2").code == 0
    words = ["train", world.root, "D1", "--settings", tiny, "--epochs", "60", "--fold", "0", "--device", "cpu"]
    command = [sys.executable, "-m", "SpineGTRefineLib", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as training:
        said = []
        for line in training.stderr:
            said.append(line)
            if "of 60" in line and epoch_in(line) >= 3:
                training.send_signal(signal.SIGINT)
                break
        said += training.stderr
    assert training.returncode == 130, said
    assert "run it again to go on" in "".join(said).lower()
    assert not [model for model in ModelStore().installed() if not model.entry.bundled]
    again = program(*words, "--json")
    assert again.code == 0, again.err
    first = next(line for line in again.err.splitlines() if "training fold 0" in line)
    assert epoch_in(first) >= 3, first


def epoch_in(line):
    return int(line.partition("epoch ")[2].partition(" of")[0])


@pytest.mark.slow
def test_what_train_cannot_know_is_refused_at_once(program, world, tiny):
    assert program("version", "build", world.root, "--mask", "canal", "--test", "0", "--folds", "2").code == 0
    cases = {
        "For canal masks no regions are known": ("--trainer", "regions"),
        "Regions were named, and the trainer learns labels": ("--region", "canal=canal_whole"),
        "There are no settings called 'huge'": ("--settings", "huge"),
        "has no fold 9": ("--fold", "9"),
        "--parts 'half' is not known": ("--parts", "half"),
        "learning_rate = -0.1": ("--learning-rate", "-0.1"),
        "learning_rate = 0.0": ("--learning-rate", "0"),
        "Choose 3d_fullres or 3d_lowres or 2d": ("--configuration", "3d_fulres"),
        "--configuration 2d": ("--parts", "slices"),
        "three orientation letters": ("--orientation", "LPX"),
    }
    for text, words in cases.items():
        refused = program("train", world.root, "D1", *words)
        assert refused.code == 2, refused.err
        assert text in refused.err
    refused = program("finetune", "demo_canal", world.root, "D1", "--freeze", "encodr")
    assert refused.code == 2
    assert "encoder:N" in refused.err
    tiny.write_text("lerning_rate = 1")
    refused = program("train", world.root, "D1", "--settings", tiny)
    assert refused.code == 2
    assert "lerning_rate" in refused.err
    assert not trainings_folder(default_output(world.root)).exists()
