"""The worker: nothing lost, nothing run twice, cancel works, nobody waits for it, nothing outlives us."""

import os
import queue
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from SpineGTRefineLib.engine import Engine, State
from SpineGTRefineLib.errors import CancelledError

FAKE = Path(__file__).parents[1] / "support" / "fake_worker.py"


@pytest.fixture
def start():
    engines = []

    def make(*arguments, **options) -> Engine:
        engines.append(Engine([sys.executable, FAKE, *arguments], **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.shutdown()


def is_running(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(tickets, timeout_s=30):
    end = time.monotonic() + timeout_s
    for ticket in tickets:
        assert ticket.wait(max(0.1, end - time.monotonic())), f"job {ticket.job} did not end: {ticket.state}"


def wait_until_running(ticket, timeout_s=30):
    end = time.monotonic() + timeout_s
    while ticket.state is not State.RUNNING:
        assert not ticket.wait(0.01), f"the job ended: {ticket.error}"
        assert time.monotonic() < end, "the job did not begin"


def test_a_job_returns_its_result_with_progress_on_the_way(start):
    seen = []
    ticket = start().submit({"number": 21, "tiles": 4}, on_progress=seen.append)
    wait_for([ticket])
    assert ticket.state is State.DONE
    assert ticket.result["answer"] == 42
    assert [(p.tile, p.tiles) for p in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert seen[-1].fraction == 1.0


def test_the_second_case_uses_the_same_warm_worker(start):
    engine = start()
    tickets = [engine.submit({}) for _ in range(5)]
    wait_for(tickets)
    assert len({t.result["pid"] for t in tickets}) == 1


def test_the_case_on_screen_goes_first(start, tmp_path):
    engine, diary = start(), tmp_path / "diary"
    batch = [engine.submit({"name": f"batch{i}", "diary": str(diary), "tile_s": 0.05}) for i in range(6)]
    urgent = engine.submit({"name": "screen", "diary": str(diary)}, priority=10)
    wait_for([*batch, urgent])
    assert diary.read_text().split().index("screen") <= 2


@pytest.mark.parametrize("stage", ["prepare", "compute", "finish"])
def test_a_worker_killed_at_any_stage_loses_nothing_and_runs_nothing_twice(start, tmp_path, stage):
    engine, diary = start(), tmp_path / "diary"
    tickets = []
    for i in range(8):
        job = {"name": str(i), "diary": str(diary)}
        if i == 3:
            job |= {"fault": "kill", "at": stage, "once": str(tmp_path / "once")}
        tickets.append(engine.submit(job))
    wait_for(tickets)
    assert [t.state for t in tickets] == [State.DONE] * 8
    assert Counter(diary.read_text().split()) == Counter({str(i): 1 for i in range(8)})


def test_a_case_that_always_kills_the_worker_fails_alone_with_the_log(start):
    engine = start()
    poison = engine.submit({"fault": "kill", "at": "compute"})
    others = [engine.submit({"number": i}) for i in range(4)]
    wait_for([poison, *others])
    assert poison.state is State.FAILED
    assert "Two workers died" in poison.error.cause
    assert poison.error.remedy
    assert all(t.state is State.DONE for t in others)


@pytest.mark.slow
def test_a_worker_that_hangs_is_ended_and_the_rest_goes_on(start):
    engine = start(hang_timeout_s=0.7)
    hung = engine.submit({"fault": "hang", "at": "compute"})
    after = engine.submit({"number": 1})
    wait_for([hung, after])
    assert hung.state is State.FAILED
    assert after.state is State.DONE


@pytest.mark.parametrize(
    ("fault", "kind"), [("memory", "MemoryError"), ("refuse", "LabelError"), ("crash", "ZeroDivisionError")]
)
@pytest.mark.parametrize("stage", ["prepare", "compute", "finish"])
def test_an_error_in_a_job_is_told_and_the_worker_lives_on(start, fault, kind, stage):
    engine = start()
    bad, good = engine.submit({"fault": fault, "at": stage}), engine.submit({})
    wait_for([bad, good])
    assert bad.state is State.FAILED
    assert bad.error.kind == kind
    assert bad.error.cause
    assert bad.error.remedy
    assert good.state is State.DONE


def test_where_an_unexpected_error_arose_is_in_the_log(start):
    log = []
    wait_for([start(on_log=log.append).submit({"fault": "crash", "at": "compute"})])
    assert any("fake_worker.py" in line and "ZeroDivisionError" in line for line in log)


def test_garbage_on_standard_output_does_not_disturb(start):
    log = []
    engine = start(on_log=log.append)
    tickets = [engine.submit({"fault": "garbage", "at": "compute", "number": i}) for i in range(3)]
    wait_for(tickets)
    assert [t.result["answer"] for t in tickets] == [0, 2, 4]
    assert any("not a message" in line for line in log)


def test_a_worker_of_another_version_is_refused_with_the_reason(start):
    ticket = start("--other-version").submit({})
    wait_for([ticket])
    assert ticket.state is State.FAILED
    assert "another version" in ticket.error.cause


def test_a_worker_that_cannot_start_says_why(start):
    ticket = start("--broken").submit({})
    wait_for([ticket])
    assert ticket.state is State.FAILED
    assert "No module named torch" in ticket.error.cause
    assert "env check" in ticket.error.remedy


def test_a_worker_that_never_says_hello_is_given_up(start):
    ticket = start("--silent", hello_timeout_s=0.5).submit({})
    wait_for([ticket])
    assert ticket.state is State.FAILED


def test_cancel_takes_effect_within_one_tile(start):
    log = []
    engine = start(on_log=log.append)
    running = engine.submit({"tiles": 1000, "tile_s": 0.5})
    wait_until_running(running)
    begun = len(log)
    engine.cancel(running)
    wait_for([running])
    assert len(log) - begun <= 2  # counted, not timed: the machine may be busy
    assert running.state is State.CANCELLED
    assert isinstance(running.error, CancelledError)
    after = engine.submit({"number": 3})
    wait_for([after])
    assert after.result["answer"] == 6


def test_a_job_that_does_not_let_go_is_ended_with_its_worker(start):
    engine = start(cancel_grace_s=0.3)
    deaf = engine.submit({"tile_s": 3600})
    wait_until_running(deaf)
    behind = engine.submit({"number": 5})
    engine.cancel(deaf)
    wait_for([deaf, behind])
    assert deaf.state is State.CANCELLED
    assert behind.result["answer"] == 10


@pytest.mark.slow
def test_a_storm_of_cancels_over_two_hundred_jobs(start, tmp_path):
    engine, diary, chance = start(), tmp_path / "diary", random.Random(7)
    ends = Counter()
    tickets = [
        engine.submit(
            {"name": str(i), "diary": str(diary), "tiles": 3, "tile_s": 0.002},
            priority=chance.randrange(3),
            on_end=lambda ticket: ends.update([ticket.number]),
        )
        for i in range(200)
    ]
    storms = [
        threading.Thread(target=lambda part: [engine.cancel(t) for t in part], args=(tickets[k::4],)) for k in range(2)
    ]
    for storm in storms:
        storm.start()
    wait_for(tickets, 60)
    done = [t for t in tickets if t.state is State.DONE]
    assert {t.state for t in tickets} <= {State.DONE, State.CANCELLED}
    assert len(done) >= 100  # half of them were never cancelled
    assert all(count == 1 for count in ends.values())
    assert len(ends) == 200
    written = Counter(diary.read_text().split())
    assert max(written.values()) == 1
    assert {t.job["name"] for t in done} <= set(written)


def test_jobs_that_kill_the_worker_while_it_reads_ahead_are_told_from_the_innocent(start):
    engine = start()
    innocent = [engine.submit({"number": i, "tiles": 3, "tile_s": 0.02}) for i in range(3)]
    poison = engine.submit({"fault": "kill", "at": "prepare"})
    behind = [engine.submit({"number": i}) for i in range(3)]
    wait_for([*innocent, poison, *behind])
    assert poison.state is State.FAILED
    assert {t.state for t in (*innocent, *behind)} == {State.DONE}


def test_a_callback_that_fails_or_takes_long_does_not_hold_the_jobs_up(start):
    def fail(_progress):
        raise RuntimeError("a defect of the caller")

    engine = start()
    tickets = [engine.submit({"number": i}, on_progress=fail) for i in range(3)]
    wait_for(tickets)
    assert [t.result["answer"] for t in tickets] == [0, 2, 4]


def test_shutdown_leaves_no_process_behind(start):
    engine = start()
    ticket = engine.submit({})
    wait_for([ticket])
    late = engine.submit({"tile_s": 3600})
    engine.shutdown()
    assert late.state is State.CANCELLED
    assert not is_running(ticket.result["pid"])


@pytest.mark.skipif(sys.platform == "win32", reason="kills its parent with a POSIX signal")
def test_the_worker_ends_when_its_caller_is_killed(tmp_path):
    import subprocess

    code = (
        "import sys, time\nfrom SpineGTRefineLib.engine import Engine\n"
        f"engine = Engine([sys.executable, {str(FAKE)!r}])\n"
        "ticket = engine.submit({}); ticket.wait(30); print(ticket.result['pid'], flush=True)\n"
        "engine.submit({'tile_s': 3600}); time.sleep(3600)"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(FAKE.parents[2])},
    )
    worker = int(caller.stdout.readline())
    caller.kill()
    caller.wait()
    end = time.monotonic() + 10
    while is_running(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_running(worker)


def test_an_idle_worker_gives_its_models_back(start):
    engine, answers = start(), queue.Queue()
    wait_for([engine.submit({})])
    end = time.monotonic() + 20
    loaded = 1
    while loaded and time.monotonic() < end:
        time.sleep(0.1)
        assert engine.ask_status(answers.put)
        loaded = answers.get(timeout=5)["loaded"]
    assert loaded == 0


def test_a_gui_loop_is_never_held_up(start):
    """Callbacks arrive on the caller's own thread, and no call of the engine takes longer than a frame."""
    # What we do takes as long each time; what a busy machine adds does not.
    assert any(_longest_hold(start) < 0.05 for _ in range(3))


def _longest_hold(start):
    inbox, longest, ended = queue.SimpleQueue(), 0.0, []
    engine = start(deliver=inbox.put)
    threads = set()
    begin = time.monotonic()
    for i in range(10):
        tick = time.monotonic()
        engine.submit(
            {"number": i, "tiles": 5, "tile_s": 0.005},
            on_progress=lambda progress: threads.add(threading.get_ident()),
            on_end=ended.append,
        )
        longest = max(longest, time.monotonic() - tick)
    while len(ended) < 10 and time.monotonic() - begin < 30:
        tick = time.monotonic()
        while not inbox.empty():
            inbox.get()()
        longest = max(longest, time.monotonic() - tick)
        time.sleep(0.005)
    assert len(ended) == 10
    assert threads == {threading.get_ident()}
    return longest
