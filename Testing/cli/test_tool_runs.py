"""``tools run``: masks of other programs arrive where they were asked for, and never in the place of others."""

import sys

import pytest
from fake_tools import make_tool

from SpineGTRefineLib.models.tools import program as programs
from SpineGTRefineLib.models.tools import totalsegmentator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for tools are POSIX scripts")

SCRIPT = """
import pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
pathlib.Path(given["-o"]).write_bytes(b"sacrum on " + pathlib.Path(given["-i"]).read_bytes())
"""
"""Writes what it was given into the mask."""


@pytest.fixture
def segment(program, tmp_path, monkeypatch):
    """Run TotalSegmentator (a stand-in, which needs no weights) on an image of a name and content."""
    tool = make_tool(tmp_path / "tool", "totalsegmentator", SCRIPT, "2.11.0")
    monkeypatch.setattr(programs, "find_tool", lambda _name: tool)
    monkeypatch.setattr(totalsegmentator, "_present_weights", lambda _tool: [])

    def run(name, content, *options):
        image = tmp_path / "images" / name
        image.parent.mkdir(exist_ok=True)
        image.write_text(content)
        return program("tools", "run", "totalsegmentator", image, "--output", tmp_path / "masks", *options)

    return run


def test_the_masks_and_the_log_of_each_image_lie_in_the_folder_and_nothing_else(segment, tmp_path):
    for subject in ("01", "02"):
        outcome = segment(f"sub-{subject}_ct.nii.gz", subject, "--json")
        assert outcome.code == 0, outcome.err
    assert outcome.json["files"]["labels"] == str(tmp_path / "masks" / "sub-02_ct.nii.gz")
    assert (tmp_path / "masks" / "sub-01_ct.nii.gz").read_text() == "sacrum on 01"
    names = [f"sub-{subject}_ct{end}" for subject in ("01", "02") for end in (".nii.gz", "_totalsegmentator.log")]
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == sorted(names)


def test_what_an_earlier_run_left_is_not_replaced_unasked(segment, tmp_path):
    segment("sub-01_ct.nii.gz", "first")
    refused = segment("sub-01_ct.nii.gz", "second")
    assert refused.code == 2
    assert "has been run here on an image of this name" in refused.error_lines[0]
    assert "--overwrite" in refused.error_lines[1]
    assert (tmp_path / "masks" / "sub-01_ct.nii.gz").read_text() == "sacrum on first"
    assert segment("sub-01_ct.nii.gz", "second", "--overwrite").code == 0
    assert (tmp_path / "masks" / "sub-01_ct.nii.gz").read_text() == "sacrum on second"


def test_a_file_of_somebody_else_is_not_replaced_either_and_the_new_mask_is_not_lost(segment, tmp_path):
    own = tmp_path / "masks" / "sub-01_ct.nii.gz"
    own.parent.mkdir()
    own.write_text("drawn by hand")
    refused = segment("sub-01_ct.nii.gz", "image")
    assert refused.code == 2
    assert "exists already and was not replaced" in refused.error_lines[0]
    assert own.read_text() == "drawn by hand"
    (made,) = (tmp_path / "masks").glob(".work-*/output/sub-01_ct.nii.gz")
    assert made.read_text() == "sacrum on image"
    assert str(made.parents[1]) in "".join(refused.error_lines)
    assert segment("sub-01_ct.nii.gz", "image", "--overwrite").code == 0
    assert own.read_text() == "sacrum on image"


def test_a_tool_never_writes_beside_the_image_whose_name_its_masks_bear(program, tmp_path):
    image = tmp_path / "sub-01_CT.nii.gz"
    image.write_bytes(b"an image")
    outcome = program("tools", "run", "totalsegmentator", str(image), "--output", str(tmp_path))
    assert outcome.code == 2
    assert "is the folder of the image" in outcome.error_lines[0]
    outcome = program("tools", "run", "models", str(image), "--output", str(tmp_path / "masks"))
    assert "There is no tool called 'models'" in outcome.error_lines[0]
