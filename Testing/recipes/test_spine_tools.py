"""The recipe spine_tools: both tools run on a case, their masks become one, and what they left is used again.

The tools' programs are stand-ins that answer with masks of a phantom; see ``test_real_tools`` for the real ones.
"""

import json
import sys
import zipfile

import numpy as np
import pytest
from fake_tools import SPINEPS, TOTALSPINESEG, make_tool

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.engine.request import RecipeRequest
from SpineGTRefineLib.errors import ModelNotInstalledError, UsageError
from SpineGTRefineLib.imaging import write_image, write_labels
from SpineGTRefineLib.phantoms import canal_like, make_spine, spineps_like, totalspineseg_like
from SpineGTRefineLib.recipes import tool_runs, tool_weights
from SpineGTRefineLib.recipes.batch import RunSettings, run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins for tools are POSIX scripts"),
    pytest.mark.slow,
]

SPINE, CANAL = mask_type("spine"), mask_type("canal")
SETTINGS = {"totalspineseg": "tiny", "labeling": False}


@pytest.fixture(scope="module")
def phantom():
    return make_spine(12, spacing=2.5, region="lumbar", rootlets=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """All weights that the tools need: real enough to be looked at, too small to be of use."""
    import torch
    from tiny_models import make_model

    from SpineGTRefineLib.models import ModelStore

    folder = tmp_path_factory.mktemp("models")
    store = ModelStore(folder / "store")
    made = make_model(folder / "made" / "nnUNetTrainer__nnUNetPlans__3d_fullres")
    for step in ("step1", "step2"):
        store.install_own(made, name=f"totalspineseg_{step}_tiny")
    torch.save({"state_dict": {}, "hyper_parameters": {}}, folder / "weights.ckpt")
    for name in ("spineps_t2w_v1.0.9", "spineps_t1w_v1.0.9", "spineps_instance_v1.2.0"):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("model/inference_config.json", "{}")
            archive.write(folder / "weights.ckpt", "model/weights.ckpt")
        store.install(name, archive=folder / f"{name}.zip")
    return store


@pytest.fixture
def world(tmp_path, phantom, monkeypatch):
    """A session with two images, a canal mask of each, and both tools."""
    anat = tmp_path / "data" / "sub-01" / "anat"
    labels = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    for folder in (anat, labels):
        folder.mkdir(parents=True)
    for contrast in ("T2w", "T1w"):
        write_image(anat / f"sub-01_{contrast}.nii.gz", phantom.image)
        write_labels(labels / f"sub-01_{contrast}_label-canal_seg.nii.gz", canal_like(phantom))
    masks = {"LABELS": totalspineseg_like(phantom)}
    masks["VERT"], masks["SEMANTIC"] = (lambda both: (both.vert, both.semantic))(spineps_like(phantom))
    scripts = {"totalspineseg": TOTALSPINESEG, "spineps": SPINEPS}
    for name, mask in masks.items():
        write_labels(tmp_path / f"{name}.nii.gz", mask)
        scripts = {tool: text.replace(name, repr(str(tmp_path / f"{name}.nii.gz"))) for tool, text in scripts.items()}
    tools = {name: make_tool(tmp_path, name, script, "20260807") for name, script in scripts.items()}
    for module in (tool_runs, tool_weights):
        monkeypatch.setattr(module, "find_tool", tools.__getitem__)
    return Dataset.open(tmp_path / "data")


def run(dataset, store, key="sub-01_T2w", **settings):
    chosen = recipe("spine_tools").with_settings({**SETTINGS, **settings})
    how = RunSettings("cpu", again=True)
    (outcome,) = run_on_dataset(chosen, dataset, [dataset.case(key)], store.find("demo_canal"), how, store=store)
    assert outcome.succeeded, str(outcome.error)
    return outcome


def same_levels(mask, phantom):
    """Share of the phantom's vertebrae whose voxels mostly carry their true name."""
    truth = phantom.spine
    values = [entry.value for entry in truth.scheme.of_kind("vertebra") if (truth.array == entry.value).sum() > 100]
    return np.mean([(mask.array[truth.array == v] == v).mean() > 0.6 for v in values])


def test_one_command_makes_one_mask_of_both_tools_and_says_what_ran(world, store, phantom):
    outcome = run(world, store)
    mask = load_mask(world.reopened(), world.case("sub-01_T2w"), SPINE)
    assert same_levels(mask, phantom) == 1.0
    assert not mask.array[canal_like(phantom).array > 0].any()
    sidecar = json.loads(outcome.saved.sidecar.read_text())
    record = next(entry["Record"] for entry in sidecar["GeneratedBy"] if "Record" in entry)
    assert [tool["Name"] for tool in record["Tools"]] == ["TotalSpineSeg", "SPINEPS"]
    assert all(len(tool["WeightsSHA256"]) == 64 for tool in record["Tools"])
    folder = world.output / ".spine-gt-refine" / "tools" / "sub-01_T2w"
    assert {path.name for path in folder.glob("*.log")} == {"spineps.log", "totalspineseg.log"}


def test_what_the_tools_left_is_used_again_until_something_changes(world, store):
    run(world, store)
    again = run(world, store, policy="compatible")
    assert sum("was not run again" in note for note in again.notes) == 2


def test_levels_can_be_counted_without_totalspineseg(world, store, phantom):
    outcome = run(world, store, levels="counted")
    assert not (world.output / ".spine-gt-refine" / "tools" / "sub-01_T2w" / "totalspineseg").exists()
    assert same_levels(load_mask(world.reopened(), world.case("sub-01_T2w"), SPINE), phantom) == 1.0
    assert outcome.saved.status == "proposed"


def test_the_refined_mask_of_another_contrast_tells_totalspineseg_the_levels(world, store):
    run(world, store)
    outcome = run(world.reopened(), store, "sub-01_T1w", localizer="T2w")
    assert any("Levels were taken from the spine mask of sub-01_T2w" in note for note in outcome.notes)
    log = world.output / ".spine-gt-refine" / "tools" / "sub-01_T1w" / "totalspineseg.log"
    assert "--loc" in log.read_text()


def test_where_several_masks_could_tell_the_levels_the_user_is_asked(world, store, phantom):
    write_image(world.root / "sub-01" / "anat" / "sub-01_acq-ax_T2w.nii.gz", phantom.image)
    for name in ("T2w", "acq-ax_T2w"):
        path = world.root / "derivatives" / "labels" / "sub-01" / "anat" / f"sub-01_{name}_label-spine_dseg.nii.gz"
        write_labels(path, phantom.spine)
    chosen = recipe("spine_tools").with_settings({**SETTINGS, "localizer": "T2w"})
    dataset = world.reopened()
    cases = [dataset.case("sub-01_T1w")]
    (outcome,) = run_on_dataset(chosen, dataset, cases, store.find("demo_canal"), RunSettings("cpu"), store=store)
    assert "for sub-01_T1w: sub-01_T2w, sub-01_acq-ax_T2w" in outcome.error.cause
    assert "--set localizer=acq-ax_T2w" in outcome.error.remedy


def test_missing_weights_are_said_before_any_case_is_begun(world, store):
    with pytest.raises(ModelNotInstalledError, match=r"weights of TotalSpineSeg are not here") as caught:
        RecipeRequest.of(world, "spine_tools", store=store, stated={"labeling": False})
    assert "models install" in caught.value.remedy
    with pytest.raises(ModelNotInstalledError, match=r"weights of SPINEPS are not here \(spineps_labeling_v1.4.0\)"):
        RecipeRequest.of(world, "spine_tools", store=store, stated={"totalspineseg": "tiny"})
    with pytest.raises(UsageError, match="Levels cannot be"):
        RecipeRequest.of(world, "spine_tools", store=store, stated={**SETTINGS, "levels": "guessed"})
