"""The extension installs every file that it needs, and works from the installed folder alone."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="module")
def harness(repository):
    """The folder of the harness can be imported from."""
    sys.path.append(str(repository / "Testing" / "harness"))
    yield
    sys.path.remove(str(repository / "Testing" / "harness"))


@pytest.fixture
def lists(repository):
    path = repository / "Testing" / "tools" / "update_cmake_lists.py"
    spec = importlib.util.spec_from_file_location("update_cmake_lists", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def installed(repository, tmp_path_factory):
    """The module's folder as Slicer's package carries it: configured, built and installed by Slicer's own macros."""
    import sources

    slicer, ctk = sources.checkout("Slicer"), sources.checkout("CTK")
    if slicer is None:
        pytest.skip("needs the sources of Slicer and CTK: set SLICER_SOURCE to a folder with both checkouts")
    cmake = shutil.which("cmake")
    if cmake is None or not (shutil.which("c++") or shutil.which("g++")):
        pytest.skip("needs CMake and a C++ compiler to build the extension")
    build, target = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("installed")
    values = {
        "Slicer_DIR": repository / "Testing" / "harness" / "cmake",
        "SLICER_CHECKOUT": slicer,
        "CTK_CHECKOUT": ctk,
        "PYTHON_EXECUTABLE": sys.executable,
        "BUILD_TESTING": "ON",
    }
    for arguments in (
        ["-S", repository, "-B", build, *(f"-D{name}={value}" for name, value in values.items())],
        ["--build", build],
        ["--install", build, "--prefix", target],
    ):
        result = subprocess.run([cmake, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
    (folder,) = target.glob("lib/Slicer-*/qt-scripted-modules")
    return folder


def test_a_new_file_of_any_kind_is_missed_by_nobody(lists, tmp_path):
    for path in ("SpineGTRefineLib/room/new.py", "SpineGTRefineLib/page.html", "Resources/Models/new/plans.json"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for path in ("Resources/Screenshots/panel.png", "SpineGTRefineLib/__pycache__/new.pyc", "Resources/.hidden"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert lists.scripts(tmp_path) == ["SpineGTRefineLib/room/new.py"]
    assert lists.resources(tmp_path) == ["Resources/Models/new/plans.json", "SpineGTRefineLib/page.html"]


def test_every_file_of_the_library_is_installed(lists, repository, installed):
    files = [*lists.scripts(repository), *lists.resources(repository)]
    assert [path for path in files if not (installed / path).is_file()] == []


def test_every_file_of_the_module_is_installed(repository, installed):
    module = repository / "SpineGTRefine"
    files = [
        path.relative_to(module) for path in module.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    missing = [str(path) for path in files if path.name != "CMakeLists.txt" and not (installed / path).is_file()]
    assert not missing


def test_the_installed_extension_makes_and_saves_a_case_without_the_checkout(installed, tmp_path):
    code = (
        "import sys\n"
        f"sys.path[:] = [{str(installed)!r}] + [p for p in sys.path if p]\n"
        "import SpineGTRefineLib\n"
        f"assert SpineGTRefineLib.__file__.startswith({str(installed)!r}), SpineGTRefineLib.__file__\n"
        "from pathlib import Path\n"
        "from SpineGTRefineLib.bids import Dataset, mask_type, save_mask\n"
        "from SpineGTRefineLib.imaging import read_image, write_image\n"
        "from SpineGTRefineLib.phantoms import make_spine\n"
        "phantom = make_spine(spacing=5.0, region='lumbar', rootlets=False)\n"
        "write_image(Path('sub-01/anat/sub-01_T2w.nii.gz'), phantom.image)\n"
        "dataset = Dataset.open('.')\n"
        "case = dataset.cases()[0]\n"
        "saved = save_mask(dataset, case, mask_type('spine'), phantom.spine, image=read_image(case.image))\n"
        "print(saved.path.name)\n"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().endswith("_dseg.nii.gz")


SCHEMA_FIELDS = {
    *("$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies", "build_subdirectory"),
    *("dicom_support_rule", "enabled", "tier"),
}


def test_the_entry_for_the_extensions_index_fits_its_schema_and_the_project(repository):
    (entry,) = (path for path in repository.glob("*.json") if "$schema" in path.read_text(encoding="utf-8"))
    content = json.loads(entry.read_text(encoding="utf-8"))
    cmake = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f"project({entry.stem})" in cmake
    assert {"$schema", "category", "scm_url"} <= set(content) <= SCHEMA_FIELDS
    assert content["category"] == "Segmentation"
    assert content["scm_url"].startswith("https://")
    homepage = content["scm_url"].removesuffix(".git")
    assert f'set(EXTENSION_HOMEPAGE "{homepage}")' in cmake
    assert homepage.rpartition("/")[2].startswith("Slicer")
    for picture in re.findall(r'URLS? "([^"]+\.png)"', cmake):
        assert (repository / picture.removeprefix(homepage + "/")).is_file(), picture


def test_the_entry_fits_slicers_own_schema(repository):
    import sources

    slicer = sources.checkout("Slicer")
    if slicer is None:
        pytest.skip("needs the sources of Slicer: set SLICER_SOURCE to a folder with the checkout")
    content = json.loads((repository / "SpineGTRefine.json").read_text(encoding="utf-8"))
    schema = json.loads((slicer / "Schemas" / Path(content["$schema"].rstrip("#")).name).read_text(encoding="utf-8"))
    assert schema["$id"] == content["$schema"]
    assert set(schema["properties"]) == SCHEMA_FIELDS
    types = {"string": str, "array": list, "integer": int, "boolean": bool}
    for name, value in content.items():
        assert isinstance(value, types[schema["properties"][name]["type"]]), name
