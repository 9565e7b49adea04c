"""Stand-ins for the programs of SPINEPS and TotalSpineSeg: their command lines, their folders, none of their networks.

``make_tool`` puts a program beside a Python, as an environment has it. What the program does is a Python script.
"""

import os
import sys
from pathlib import Path

from SpineGTRefineLib.models.tools.program import ToolProgram
from SpineGTRefineLib.process.environments import environment_kind

TOTALSPINESEG = """
import argparse, pathlib, shutil
parser = argparse.ArgumentParser()
parser.add_argument("input", type=pathlib.Path)
parser.add_argument("output", type=pathlib.Path)
for name in ("--data-dir", "--device", "--loc", "--max-workers", "--max-workers-nnunet"):
    parser.add_argument(name)
for name in ("--iso", "--no-stalling"):
    parser.add_argument(name, action="store_true")
parser.add_argument("--keep-only", nargs="+")
options = parser.parse_args()
results = pathlib.Path(options.data_dir) / "nnUNet" / "results"
for dataset in ("Dataset101_TotalSpineSeg_step1", "Dataset102_TotalSpineSeg_step2"):
    (folder,) = (results / dataset).glob("*/fold_0")
    trainer, plans, configuration = folder.parent.name.split("__")
    assert (folder.parent / "plans.json").is_file() and list(folder.glob("checkpoint_*.pth"))
print("\\nRunning step 1 model:")
print("Running step 2 model:")
target = options.output / "step2_output"
target.mkdir(parents=True)
shutil.copyfile(LABELS if not options.loc else options.loc, target / options.input.name)
"""
"""Checks that it was given everything where the real one looks; answers with the file named by ``LABELS``."""

SPINEPS = """
import argparse, pathlib, shutil
parser = argparse.ArgumentParser()
commands = parser.add_subparsers(dest="command", required=True)
sample = commands.add_parser("sample")
for names in (("--input", "-i"), ("--model-semantic", "-ms"), ("--model-instance", "-mi"), ("--model-labeling", "-ml"),
              ("--derivative-name", "-dn")):
    sample.add_argument(*names, required=True)
sample.add_argument("--ignore-inference-compatibility", "-iic", action="store_true")
sample.add_argument("--cpu", action="store_true")
options = parser.parse_args()
image = pathlib.Path(options.input)
for folder in (options.model_semantic, options.model_instance):
    assert (pathlib.Path(folder) / "inference_config.json").is_file(), folder
stem = image.name.split(".")[0]
parts, contrast = stem.rsplit("_", 1)
target = image.parent / options.derivative_name
target.mkdir()
for name, source in (("vert", VERT), ("spine", SEMANTIC)):
    shutil.copyfile(source, target / f"{parts}_mod-{contrast}_seg-{name}_msk.nii.gz")
"""
"""Speaks the command line of version 2.1."""


def make_tool(folder: Path, name: str, script: str, version: str = "2.1.3") -> ToolProgram:
    """Put the program of a tool into ``folder/bin``, with the metadata that tells its version."""
    place = folder / "bin"
    place.mkdir(parents=True, exist_ok=True)
    python = place / "python"
    if not python.exists():
        python.symlink_to(sys.executable)
    kind = environment_kind(name)
    program = place / kind.program
    program.write_text(f"#!{sys.executable} -s\n{script}")
    program.chmod(0o755)
    return ToolProgram(name, kind.title, python, version)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
