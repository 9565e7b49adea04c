"""The rules of the house: who may import whom, what may be imported inside Slicer, and habits that nobody may have."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import habits
import house
import numpy as np
import pytest

MODULES = house.library_modules()
SOURCES = [*MODULES, house.Module("SpineGTRefine", house.MODULE_FILE)]
BLOCKED_RUN = house.REPOSITORY / "Testing" / "support" / "slicer_python.py"


def test_every_room_has_its_place_in_the_order():
    assert house.rooms_on_disk() <= set(house.ROOMS)


def broken_by(modules, rule):
    """What a rule says of each module that breaks it."""
    return {module.name: said for module in modules if (said := rule(module))}


def test_a_room_imports_only_rooms_below_it():
    def rule(module):
        return house.forbidden_arrows(module.source, module.name, is_package=module.is_package)

    assert broken_by(MODULES, rule) == {}


def test_a_module_needs_no_package_that_its_room_cannot_count_on():
    def rule(module):
        return house.forbidden_packages(module.source, module.name, is_package=module.is_package)

    assert broken_by(MODULES, rule) == {}


@pytest.mark.parametrize("habit", [habits.unguarded_posix, habits.bare_excepts, habits.code_from_data])
def test_nothing_breaks_on_windows_hides_errors_or_runs_code_from_data(habit):
    assert broken_by(SOURCES, lambda module: habit(module.source)) == {}


def test_only_the_command_line_prints():
    silent = [module for module in SOURCES if house.room_of(module.name) != "cli"]
    assert broken_by(silent, lambda module: habits.prints(module.source)) == {}


def test_no_folder_carries_the_name_of_a_package_that_we_import():
    packages = {"slicer", "vtk", "qt", "ctk", "torch", "trame"}
    for module in SOURCES:
        imported = house.imports_of(module.source, module.name, is_package=module.is_package)
        packages |= {found.name.partition(".")[0] for found in imported}
    packages -= {house.LIBRARY}
    folders = {
        path for top in (house.LIBRARY, "SpineGTRefine", "Testing") for path in (house.REPOSITORY / top).rglob("*")
    }
    assert sorted(path for path in folders if path.is_dir() and path.name in packages) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("SpineGTRefineLib.imaging.crop", "from ..bids import Case"),
        ("SpineGTRefineLib.imaging.crop", "from .. import bids"),
        ("SpineGTRefineLib.imaging.crop", "def f():\n    import SpineGTRefineLib.bids.case"),
        ("SpineGTRefineLib.anatomy.order", "if TYPE_CHECKING:\n    from ..imaging import LabelMap"),
        ("SpineGTRefineLib.errors", "from .resources import resource_path"),
        ("SpineGTRefineLib.review.worklist", "from ..learning import ranking"),
        ("SpineGTRefineLib.learning.ranking", "from ..review import worklist"),
        ("SpineGTRefineLib.cli.check", "from ..scene import load_case"),
        ("SpineGTRefineLib.learning.ranking", "from ..cli.app import main"),
        ("SpineGTRefineLib.bids.case", "importlib.import_module('SpineGTRefineLib.engine')"),
        ("SpineGTRefineLib", "from .bids import Case"),
    ],
)
def test_the_walk_sees_a_forbidden_arrow(module, source):
    assert len(house.forbidden_arrows(source, module, is_package=module == "SpineGTRefineLib")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("SpineGTRefineLib.bids.case", "from ..imaging import LabelMap\nfrom .. import __version__\nimport json"),
        ("SpineGTRefineLib.panel.widget", "from ..scene import load_case\nfrom ..review import worklist"),
        ("SpineGTRefineLib.checks.rules", "from ..refine.components import largest\nfrom .problem import Problem"),
        ("SpineGTRefineLib.__main__", "from .cli.app import main"),
    ],
)
def test_the_walk_lets_an_arrow_that_points_down_pass(module, source):
    assert house.forbidden_arrows(source, module) == []


def test_the_walk_sees_packages_at_import_and_not_those_at_the_moment_of_use():
    source = (
        "import numpy\nimport cc3d\ntry:\n    import edt\nexcept ImportError:\n    pass\ndef f():\n    import torch\n"
    )
    found = house.forbidden_packages(source, "SpineGTRefineLib.refine.components")
    assert [line.rpartition(" ")[2] for line in found] == ["cc3d", "edt"]
    assert house.forbidden_packages("import rich", "SpineGTRefineLib.cli.app") == []
    assert len(house.forbidden_packages("import rich", "SpineGTRefineLib.bids.case")) == 1
    assert len(house.forbidden_packages("from .trainer import RefineTrainer", "SpineGTRefineLib.learning.export")) == 1


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (habits.unguarded_posix, "import fcntl"),
        (habits.unguarded_posix, "def f():\n    os.fork()"),
        (habits.unguarded_posix, "from os import setsid"),
        (habits.unguarded_posix, "os.killpg(1, 9)"),
        (habits.unguarded_posix, "if sys.platform == 'win32':\n    g()\nos.kill(1, 0)"),
        (habits.unguarded_posix, "signal.signal(signal.SIGTERM, g)"),
        (habits.unguarded_posix, "subprocess.run(c, preexec_fn=g)"),
        (habits.unguarded_posix, "multiprocessing.get_context('fork')"),
        (habits.bare_excepts, "try:\n    f()\nexcept:\n    pass"),
        (habits.prints, "print('x')"),
        (habits.code_from_data, "pickle.load(stream)"),
        (habits.code_from_data, "from pickle import loads"),
        (habits.code_from_data, "torch.load(path)"),
        (habits.code_from_data, "torch.load(path, weights_only=flag)"),
        (habits.code_from_data, "load(path, weights_only=False)"),
        (habits.code_from_data, "np.load(path, allow_pickle=True)"),
        (habits.code_from_data, "eval(text)"),
        (habits.code_from_data, "subprocess.run(text, shell=True)"),
    ],
)
def test_each_habit_is_seen(rule, source):
    assert len(rule(source)) == 1


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (habits.unguarded_posix, "if sys.platform != 'win32':\n    import fcntl"),
        (habits.unguarded_posix, "def f():\n    if os.name == 'nt':\n        return\n    os.killpg(1, signal.SIGKILL)"),
        (habits.unguarded_posix, "try:\n    import resource\nexcept ImportError:\n    resource = None"),
        (habits.unguarded_posix, "n = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1"),
        (habits.unguarded_posix, "from .resource import x\nsignal.fork()"),
        (habits.bare_excepts, "try:\n    f()\nexcept Exception:\n    pass"),
        (habits.prints, "self.print('x')"),
        (habits.code_from_data, "torch.load(path, weights_only=True)"),
        (habits.code_from_data, "try:\n    f()\nexcept pickle.UnpicklingError:\n    pass"),
    ],
)
def test_what_only_looks_like_a_bad_habit_passes(rule, source):
    assert rule(source) == []


def listed(cmake: Path, keyword: str) -> list[str]:
    """The words after a keyword in a CMake file, up to the next keyword or the closing bracket."""
    words = re.findall(r"[^\s()]+|[()]", cmake.read_text(encoding="utf-8"))
    following = words[words.index(keyword) + 1 :]
    return list(itertools.takewhile(lambda word: not re.fullmatch(r"\)|[A-Z_]{5,}", word), following))


def on_disk(*folders: str) -> set[str]:
    root = house.REPOSITORY
    files = (path.relative_to(root) for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not any(p.startswith(".") or p == "__pycache__" for p in path.parts)}


def test_the_slicer_extension_installs_every_file_of_the_library_and_its_data():
    lists = house.REPOSITORY / house.LIBRARY / "files.cmake"
    scripts, resources = listed(lists, f"{house.LIBRARY}_SCRIPTS"), listed(lists, f"{house.LIBRARY}_RESOURCES")
    assert len(scripts + resources) == len(set(scripts + resources))
    wanted = on_disk(house.LIBRARY, "Resources") - {f"{house.LIBRARY}/files.cmake"}
    wanted = {path for path in wanted if not path.startswith("Resources/Screenshots/")}
    remedy = "run: python Testing/tools/update_cmake_lists.py"
    assert set(scripts) == {path for path in wanted if path.endswith(".py")}, remedy
    assert set(resources) == {path for path in wanted if not path.endswith(".py")}, remedy


def test_the_slicer_extension_installs_every_file_of_the_module():
    lists = house.REPOSITORY / "SpineGTRefine" / "CMakeLists.txt"
    named = {f"SpineGTRefine/{path}" for name in ("SCRIPTS", "RESOURCES") for path in listed(lists, name)}
    assert named == on_disk("SpineGTRefine") - {"SpineGTRefine/CMakeLists.txt"}


def blocked_run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BLOCKED_RUN), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=house.REPOSITORY)


@pytest.mark.parametrize("package", ["jinja2", "typer", "torch", "tptbox"])
def test_the_import_block_blocks(package):
    result = blocked_run("import", package)
    assert result.returncode != 0
    assert f"{package} is not part of Slicer's Python" in result.stderr


def test_the_library_imports_inside_slicer():
    names = [module.name for module in MODULES if house.room_of(module.name) in house.INSIDE_SLICER]
    fronts = [name for name in names if house.room_of(name) in ("scene", "panel")]
    result = blocked_run("import", *(name for name in names if name not in fronts), "SpineGTRefineLib.engine.client")
    assert result.returncode == 0, result.stderr


def test_the_scene_imports_inside_slicer():
    pytest.importorskip("slicer", reason="needs slicer-core (pip install spine-gt-refine[scene])")
    names = [module.name for module in MODULES if house.room_of(module.name) == "scene"]
    result = blocked_run("--with", "slicer", "--with", "slicer_core", "import", *names)
    assert result.returncode == 0, result.stderr


def test_open_edit_shift_levels_save_inside_slicer(tmp_path):
    from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
    from SpineGTRefineLib.imaging import write_image, write_labels
    from SpineGTRefineLib.phantoms import make_spine

    phantom = make_spine(seed=1, spacing=4.0, region="lumbar", rootlets=False)
    labels = tmp_path / "derivatives" / "labels" / "sub-01" / "anat"
    write_image(tmp_path / "sub-01" / "anat" / "sub-01_T2w.nii.gz", phantom.image)
    write_labels(labels / "sub-01_T2w_label-spine_dseg.nii.gz", phantom.spine)

    result = blocked_run("shift-levels", tmp_path)

    assert result.returncode == 0, result.stderr
    dataset = Dataset.open(tmp_path)
    saved = load_mask(dataset, dataset.case("sub-01_T2w"), mask_type("spine"))
    expected = phantom.spine.array.copy()
    for old, new in ((43, 44), (42, 43), (41, 42)):
        expected[phantom.spine.array == old] = new
    expected[0, 0, 0] = 50
    assert np.array_equal(saved.array, expected)
