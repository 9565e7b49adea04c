"""The guide of rounds knows what is done, names the next step with a command that can be run, and runs it."""

import shlex
from dataclasses import dataclass

import numpy as np
import pytest
from commands import command_of, unknown_options
from version_world import GEOMETRY, SHAPE, VersionWorld

from SpineGTRefineLib.bids import save_mask
from SpineGTRefineLib.bids.identity import timestamp
from SpineGTRefineLib.bids.jsonfiles import write_json
from SpineGTRefineLib.bids.ranking import RankedMask, ranking_path, write_ranking
from SpineGTRefineLib.cli.app import main
from SpineGTRefineLib.imaging import LabelMap, read_image
from SpineGTRefineLib.learning.rounds import Choices, fitting_plan, guide, plan, plan_names
from SpineGTRefineLib.learning.rounds.state import read_state
from SpineGTRefineLib.learning.training.card import CARD, card_of
from SpineGTRefineLib.learning.training.champion import decide
from SpineGTRefineLib.learning.versions import BuildSettings, Rules, build_version, versions_folder
from SpineGTRefineLib.models import InstalledModel, ModelEntry


@dataclass
class Store:
    """Stands for the store of models; a model is its name and the version it was trained on."""

    folder: object
    models: list

    def train(self, version, name):
        made = {"Created": timestamp(), "Version": {"Name": version.name, "SHA256": version.sha256}}
        return self.install(name, {**made, "Name": name, "Training": name})

    def ship(self, model, name):
        return self.install(name, {**card_of(model), "Name": name})

    def install(self, name, card):
        path = self.folder / name / "files"
        path.mkdir(parents=True)
        write_json(self.folder / name / CARD, card)
        self.models.append(
            InstalledModel(ModelEntry(name, "1", name), path, {"fold_0/a.pth": f"weights of {name}"}, "t")
        )
        return self.models[-1]

    def installed(self):
        return tuple(self.models)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", [])


@pytest.fixture
def mouse(tmp_path):
    """Six volumes; of five of them a slice is drawn."""
    world = VersionWorld(tmp_path / "dataset", 6, "gmwm")
    for number in range(1, 6):
        array = np.zeros(SHAPE, np.uint8)
        array[2:4, 2, 2:6] = 1 + (np.arange(4) + number) % 2
        world.save(f"sub-{number:02d}_T2w", status="draft", labels=LabelMap(array, GEOMETRY, world.kind.scheme))
    return world


def guided(world, store, name="mouse"):
    folder = versions_folder(world.dataset.output)
    state = read_state(world.dataset, world.kind, folder, store)
    return guide(plan(name), state, Choices("DATASET"), folder)


def following(world, store, name="mouse"):
    entry, step = next(guided(world, store, name).open_steps())
    return entry.number, step


def propose(world, model):
    """Let a model propose a mask for each case."""
    for case in world.dataset.cases():
        image = read_image(case.image)
        labels = world.labels(1, image.geometry)
        generator = {"Name": model.entry.name, "WeightsSHA256": model.hashes["fold_0/a.pth"]}
        save_mask(world.dataset, case, world.kind, labels, image=image, status="proposed", generated_by=[generator])


def test_the_mouse_rounds_go_from_slices_to_the_champion(mouse, store):
    of_any_status = BuildSettings(Rules(statuses=("draft", "proposed", "corrected")))
    number, step = following(mouse, store)
    assert (number, step.command[:58]) == (1, "spine-gt-refine version build DATASET --mask gmwm --status")
    first = build_version(mouse.dataset, mouse.kind, of_any_status)
    number, step = following(mouse, store)
    assert (number, step.arguments[:3]) == (1, ("train", "DATASET", "D1"))
    assert {"2d", "slices"} <= set(step.arguments)
    model = store.train(first, "gmwm_D1")
    assert following(mouse, store)[1].arguments[:6] == ("run", "DATASET", "--recipe", "mouse", "--model", "gmwm_D1")
    propose(mouse, model)
    number, step = following(mouse, store)
    assert (number, step.by_hand, step.progress.done, step.progress.of) == (2, True, 0, 3)
    for subject in (1, 2, 3):
        mouse.save(f"sub-{subject:02d}_T2w", 1)
    number, step = following(mouse, store)
    assert (number, step.arguments[:2]) == (2, ("version", "build"))
    second = build_version(mouse.dataset, mouse.kind, of_any_status, parent=first)
    propose(mouse, store.train(second, "gmwm_D2"))
    number, step = following(mouse, store)
    assert (number, step.by_hand, step.progress.done, step.progress.of) == (3, True, 0, 3)
    for case in mouse.dataset.cases():
        mouse.save(case.key, 2)
    assert following(mouse, store)[1].arguments[:2] == ("version", "build")
    third = build_version(mouse.dataset, mouse.kind, parent=second)
    model = store.train(third, "gmwm_D3")
    assert following(mouse, store)[1].arguments == ("ship", "DATASET", "gmwm_D3")
    store.ship(model, "mouse_best")
    decide(mouse.dataset.output, "mouse_best", third)
    done = guided(mouse, store)
    assert not list(done.open_steps())
    assert done.rounds[2].model == "gmwm_D3", "the fold that was shipped is not what the round is about"


def test_the_rootlets_rounds_rank_look_again_and_go_on_from_the_last_model(tmp_path, store):
    world = VersionWorld(tmp_path / "dataset", 6, "rootlets")
    assert following(world, store, "rootlets")[1].by_hand
    for number in range(1, 6):
        world.save(f"sub-{number:02d}_T2w", number)
    first = build_version(world.dataset, world.kind)
    propose(world, store.train(first, "rootlets_D1"))
    number, step = following(world, store, "rootlets")
    assert (number, step.by_hand, step.progress.done) == (2, True, 5)
    world.save("sub-06_T2w", 6)
    second = build_version(world.dataset, world.kind, parent=first)
    store.train(second, "rootlets_D2")
    step = following(world, store, "rootlets")[1]
    assert step.arguments[0] == "rank"
    assert step.arguments[-1].startswith("rootlets_D2=")
    row = RankedMask("sub-01_T2w", "rootlets", 1.0)
    write_ranking(ranking_path(world.dataset.output), [row])
    number, step = following(world, store, "rootlets")
    assert (number, step.by_hand, step.progress.done, step.progress.of) == (3, True, 0, 2)
    for number in (1, 2):
        world.save(f"sub-{number:02d}_T2w", number + 50)
    build_version(world.dataset, world.kind, parent=second)
    assert following(world, store, "rootlets")[1].arguments[:4] == ("finetune", "rootlets_D2", "DATASET", "D3")


def test_what_was_enough_for_the_user_is_not_asked_for_again(tmp_path, store):
    world = VersionWorld(tmp_path / "dataset", 3, "gmwm")
    for number in (1, 2):
        world.save(f"sub-{number:02d}_T2w", number)
    assert following(world, store)[1].by_hand
    build_version(world.dataset, world.kind)
    assert following(world, store)[1].arguments[0] == "train"


@pytest.mark.parametrize("name", plan_names())
def test_every_command_of_a_plan_is_one_that_exists(mouse, store, name):
    folder = versions_folder(mouse.dataset.output)
    state = read_state(mouse.dataset, plan(name).mask_type, folder, store)
    choices = Choices("DATA SET", output="OUT", versions="VERSIONS", settings="small")
    for entry in guide(plan(name), state, choices, folder).rounds:
        for step in entry.steps:
            words = shlex.split(step.command)[1:]
            assert not hasattr(command_of(words)[0], "commands"), f"{words} names only a group"
            assert not unknown_options(words)
            assert "DATA SET" in words


def test_the_command_tells_the_next_step_and_does_it(mouse, capsys):
    assert fitting_plan(mouse.dataset).name == "mouse"
    assert _run(capsys, "version", "rounds", mouse.root) == 0
    assert "version build" in capsys.readouterr().out
    assert _run(capsys, "version", "rounds", mouse.root, "--do") == 0
    assert (versions_folder(mouse.dataset.output) / "D1").is_dir()
    assert _run(capsys, "version", "rounds", mouse.root, "--plan", "house") == 2
    assert "mouse, rootlets" in capsys.readouterr().err
    assert _run(capsys, "version", "rounds", mouse.root, "--settings", "huge") == 2
    assert "no settings called 'huge'" in capsys.readouterr().err


def test_what_needs_a_person_is_not_run(tmp_path, capsys):
    world = VersionWorld(tmp_path / "dataset", 3, "gmwm")
    world.save("sub-01_T2w", 1)
    world.save("sub-02_T2w", 2)
    assert _run(capsys, "version", "rounds", world.root, "--do") == 2
    assert "2 of 5" in capsys.readouterr().err
    assert _run(capsys, "version", "rounds", world.root, "--do", "--enough") == 0
    assert (versions_folder(world.dataset.output) / "D1").is_dir()


def _run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    return ended.value.code or 0
