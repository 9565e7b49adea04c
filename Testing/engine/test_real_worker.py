"""The worker with a real network: from a polluted environment to a proposal, killed, cancelled, and not growing."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from needs import needs_nnunet
from slicer_environment import polluted_environment

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.engine import Engine, State, worker_command
from SpineGTRefineLib.engine.batch import run_jobs
from SpineGTRefineLib.engine.recipe_jobs import recipe_job
from SpineGTRefineLib.imaging import Geometry, Image, read_image, read_labels, write_image
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.models.installed import FOLDER_VARIABLE
from SpineGTRefineLib.process import clean_environment

pytestmark = [
    needs_nnunet,
    pytest.mark.slow,
]
REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = (24, 24, 16)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of models with one small network."""
    from tiny_models import make_model

    folder = tmp_path_factory.mktemp("models")
    made = make_model(folder / "made" / "nnUNetTrainer__nnUNetPlans__3d_fullres", labels={"background": 0, "canal": 1})
    ModelStore(folder / "store").install_own(made, name="small", scheme="canal")
    return folder / "store"


@pytest.fixture
def engine(models, tmp_path):
    """An engine whose worker starts from an environment like that inside Slicer."""
    polluted = polluted_environment(tmp_path / "Slicer") | {FOLDER_VARIABLE: str(models)}
    made = Engine(worker_command(sys.executable), environment=clean_environment(polluted))
    yield made
    made.shutdown()


def dataset_of(root, count, shape=SMALL):
    for number in range(1, count + 1):
        path = root / f"sub-{number:03}" / "anat" / f"sub-{number:03}_T2w.nii.gz"
        path.parent.mkdir(parents=True)
        array = np.random.default_rng(number).integers(0, 500, shape).astype(np.int16)
        write_image(path, Image(array, Geometry(shape, np.diag([0.8, 0.8, 1.3, 1.0]))))
    return Dataset.open(root)


def jobs_of(dataset, **settings):
    return [recipe_job(dataset, case, "canal", model="small", device="cpu", **settings) for case in dataset]


def pid_of(engine):
    return engine._connection._child.pid


def test_from_a_polluted_environment_to_proposals_on_the_images_own_grids(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 3)
    seen = []
    outcomes = list(run_jobs(engine, jobs_of(dataset), lambda key, progress: seen.append((key, progress))))
    assert [outcome["succeeded"] for outcome in outcomes] == [True] * 3
    for outcome in outcomes:
        saved = read_labels(Path(outcome["mask"]), scheme("canal"))
        assert saved.geometry.matches(read_image(dataset.case(outcome["case"]).image).geometry)
    tiles = [(p.tile, p.tiles) for key, p in seen if key == outcomes[0]["case"] and p.tile]
    total = outcomes[0]["plan"]["tiles"]
    assert (1, total) in tiles
    assert (total, total) in tiles
    assert any("tiles on cpu" in progress.stage for _, progress in seen)
    assert [outcome["skipped"] for outcome in run_jobs(engine, jobs_of(dataset))] == [True] * 3


def test_after_the_first_case_the_plan_is_measured_for_its_mode(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 2)
    first, second = run_jobs(engine, jobs_of(dataset))
    assert not first["plan"]["measured"]
    assert second["plan"]["measured"]
    fast = list(run_jobs(engine, jobs_of(dataset, mode="fast", again=True)))
    assert [outcome["plan"]["measured"] for outcome in fast] == [False, True]


def test_the_time_of_a_case_leaves_out_its_waiting_for_the_others(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 5, (40, 40, 30))
    begin = time.monotonic()
    outcomes = list(run_jobs(engine, jobs_of(dataset)))
    assert 0 < sum(outcome["seconds"] for outcome in outcomes) < 1.2 * (time.monotonic() - begin)


def test_one_bad_image_fails_alone_and_says_why(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 3)
    bad = dataset.cases()[1].image
    bad.write_bytes(bad.read_bytes()[:-40])
    outcomes = {outcome["case"]: outcome for outcome in run_jobs(engine, jobs_of(dataset))}
    assert sum(outcome["succeeded"] for outcome in outcomes.values()) == 2
    error = outcomes["sub-002_T2w"]["error"]
    assert error["class"] == "CorruptFileError"
    assert error["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_a_worker_killed_in_the_middle_of_a_case_loses_nothing(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 3, (40, 40, 30))
    killed = []

    def kill_once(_key, progress):
        if progress.tile and not killed:
            killed.append(pid_of(engine))
            os.kill(killed[0], signal.SIGKILL)

    outcomes = list(run_jobs(engine, jobs_of(dataset), kill_once))
    assert killed
    assert [outcome["succeeded"] for outcome in outcomes] == [True] * 3
    assert len(list(dataset.output.rglob("*_mask.nii.gz"))) == 3
    assert pid_of(engine) != killed[0]


def test_cancel_takes_effect_within_one_tile_and_the_worker_stays_warm(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 2, (60, 60, 40))
    times, first_tile = [], []

    def note(progress):
        if progress.tile:
            times.append(time.monotonic())
            first_tile.append(pid_of(engine))

    running, after = jobs_of(dataset)
    ticket = engine.submit(running, on_progress=note)
    while len(times) < 3:
        assert not ticket.wait(0.01)
    cancelled = time.monotonic()
    engine.cancel(ticket)
    assert ticket.wait(30)
    tile_s = max(later - earlier for earlier, later in itertools.pairwise(times))
    assert ticket.state is State.CANCELLED
    assert time.monotonic() - cancelled < max(3 * tile_s, 3.0)  # the machine may be busy
    assert not list(dataset.output.rglob("*_mask.nii.gz"))
    assert next(iter(run_jobs(engine, [after])))["succeeded"]
    assert pid_of(engine) == first_tile[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="sends a POSIX signal, and looks for processes in /proc")
def test_ctrl_c_ends_the_command_and_leaves_no_process(models, tmp_path):
    dataset_of(tmp_path / "ds", 5, (60, 60, 40))
    marker = str(tmp_path)
    command = [sys.executable, "-m", "SpineGTRefineLib", "run", str(tmp_path / "ds"), "--recipe", "canal"]
    environment = os.environ | {FOLDER_VARIABLE: str(models), "PYTHONPATH": str(REPOSITORY), "RUN_MARKER": marker}
    run = subprocess.Popen(
        [*command, "--model", "small", "--device", "cpu"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has its children ignore Ctrl+C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    end = time.monotonic() + 60
    while len(_processes(marker)) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(_processes(marker)) == 2
    time.sleep(1.0)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "stopped" in err
    assert not _processes(marker)


def _processes(marker):
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"RUN_MARKER={marker}".encode() in place.read_bytes():
                found.append(place.parent.name)
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads memory from /proc")
def test_memory_stays_flat_over_two_hundred_small_cases(engine, tmp_path):
    dataset = dataset_of(tmp_path / "ds", 20)
    resident = []

    def measure():
        status = Path(f"/proc/{pid_of(engine)}/status").read_text()
        resident.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)

    for _ in range(10):
        assert all(outcome["succeeded"] for outcome in run_jobs(engine, jobs_of(dataset, again=True)))
        measure()
    # The first rounds fill caches and the allocator's pools.
    growth_mb = resident[-1] - resident[2]
    assert growth_mb < 20, f"resident memory in MB after every 20 cases: {[round(size) for size in resident]}"
