"""What the pages called Learn decide without a window: one job at a time, and how it ended in words."""

from types import SimpleNamespace

import pytest
from version_world import VersionWorld

from SpineGTRefineLib.engine import Progress, State
from SpineGTRefineLib.errors import CancelledError, MissingFileError, ModelError, UsageError
from SpineGTRefineLib.learning.training import settings_of
from SpineGTRefineLib.learning.training.desk import Choices, LearnDesk, Work
from SpineGTRefineLib.learning.training.overview import ModelRow
from SpineGTRefineLib.learning.versions import build_version


class Engine:
    """Takes jobs as an engine does, and ends them when the test says how."""

    def __init__(self):
        self.jobs, self.cancelled, self.is_down = [], [], False

    def submit(self, job, *, on_progress, on_end):
        self.jobs.append(job)
        self.on_progress, self.on_end = on_progress, on_end
        return f"ticket {len(self.jobs)}"

    def cancel(self, ticket):
        self.cancelled.append(ticket)

    def shutdown(self):
        self.is_down = True

    def end(self, state, result=None, error=None):
        self.on_end(SimpleNamespace(state=state, result=result, error=error))


@pytest.fixture
def world(tmp_path):
    world = VersionWorld(tmp_path / "dataset", 3)
    world.save_all()
    return world


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def desk(world, engine):
    return LearnDesk(world.dataset, lambda: engine, lambda: None)


def test_one_job_at_a_time_and_the_worker_starts_with_the_first(desk, engine):
    assert desk.work is None
    assert not engine.jobs
    desk.build("canal")
    assert desk.work == Work("Building a version of canal masks")
    with pytest.raises(UsageError, match=r"Building a version of canal masks is not done yet.*stop it"):
        desk.ship("canal_D1")
    assert [job["task"] for job in engine.jobs] == ["build"]


def test_progress_and_stop_are_shown(desk, engine):
    desk.build("canal")
    engine.on_progress(Progress("reading the masks", 0.25, eta_s=12.0, detail="sub-01_T2w"))
    assert (desk.work.stage, desk.work.part, desk.work.left_s) == ("reading the masks, sub-01_T2w", 0.25, 12.0)
    desk.stop()
    engine.on_progress(Progress("reading the masks", 0.5))
    assert desk.work.stage == "stopping"
    assert engine.cancelled == ["ticket 1"]
    engine.end(State.CANCELLED, error=CancelledError("The reading was stopped."))
    assert desk.work is None
    assert (desk.ended.level, desk.ended.text) == ("info", "The reading was stopped.")


def test_what_failed_is_said_and_the_next_job_can_be_given(desk, engine):
    desk.build("canal")
    engine.end(State.FAILED, error=ModelError("It is damaged.", "Copy it again."))
    assert (desk.ended.level, desk.ended.text, desk.ended.task) == ("error", "It is damaged. Copy it again.", "build")
    desk.ship("canal_D1")
    assert desk.ended is None
    engine.end(State.FAILED)
    assert desk.ended.text == "The worker ended without a word."


@pytest.mark.parametrize(
    ("challenge", "level", "text"),
    [
        ({"promoted": True, "champion": "old", "reason": "It gains."}, "good", "new is the champion now. It gains."),
        ({"promoted": False, "champion": "old", "reason": "No gain."}, "info", "old stays the champion. No gain."),
    ],
)
def test_a_challenge_ends_with_who_is_the_champion(desk, engine, challenge, level, text):
    desk.ship("new")
    engine.end(State.DONE, {"model": "new", "fold": "0", "challenge": challenge})
    assert (desk.ended.level, desk.ended.text) == (level, text)


def test_a_training_is_asked_for_as_the_page_chose(desk, engine, world):
    with pytest.raises(UsageError, match="No version is chosen"):
        desk.train(Choices("", "", settings_of("small")))
    build_version(world.dataset, world.kind)
    with pytest.raises(UsageError, match="For canal masks no regions are known"):
        desk.train(Choices("D1", "", settings_of("small"), "regions"))
    desk.train(Choices("D1", "demo_canal", settings_of("small"), "mirroring"))
    request = engine.jobs[-1]["request"]
    assert (request["name"], request["start"], request["settings"]["mirroring"]) == ("canal_D1", "demo_canal", True)
    card = {"Test": {"Dice": None}, "OutOfFold": {"Dice": 0.8}}
    engine.end(State.DONE, {"model": "canal_D1", "card": card, "predictions": ""})
    assert desk.ended.text == "canal_D1 is trained and installed, mean Dice 0.800."


def test_nothing_is_ranked_against_masks_that_are_not_there(desk, engine, tmp_path):
    row = ModelRow("canal_D1", "D1", None, None, is_champion=False, predictions=tmp_path / "nowhere")
    with pytest.raises(MissingFileError, match="no masks of canal_D1"):
        desk.rank("canal", row)
    assert not engine.jobs


def test_a_page_that_closes_lets_go_of_the_worker(desk, engine):
    desk.end()
    assert not engine.is_down, "it never started"
    desk.build("canal")
    desk.end()
    assert engine.is_down
    assert desk.work is None
