"""A recipe over many cases on Dask: every case once, whatever dies on the way, and the same files as without it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tiny_dataset import write_tiny_dataset

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.bids.events import read_events
from SpineGTRefineLib.engine import Engine
from SpineGTRefineLib.engine.batch import run_jobs
from SpineGTRefineLib.engine.recipe_jobs import recipe_job
from SpineGTRefineLib.errors import WorkerError

pytest.importorskip("distributed", reason="Dask (the extra `batch`) is not installed")

from SpineGTRefineLib.engine.cluster import local_cluster, run_on_cluster

SUPPORT = Path(__file__).resolve().parents[1] / "support"
WORKER = [sys.executable, str(SUPPORT / "threshold_worker.py")]
DRIVER = SUPPORT / "cluster_driver.py"


def jobs_of(root, output, **fields):
    dataset = Dataset.open(root, output)
    return [recipe_job(dataset, case, "canal", model="threshold", **fields) for case in dataset.cases()]


def masks(output):
    return {path.name: path.read_bytes() for path in sorted(output.rglob("*.nii.gz"))}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_tiny_dataset(tmp_path_factory.mktemp("data"), 24)


@pytest.fixture(scope="module")
def inline(root, tmp_path_factory):
    """What one worker without Dask makes of the dataset."""
    output = tmp_path_factory.mktemp("inline")
    engine = Engine(WORKER)
    assert [o["error"] for o in run_jobs(engine, jobs_of(root, output)) if not o["succeeded"]] == []
    engine.shutdown()
    return masks(output)


@pytest.fixture(scope="module")
def address():
    with local_cluster(2) as address:
        yield address


def saved_in(output):
    """The cases of which a mask was saved, by the journal that is part of each save."""
    return {event.case for event in read_events(output)}


def diary_of(tmp_path):
    path = tmp_path / "diary"
    return path, lambda: path.read_text().split() if path.exists() else []


@pytest.mark.slow
def test_every_case_is_done_once_and_the_masks_are_those_of_one_worker(root, inline, address, tmp_path):
    path, diary = diary_of(tmp_path)
    jobs = jobs_of(root, tmp_path / "out", diary=str(path))
    outcomes = list(run_on_cluster(address, jobs, command=WORKER))
    assert [outcome["error"] for outcome in outcomes if not outcome["succeeded"]] == []
    assert sorted(diary()) == sorted(job["case"] for job in jobs) == sorted(o["case"] for o in outcomes)
    assert masks(tmp_path / "out") == inline


@pytest.mark.slow
def test_what_is_done_is_not_done_again(root, address, tmp_path):
    jobs = jobs_of(root, tmp_path / "out")
    list(run_on_cluster(address, jobs[:10], command=WORKER))
    again = {outcome["case"]: outcome["skipped"] for outcome in run_on_cluster(address, jobs, command=WORKER)}
    assert [again[job["case"]] for job in jobs] == [True] * 10 + [False] * 14


@pytest.mark.slow
def test_a_second_command_on_the_same_scheduler_ends_nothing_of_the_first(root, address, tmp_path):
    path, diary = diary_of(tmp_path)
    slow = {"fault": "hang", "seconds": 2, "at": "compute", "diary": str(path)}
    jobs, outcomes = [job | slow for job in jobs_of(root, tmp_path / "first")[:6]], []
    first = threading.Thread(target=lambda: outcomes.extend(run_on_cluster(address, jobs, command=WORKER)))
    first.start()
    while not diary():
        time.sleep(0.1)
    list(run_on_cluster(address, jobs_of(root, tmp_path / "second")[:2], command=WORKER))
    first.join()
    assert len(outcomes) == len(jobs)
    assert [outcome["error"] for outcome in outcomes if not outcome["succeeded"]] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill", "crash"])
def test_a_case_that_kills_its_worker_or_fails_does_so_alone(root, address, tmp_path, kind):
    jobs = jobs_of(root, tmp_path / "out")
    jobs[7] |= {"fault": kind, "at": "compute"}
    outcomes = {outcome["case"]: outcome for outcome in run_on_cluster(address, jobs, command=WORKER)}
    assert [case for case, outcome in outcomes.items() if not outcome["succeeded"]] == [jobs[7]["case"]]
    assert outcomes[jobs[7]["case"]]["error"]["cause"]
    assert len(masks(tmp_path / "out")) == len(jobs) - 1


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_takes_no_case_with_it(root, inline, address, tmp_path):
    jobs, outcomes = jobs_of(root, tmp_path / "out"), []
    for outcome in run_on_cluster(address, jobs, command=WORKER):
        if len(outcomes) == 5:
            os.kill(_dask_workers(address)[0], signal.SIGKILL)
        outcomes.append(outcome)
    assert [outcome["error"] for outcome in outcomes if not outcome["succeeded"]] == []
    assert sorted(outcome["case"] for outcome in outcomes) == sorted(saved_in(tmp_path / "out"))
    assert masks(tmp_path / "out") == inline


def _dask_workers(address):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


class Cluster:
    """A scheduler and a worker as a lab starts them: programs of their own at a fixed address."""

    def __init__(self, port):
        self.address = f"tcp://127.0.0.1:{port}"
        run = lambda *words: subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]])  # noqa: E731
        self.scheduler = run("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self.worker = run("worker", self.address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "5")

    def kill(self):
        for process in (self.scheduler, self.worker):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_scheduler_that_is_started_anew_gets_the_rest(root, inline, tmp_path):
    jobs = jobs_of(root, tmp_path / "out")
    clusters = [Cluster(port := 18000 + os.getpid() % 2000)]

    def restart():
        clusters[0].kill()
        clusters.append(Cluster(port))

    outcomes = []
    try:
        for outcome in run_on_cluster(clusters[0].address, jobs, command=WORKER):
            outcomes.append(outcome)
            if len(outcomes) == 5:
                restarting = threading.Thread(target=restart)
                restarting.start()
    finally:
        restarting.join()
        clusters[-1].kill()
    assert sorted(outcome["case"] for outcome in outcomes) == sorted(job["case"] for job in jobs)
    assert [outcome["error"] for outcome in outcomes if not outcome["succeeded"]] == []
    assert saved_in(tmp_path / "out") == {job["case"] for job in jobs}
    assert masks(tmp_path / "out") == inline


@pytest.mark.slow
def test_a_command_that_was_killed_is_continued_by_the_same_command(root, inline, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, str(DRIVER), str(root), str(out), *WORKER]
    driver = subprocess.Popen(command)
    until(lambda: len(saved_in(out)) >= 4)
    driver.kill()
    driver.wait()
    assert len(saved_in(out)) < 24
    subprocess.run(command, check=True)
    assert saved_in(out) == {f"sub-{number:04d}_T2w" for number in range(24)}
    assert masks(out) == inline


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_an_address_where_no_scheduler_is_says_so(root, tmp_path):
    with pytest.raises(WorkerError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9") as caught:
        list(run_on_cluster("tcp://127.0.0.1:9", jobs_of(root, tmp_path), command=WORKER, patience_s=0.5))
    assert "--workers" in caught.value.remedy
