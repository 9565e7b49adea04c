"""The real programs of SPINEPS and TotalSpineSeg with stand-in weights that were trained on phantoms.

Nothing here says how good these tools are: the weights know lumbar phantoms only. What is tried is everything around
them: their command lines, folders and formats, and the way from there to one mask.

Needs ``$SPINEGTREFINE_STAND_INS``, the folder that ``Testing/tools/make_tool_stand_ins.py`` filled (and, for SPINEPS,
``make_spineps_stand_ins.py`` into its subfolder ``spineps``), and the tools: ``env create totalspineseg`` and so on, or
``$SPINEGTREFINE_TOTALSPINESEG`` and ``$SPINEGTREFINE_SPINEPS``.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type
from SpineGTRefineLib.errors import MissingDependencyError
from SpineGTRefineLib.imaging import read_labels, write_image, write_labels
from SpineGTRefineLib.models.tools.job import ToolJob
from SpineGTRefineLib.models.tools.program import find_tool
from SpineGTRefineLib.models.tools.totalspineseg import run_totalspineseg
from SpineGTRefineLib.phantoms import canal_like, make_spine
from SpineGTRefineLib.recipes.batch import RunSettings, run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.tool_weights import totalspineseg_weights

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
pytestmark = pytest.mark.slow


def stand_ins(part: str) -> Path:
    folder = Path(os.environ.get("SPINEGTREFINE_STAND_INS", "none")) / part
    if not folder.exists():
        pytest.skip("needs stand-in weights in $SPINEGTREFINE_STAND_INS (Testing/tools/make_tool_stand_ins.py)")
    return folder


def require(name: str) -> None:
    try:
        find_tool(name)
    except MissingDependencyError as error:
        pytest.skip(f"needs the real program: {error.remedy}")


@pytest.fixture(scope="module")
def phantom():
    return make_spine(7101, spacing=2.0, region="lumbar", rootlets=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from SpineGTRefineLib.models import ModelStore

    store = ModelStore(tmp_path_factory.mktemp("models") / "store")
    for step in ("step1", "step2"):
        store.install_own(stand_ins(step), name=f"totalspineseg_{step}_stand_in")
    return store


def share_of_bone(labels, phantom):
    """Share of the phantom's vertebrae and sacrum that carries the label of any of them.

    The names are not judged: one false piece of a disc shifts them all, and such weights make one.
    """
    kinds = ("vertebra", "sacrum")
    truth, found = (
        volume.mask([entry.value for entry in volume.scheme.of_kind(*kinds)]) for volume in (phantom.spine, labels)
    )
    return (truth & found).sum() / truth.sum()


def test_totalspineseg_runs_from_end_to_end(phantom, store, tmp_path):
    require("totalspineseg")
    image = tmp_path / "sub-01_T2w.nii.gz"
    write_image(image, phantom.image)
    stages = []
    weights = totalspineseg_weights(store.find, "stand_in")
    tool, told = find_tool("totalspineseg"), lambda *word: stages.append(word)
    result = run_totalspineseg(ToolJob(tool, image, tmp_path / "work", device="cpu", progress=told), weights)
    labels = read_labels(result.files["labels"], scheme("totalspineseg"))
    assert labels.geometry.matches(phantom.image.geometry)
    assert not labels.unknown_values()
    assert share_of_bone(labels, phantom) > 0.6
    assert len([entry for entry in labels.scheme.of_kind("vertebra") if entry.value in labels.values()]) >= 5
    assert [part for part, _ in stages] == sorted(part for part, _ in stages)
    assert any("step 2" in text for _, text in stages)


def test_the_whole_recipe_runs_with_both_tools(phantom, store, tmp_path):
    require("totalspineseg")
    require("spineps")
    for name, part in (("spineps_t2w_v1.0.9", "semantic"), ("spineps_instance_v1.2.0", "instance")):
        store.install(name, archive=stand_ins("spineps") / f"{part}.zip")
    anat = tmp_path / "data" / "sub-01" / "anat"
    labels = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    for folder in (anat, labels):
        folder.mkdir(parents=True)
    write_image(anat / "sub-01_T2w.nii.gz", phantom.image)
    write_labels(labels / "sub-01_T2w_label-canal_seg.nii.gz", canal_like(phantom))
    dataset = Dataset.open(tmp_path / "data")
    chosen = recipe("spine_tools").with_settings({"totalspineseg": "stand_in", "labeling": False})
    (outcome,) = run_on_dataset(
        chosen, dataset, dataset.cases(), store.find("demo_canal"), RunSettings("cpu"), store=store
    )
    assert outcome.succeeded, str(outcome.error)
    mask = load_mask(dataset.reopened(), dataset.case("sub-01_T2w"), mask_type("spine"))
    assert share_of_bone(mask, phantom) > 0.3
    assert not np.any(mask.array[canal_like(phantom).array > 0])
