"""Child processes: clean environment, lines, and an end that takes the whole tree along."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest
from slicer_environment import polluted_environment

from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.process import ChildProcess, clean_environment, run_to_end


class Recorder:
    """Collects what a child says."""

    def __init__(self):
        self.lines = []
        self.exit = None
        self.ended = threading.Event()
        self.said = threading.Event()

    def on_line(self, line):
        self.lines.append(line)
        self.said.set()

    def on_exit(self, report):
        self.exit = report
        self.ended.set()


def start(code: str, recorder: Recorder, **options) -> ChildProcess:
    return ChildProcess(
        [sys.executable, "-c", code],
        environment=options.pop("environment", clean_environment()),
        on_line=recorder.on_line,
        on_exit=recorder.on_exit,
        **options,
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie still has a pid; its state tells.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until(condition, timeout_s=10.0):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_worker_starts_from_an_environment_polluted_like_slicers(tmp_path):
    home = tmp_path / "Slicer-5.12"
    recorder = Recorder()
    code = "import os, json; print('PYTHONHOME' in os.environ, 'LD_LIBRARY_PATH' in os.environ, os.environ['PATH'])"
    start(code, recorder, environment=clean_environment(polluted_environment(home)))
    assert recorder.ended.wait(20)
    assert recorder.exit.code == 0, recorder.exit.log
    assert recorder.lines[0].startswith("False False")
    assert str(home) not in recorder.lines[0]


def test_the_polluted_environment_itself_would_have_failed(tmp_path):
    """What the clean environment protects from is real."""
    recorder = Recorder()
    start("print('up')", recorder, environment={**os.environ, "PYTHONHOME": str(tmp_path)})
    assert recorder.ended.wait(20)
    assert recorder.exit.code != 0


def test_lines_arrive_in_order_and_the_last_one_without_an_end_too():
    recorder = Recorder()
    start("import sys; [print(i) for i in range(1000)]; sys.stdout.write('last')", recorder)
    assert recorder.ended.wait(20)
    assert recorder.lines == [str(i) for i in range(1000)] + ["last"]


def test_of_a_progress_bar_only_the_last_state_of_a_line_is_kept():
    recorder = Recorder()
    start(r"import sys; sys.stdout.write('10 %\r50 %\r100 %\n')", recorder)
    assert recorder.ended.wait(20)
    assert recorder.lines == ["100 %"]


def test_the_child_hears_what_we_send():
    recorder = Recorder()
    child = start("import sys\nfor line in sys.stdin: print('heard', line.strip())", recorder)
    child.send("ä")
    assert recorder.said.wait(20)
    assert recorder.lines == ["heard ä"]
    child.kill()
    assert recorder.ended.wait(20)


def test_the_last_log_lines_explain_a_failure():
    recorder = Recorder()
    start("import sys\nfor i in range(5000): print('line', i, file=sys.stderr)\nraise SystemExit(7)", recorder)
    assert recorder.ended.wait(20)
    assert recorder.exit.code == 7
    assert len(recorder.exit.log) == 200
    assert recorder.exit.log[-1] == "line 4999"


@pytest.mark.skipif(sys.platform == "win32", reason="reads process states from POSIX")
def test_killing_takes_the_grandchildren_along():
    recorder = Recorder()
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(p.pid, flush=True)\ntime.sleep(600)"
    )
    child = start(code, recorder)
    assert recorder.said.wait(20)
    grandchild = int(recorder.lines[0])
    assert is_alive(grandchild)
    child.kill()
    assert recorder.ended.wait(10)
    assert wait_until(lambda: not is_alive(grandchild))
    assert not is_alive(child.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="reads process states from POSIX")
def test_ctrl_c_ends_the_child_that_is_waited_for_and_what_it_started():
    code = (
        "import os, subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(os.getpid(), p.pid, flush=True)\ntime.sleep(600)"
    )
    lines = []

    def press_once_it_runs():
        if lines:
            raise KeyboardInterrupt

    command = [sys.executable, "-c", code]
    with pytest.raises(KeyboardInterrupt):
        run_to_end(command, environment=clean_environment(), on_line=lines.append, meanwhile=press_once_it_runs)
    assert wait_until(lambda: not any(is_alive(int(pid)) for pid in lines[0].split()))


def test_sending_to_a_dead_child_is_no_error():
    recorder = Recorder()
    child = start("pass", recorder)
    assert recorder.ended.wait(20)
    child.send("anybody there?")
    child.kill()
    assert child.join(5)


def test_a_program_that_is_not_there_is_a_clear_error(tmp_path):
    with pytest.raises(UsageError, match="could not be started"):
        ChildProcess([tmp_path / "no-python"], environment={}, on_line=lambda line: None, on_exit=lambda report: None)
