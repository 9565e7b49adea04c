"""``models``: someone who trained a model elsewhere installs it in one command and runs it in a recipe."""

import numpy as np
import pytest
from needs import HAS_NNUNET

from SpineGTRefineLib.imaging import Geometry, Image, write_image
from SpineGTRefineLib.models import ModelStore


@pytest.fixture(autouse=True)
def models_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SPINEGTREFINE_MODELS", str(tmp_path / "models"))


@pytest.fixture
def trained(tmp_path):
    """What nnU-Net's training wrote: two configurations of one dataset, the network draws one structure."""
    if not HAS_NNUNET:
        pytest.skip("needs PyTorch and nnU-Net: pip install spine-gt-refine[models]")
    from tiny_models import make_model

    for configuration in ("3d_fullres", "2d"):
        folder = tmp_path / "Dataset900_Mine" / f"nnUNetTrainer__nnUNetPlans__{configuration}"
        make_model(folder, configuration=configuration, labels={"background": 0, "canal": 1}, folds=(0, 1))
    return tmp_path / "Dataset900_Mine"


@pytest.fixture
def image(tmp_path):
    """A scan of a few tiles."""
    path = tmp_path / "scans" / "sub-01_T2w.nii.gz"
    path.parent.mkdir()
    array = np.random.default_rng(1).integers(0, 200, (24, 24, 24)).astype(np.int16)
    write_image(path, Image(array, Geometry(array.shape, np.eye(4))))
    return path


def install(program, folder, *options):
    return program("models", "install", "mine", "--from", folder, "--configuration", "3d_fullres", *options)


@pytest.mark.slow
def test_a_model_of_ones_own_installs_in_one_command_and_proposes_a_mask(program, trained, image, tmp_path):
    outcome = install(program, trained, "--scheme", "canal", "--orientation", "LAS", "--fold", "1")
    assert outcome.code == 0, outcome.err
    entry = ModelStore().find("mine").entry
    assert (entry.scheme, entry.orientation, entry.folds) == ("canal", "LAS", ("1",))
    output = tmp_path / "output"
    ran = program(
        "run", image, "--recipe", "canal", "--model", "mine", "--in-process", "--device", "cpu", "--output", output
    )
    assert ran.code == 0, ran.err
    assert len(list(output.glob("sub-01/anat/*label-canal*_mask.nii.gz"))) == 1


def test_a_model_whose_labels_nobody_explained_is_refused_before_it_runs_and_says_how_to_explain_them(
    program, trained, image
):
    assert install(program, trained).code == 0
    outcome = program("run", image, "--recipe", "canal", "--model", "mine")
    assert outcome.code != 0
    assert "--scheme canal" in outcome.err


def test_a_model_of_another_structure_is_refused_before_it_runs(program, image):
    outcome = program("run", image, "--recipe", "canal", "--model", "demo_cord")
    assert outcome.code != 0
    assert "demo_cord does not make a canal mask" in outcome.err


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--scheme", "spien"], "spien"), (["--configuration", "3d_lowres"], "3d_lowres"), (["--fold", "3"], "fold 3")],
)
def test_a_wrong_option_is_named_and_installs_nothing(program, trained, options, told):
    outcome = install(program, trained, *options)
    assert outcome.code != 0
    assert told in outcome.err
    assert "mine" not in [model.entry.name for model in ModelStore().installed()]


def test_what_is_known_of_a_published_model_is_not_changed(program):
    outcome = program("models", "install", "canal_r20260406", "--scheme", "cord")
    assert outcome.code == 2
    assert "published" in outcome.err
