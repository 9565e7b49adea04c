"""``run`` on a dataset with a file that cannot be used."""

import functools

import numpy as np
from scripted_models import Models, Threshold

from SpineGTRefineLib.engine import request
from SpineGTRefineLib.imaging import Geometry, Image, write_image
from SpineGTRefineLib.recipes.batch import run_on_dataset


def test_the_command_names_what_failed_and_why_and_has_saved_the_rest(program, tmp_path, monkeypatch):
    array = np.full((24, 30, 40), 10, np.int16)
    array[10:14, 12:18, 3:37] = 150
    for name, voxels in (("sub-01", array), ("sub-02", array[:, :, :1]), ("sub-03", array)):
        image = Image(voxels, Geometry(voxels.shape, np.eye(4)))
        write_image(tmp_path / name / "anat" / f"{name}_T2w.nii.gz", image)
    monkeypatch.setattr(request, "ModelStore", Models)
    monkeypatch.setattr(request, "run_on_dataset", functools.partial(run_on_dataset, store=Models(), run=Threshold()))

    ended = program("run", tmp_path, "--recipe", "rootlets", "--in-process", "--json")

    assert ended.code == 3
    assert [case["succeeded"] for case in ended.json["cases"]] == [True, False, True]
    assert "1 slice(s) along one axis; rootlets needs 3" in ended.json["cases"][1]["error"]["cause"]
    assert "1 of 3 cases failed: sub-02_T2w" in ended.err
