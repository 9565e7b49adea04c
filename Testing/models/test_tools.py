"""Tools of others: one log, one line of error, no process left behind, and no checkpoint that was not looked at."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_tools import TOTALSPINESEG, is_running, make_tool

from SpineGTRefineLib.errors import (
    CancelledError,
    MissingDependencyError,
    ModelNotInstalledError,
    ToolError,
    UnsafeModelError,
)
from SpineGTRefineLib.models.tools import totalsegmentator
from SpineGTRefineLib.models.tools.job import ToolJob, bids_stem
from SpineGTRefineLib.models.tools.program import find_tool, run_tool, tool_names
from SpineGTRefineLib.models.tools.spineps import spineps_arguments
from SpineGTRefineLib.models.tools.totalspineseg import run_totalspineseg

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for tools are POSIX scripts")
REPOSITORY = Path(__file__).resolve().parents[2]

FOREVER = """
import pathlib, subprocess, sys, time, os
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""
"""A tool that starts a helper and never ends."""


class Evil:
    """Leaves a file behind when it is unpickled the careless way."""

    def __reduce__(self):
        return os.system, ("touch pwned",)


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def pids_in(path):
    assert wait_for(lambda: path.exists() and len(path.read_text().split()) == 2)
    return [int(pid) for pid in path.read_text().split()]


def test_what_a_tool_writes_is_in_one_log_and_its_stages_are_the_progress(tmp_path):
    script = (
        "import sys, time\nprint('Step one:')\nprint('odd', file=sys.stderr)\n"
        "time.sleep(0.5)\nprint('\\033[92mStep two:\\033[0m')"
    )
    tool = make_tool(tmp_path, "totalspineseg", script)
    told = []
    run_tool(tool, ["a b"], tmp_path / "log.txt", stages=("Step one", "Step two"), progress=lambda *a: told.append(a))
    log = (tmp_path / "log.txt").read_text()
    assert log.splitlines()[0] == f"$ {tool.path} a b"
    assert {"Step one:", "odd", "Step two:"} <= set(log.splitlines())
    assert (pytest.approx(1 / 3), "Step one") in told


def test_a_tool_that_fails_says_why_in_one_line_and_where_its_log_is(tmp_path):
    tool = make_tool(tmp_path, "totalspineseg", "print('well')\nraise ValueError('no disc in view')")
    with pytest.raises(ToolError, match="TotalSpineSeg failed: ValueError: no disc in view") as caught:
        run_tool(tool, [], tmp_path / "log.txt")
    assert str(tmp_path / "log.txt") in caught.value.remedy
    assert "Traceback" in (tmp_path / "log.txt").read_text()


def test_a_cancelled_tool_leaves_no_process_behind(tmp_path):
    tool, marks = make_tool(tmp_path, "spineps", FOREVER), tmp_path / "pids"
    with pytest.raises(CancelledError):
        run_tool(tool, [marks], tmp_path / "log.txt", cancel=marks.exists)
    assert wait_for(lambda: not any(map(is_running, pids_in(marks))))


@pytest.mark.slow
def test_a_tool_ends_when_the_program_that_runs_it_is_killed(tmp_path):
    tool, marks = make_tool(tmp_path, "spineps", FOREVER), tmp_path / "pids"
    script = f"""
from pathlib import Path
from SpineGTRefineLib.models.tools.program import ToolProgram, run_tool
tool = ToolProgram("spineps", "SPINEPS", Path({str(tool.python)!r}), "2.1.3")
run_tool(tool, [{str(marks)!r}], Path({str(tmp_path / "log.txt")!r}))
"""
    driver = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY)
    pids = pids_in(marks)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert wait_for(lambda: not any(map(is_running, pids)))


def test_both_command_lines_of_spineps_are_spoken():
    models = {"semantic": Path("S"), "instance": Path("I")}
    old = spineps_arguments((1, 3, 0), Path("sub-1_T2w.nii.gz"), models, "cpu")
    assert old == [
        "sample", "-model_semantic", "S", "-model_instance", "I", "-der_name", "spineps",
        "-ignore_inference_compatibility", "-cpu", "-input", "sub-1_T2w.nii.gz",
    ]  # fmt: skip
    new = spineps_arguments((2, 1, 3), Path("sub-1_T2w.nii.gz"), {**models, "labeling": Path("L")})
    assert new == [
        "sample", "--model-semantic", "S", "--model-instance", "I", "--model-labeling", "L", "--derivative-name",
        "spineps", "--ignore-inference-compatibility", "--input", "sub-1_T2w.nii.gz",
    ]  # fmt: skip
    assert "none" in spineps_arguments((2, 1, 3), Path("x"), models)
    with pytest.raises(MissingDependencyError, match=r"SPINEPS 1.3.0 cannot name vertebrae"):
        spineps_arguments((1, 3, 0), Path("x"), {**models, "labeling": Path("L")})


def test_any_file_name_becomes_one_that_the_tools_take(tmp_path):
    assert bids_stem("sub-01_ses-M0_acq-sag_T2w") == "sub-01_ses-M0_acq-sag_T2w"
    assert bids_stem("my scan.2") == "sub-myscan2_T2w"
    tool = make_tool(tmp_path, "spineps", "")
    stems = {ToolJob(tool, Path(name), tmp_path).stem for name in ("scan.1.nii.gz", "scan.2.nii.gz", "scan.2.nii")}
    assert stems == {"sub-scan1_T2w", "sub-scan2_T2w"}, "masks of two images must not have one name"


def test_a_tool_that_is_not_there_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SPINEGTREFINE_ENVIRONMENTS", str(tmp_path))
    for name in tool_names():
        monkeypatch.delenv(f"SPINEGTREFINE_{name.upper()}", raising=False)
        with pytest.raises(MissingDependencyError, match="is not installed here") as caught:
            find_tool(name)
        assert f"env create {name}" in caught.value.remedy
    assert set(tool_names()) == {"spineps", "totalspineseg", "totalsegmentator"}


def test_totalsegmentator_is_never_started_without_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TOTALSEG_WEIGHTS_PATH", str(tmp_path / "none"))
    tool = make_tool(tmp_path, "totalsegmentator", "raise SystemExit('started')")
    with pytest.raises(ModelNotInstalledError, match="no Dataset292 and no Dataset298") as caught:
        totalsegmentator.run_totalsegmentator(ToolJob(tool, tmp_path / "ct.nii.gz", tmp_path / "work"))
    assert "totalseg_download_weights" in caught.value.remedy


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
    pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
    from tiny_models import make_model

    from SpineGTRefineLib.models import ModelStore

    folder = tmp_path_factory.mktemp("models")
    store = ModelStore(folder / "store")
    for step in ("step1", "step2"):
        made = make_model(folder / step / "nnUNetTrainer__nnUNetPlans__3d_fullres")
        store.install_own(made, name=f"totalspineseg_{step}_tiny")
    return store


@pytest.fixture
def weights(store):
    return {step: store.find(f"totalspineseg_{step}_tiny") for step in ("step1", "step2")}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "scan.nii.gz"
    path.write_bytes(b"an image")
    return path


@pytest.mark.slow
def test_its_command_line_its_folders_and_its_output(tmp_path, image, weights):
    tool = make_tool(tmp_path, "totalspineseg", TOTALSPINESEG.replace("LABELS", repr(str(image))), "20260807")
    result = run_totalspineseg(ToolJob(tool, image, tmp_path / "work" / "scan", device="cpu"), weights, iso=True)
    assert result.files["labels"].read_bytes() == b"an image"
    assert result.files["labels"].name == "sub-scan_T2w.nii.gz"
    assert result.generator["Version"] == "20260807"
    assert len(result.generator["WeightsSHA256"]) == 64
    assert result.generator["Settings"] == {"iso": True, "localizer": ""}


@pytest.mark.slow
def test_a_checkpoint_that_could_run_code_never_reaches_the_tool(tmp_path, image, weights):
    import torch

    from SpineGTRefineLib.models.installed import InstalledModel, hashes_below

    folder = tmp_path / "evil" / "fold_0"
    folder.mkdir(parents=True)
    torch.save({"network_weights": Evil()}, folder / "checkpoint_final.pth")
    evil = InstalledModel(weights["step1"].entry, folder.parent, hashes_below(folder.parent), "somebody")
    tool = make_tool(tmp_path, "totalspineseg", f"open({str(tmp_path / 'started')!r}, 'w')")
    with pytest.raises(UnsafeModelError, match=r"system"):
        run_totalspineseg(ToolJob(tool, image, tmp_path / "work"), {**weights, "step1": evil})
    assert not Path("pwned").exists()
    assert not (tmp_path / "started").exists()


@pytest.mark.slow
def test_without_pytorch_here_the_weights_are_read_in_the_python_of_the_tool(tmp_path, weights, monkeypatch):
    import torch

    from SpineGTRefineLib.models.tools import weights as reading

    def without_pytorch(path):
        raise MissingDependencyError("PyTorch is not installed.")

    monkeypatch.setattr(reading, "read_checkpoint", without_pytorch)
    reading.inspect_weights(weights["step1"].path, Path(sys.executable))
    torch.save({"network_weights": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(UnsafeModelError, match="system"):
        reading.inspect_weights(tmp_path, Path(sys.executable))
    assert not Path("pwned").exists()
