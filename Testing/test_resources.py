"""Data files are found from a checkout, from a wheel and from Slicer's install tree."""

import shutil
import subprocess
import sys
import tomllib

import pytest

from SpineGTRefineLib.errors import MissingFileError
from SpineGTRefineLib.resources import resource_path

NOT_INSTALLED = {"Screenshots"}


def data_folders(repository):
    return {path.name for path in (repository / "Resources").iterdir() if path.is_dir()} - NOT_INSTALLED


def test_a_wheel_carries_every_data_folder(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {f"Resources/{name}": f"SpineGTRefineLib/Resources/{name}" for name in data_folders(repository)}


@pytest.mark.parametrize("layout", ["beside the package (checkout, Slicer)", "inside the package (wheel)"])
def test_the_data_are_found_in_each_layout(repository, tmp_path, layout):
    shutil.copytree(repository / "SpineGTRefineLib", tmp_path / "SpineGTRefineLib")
    inside = layout.startswith("inside")
    target = tmp_path / "SpineGTRefineLib" / "Resources" if inside else tmp_path / "Resources"
    shutil.copytree(repository / "Resources" / "Anatomy", target / "Anatomy")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import SpineGTRefineLib\nfrom SpineGTRefineLib.anatomy import scheme\n"
        "print(SpineGTRefineLib.__file__, scheme('spine').value_of('sacrum'))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert answer.stdout.split() == [str(tmp_path / "SpineGTRefineLib" / "__init__.py"), "50"]


def test_a_file_that_is_missing_tells_what_to_do():
    with pytest.raises(MissingFileError, match="not part of this installation") as caught:
        resource_path("Anatomy", "nowhere.csv")
    assert "Reinstall" in caught.value.remedy
