"""Models during a review: what they make arrives as a proposal beside the rater's mask, never in its place."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from review_world import CANAL, Inbox, ReviewWorld, canal, draw

from SpineGTRefineLib.bids import save_mask
from SpineGTRefineLib.engine import Engine, State
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import read_image
from SpineGTRefineLib.review.origin import OriginKind
from SpineGTRefineLib.review.proposals import Scope
from SpineGTRefineLib.review.worklist import Filter

WORKER = Path(__file__).parents[1] / "support" / "halving_worker.py"


@pytest.fixture
def engine():
    engine = Engine([sys.executable, WORKER])
    yield engine
    engine.shutdown()


def wait_until(condition, inbox, timeout_s=30.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        inbox.run(0.05)


def test_a_run_arrives_as_a_proposal_while_the_rater_works_on_and_is_adopted_as_one_step(world, engine):
    inbox, arrived, steps = Inbox(), [], []
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.proposal_arrived.connect(arrived.append)
    session.open_first()
    session.runs.changed.connect(lambda: steps.append(session.runs.runs[0].progress))
    session.run("canal")
    session.apply(draw(np.s_[0, 0, :], 1, "work on"))
    wait_until(lambda: arrived, inbox)
    assert any(step is not None and step.fraction > 0 for step in steps)
    assert arrived[0].warnings == ("a fake model",)
    assert session.bench.editor.undo_text == "work on", "the mask under edit was not touched"
    assert session.bench.compare(arrived[0]).changed_voxels > 0
    before = session.bench.labels().array
    session.adopt(arrived[0], Scope(axis=2, first=0, last=3))
    assert (session.bench.labels().array[:5, :, :4] == 1).all()
    assert np.array_equal(session.bench.labels().array[:, :, 4:], before[:, :, 4:])
    assert session.undo().startswith("adopt all in slices 0-3 of ")
    assert np.array_equal(session.bench.labels().array, before)
    session.redo()
    session.viewed()
    saved = session.save(insist=True)
    assert "half 1" in saved.sidecar.read_text(), "the sidecar names the model whose voxels were adopted"


def test_a_proposal_that_was_adopted_and_undone_is_no_source(world, engine):
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.open_first()
    session.run("canal")
    wait_until(lambda: session.bench.proposals, inbox)
    session.adopt(session.bench.proposals[0])
    session.undo()
    session.viewed()
    saved = session.save(insist=True)
    assert saved.status == "accepted-unchanged"
    assert "half 1" not in saved.sidecar.read_text()


def test_a_run_for_a_case_that_was_left_is_there_when_it_is_opened_again(world, engine):
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.open_first()
    here = session.item
    ticket = session.run("canal")
    session.open_next()
    assert ticket.wait(30)
    time.sleep(0.1)
    inbox.run(0.5)
    assert session.bench.proposals == []
    session.open(here)
    assert any(version.title.startswith("proposal") for version in session.versions())


def test_a_failed_run_is_told_with_its_remedy_and_a_cancelled_one_is_not(world, engine):
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.open_first()
    session.run("canal", fail=True)
    wait_until(lambda: session.notices, inbox)
    assert "Take a longer one." in session.notices[0]
    ticket = session.run("canal", seconds=0.5)
    session.cancel(ticket)
    assert ticket.wait(30)
    time.sleep(0.1)
    inbox.run(0.5)
    assert len(session.notices) == 1
    assert session.bench.proposals == []


def test_models_of_the_next_cases_run_ahead_where_there_is_no_mask_yet(tmp_path, engine):
    world = ReviewWorld(tmp_path / "data", cases=3, lab=())
    first, second, _ = world.dataset().cases()
    save_mask(world.dataset(), first, CANAL, canal(), image=read_image(first.image))
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox, recipes={"canal": "canal"})
    session.open_first()
    path = session.dataset.mask_path(second, CANAL)
    wait_until(path.is_file, inbox)
    assert session.bench.proposals == []
    session.open_next()
    assert session.origin.kind is OriginKind.PROPOSAL
    world.close()


def test_without_a_worker_the_review_goes_on_and_asking_for_a_model_says_what_to_do(world):
    session = world.session(mask_types=(CANAL,), recipes={"canal": "canal"})
    session.open_first()
    with pytest.raises(UsageError, match="doctor"):
        session.run("canal")


def test_an_unknown_recipe_is_refused_before_anything_is_queued(world, engine):
    session = world.session(mask_types=(CANAL,), engine=engine)
    session.open_first()
    with pytest.raises(UsageError, match="recipe"):
        session.run("no such recipe")
    assert engine.waiting == 0


def test_a_recipe_runs_on_every_case_of_the_list_once_and_the_queue_says_how_far_it_is(world, engine):
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.open_first()
    session.run("canal")
    assert session.run_all("canal") == 3
    keys = [run.item.case.key for run in session.runs.runs]
    assert keys == ["sub-01_T2w", "sub-02_T2w", "sub-03_T2w"], "what waits already is not queued twice"
    wait_until(lambda: not session.runs.unfinished, inbox)
    assert {run.state for run in session.runs.runs} == {State.DONE}
    wait_until(lambda: session.bench.proposals, inbox)
    session.worklist.refresh()


def test_a_list_is_narrowed_by_its_filter_before_it_is_queued(world, engine):
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=Inbox())
    session.worklist.filter = Filter(text="sub-02")
    assert session.run_all("canal") == 1


def test_all_runs_can_be_cancelled_and_one_can_be_taken_out(world, engine):
    inbox = Inbox()
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=inbox)
    session.open_first()
    session.run_all("canal")
    last = session.runs.runs[-1]
    session.cancel(last.ticket)
    wait_until(lambda: last.has_ended, inbox)
    assert last.state is State.CANCELLED
    session.cancel_all()
    wait_until(lambda: not session.runs.unfinished, inbox)
    assert State.FAILED not in {run.state for run in session.runs.runs}


def test_ending_the_session_ends_its_runs(world, engine):
    session = world.session(mask_types=(CANAL,), engine=engine, deliver=Inbox())
    session.open_first()
    session.run_all("canal")
    runs = session.runs.runs
    session.end()
    assert all(run.ticket.wait(30) for run in runs)


def test_a_mask_of_another_kind_is_announced_and_not_mixed_into_the_open_one(world, engine):
    inbox = Inbox()
    session = world.session(engine=engine, deliver=inbox)
    session.open_first()
    session.run("canal")
    wait_until(lambda: any("canal mask was proposed" in text for text in session.notices), inbox)
    assert session.bench.proposals == []
