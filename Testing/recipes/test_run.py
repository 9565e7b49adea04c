"""Running a recipe over a dataset, with a model that thresholds: proposals only, nothing twice, failures alone."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from scripted_models import Threshold, installed

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.errors import CancelledError, InputError, ModelNotInstalledError
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_image, read_labels, write_image
from SpineGTRefineLib.models import InstalledModel, ModelEntry, ModelStore
from SpineGTRefineLib.models.registry import registry
from SpineGTRefineLib.recipes.batch import RunSettings, run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.guards import contrast_of
from SpineGTRefineLib.recipes.model_choice import choose_model
from SpineGTRefineLib.recipes.runner import run_recipe

GRID = Geometry((6, 30, 40), np.diag([4.0, 1.0, -1.0, 1.0]))
CANAL = mask_type("canal")


def write(root, name, bright=150):
    array = np.full(GRID.shape, 10, np.int16)
    array[2:4, 10:20, 5:35] = bright
    path = root / name.split("_")[0] / "anat" / f"{name}.nii.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, Image(array, GRID))
    return path


@pytest.fixture
def root(tmp_path):
    for n in (1, 2, 3):
        write(tmp_path / "data", f"sub-0{n}_T2w")
    return tmp_path / "data"


def run(root, *, model=None, settings=None, threshold=None, **options):
    dataset = Dataset.open(root)
    outcomes = run_on_dataset(
        recipe("canal"), dataset, dataset.cases(), model or installed(), settings or RunSettings(),
        run=threshold or Threshold(), **options,
    )  # fmt: skip
    return list(outcomes)


def raw_hashes(root):
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(root.glob("sub-*/anat/*"))}


def test_every_case_gets_a_proposal_on_its_own_grid_and_the_images_stay_as_they_are(root):
    before = raw_hashes(root)
    outcomes = run(root)
    assert [o.succeeded for o in outcomes] == [True] * 3
    for outcome, image in zip(outcomes, before, strict=True):
        saved = read_labels(outcome.saved.path, scheme("canal"))
        assert saved.geometry.matches(read_image(image).geometry)
        assert np.array_equal(saved.array, read_image(image).array > 100)
        assert outcome.saved.status == "proposed"
    assert raw_hashes(root) == before


def test_the_sidecar_says_which_weights_made_it(root):
    sidecar = json.loads(run(root)[0].saved.sidecar.read_text())
    (entry,) = [e for e in sidecar["GeneratedBy"] if "Model" in e]
    assert entry["WeightsSHA256"] == "a" * 64
    assert entry["Model"] == "threshold r1"
    assert entry["Name"] == "spine-gt-refine recipe canal"


def test_what_is_done_is_skipped_unless_asked_and_other_weights_or_another_image_run_again(root):
    run(root)
    again = Threshold()
    assert all(o.skipped for o in run(root, threshold=again))
    assert again.images == 0
    run(root, threshold=again, settings=RunSettings(again=True))
    assert again.images == 3
    run(root, threshold=again, model=installed(digest="b" * 64))
    assert again.images == 6
    write(root, "sub-02_T2w", bright=200)
    run(root, threshold=again, model=installed(digest="b" * 64))
    assert again.images == 7


def test_one_failing_case_never_stops_the_rest_and_says_why(root):
    image = root / "sub-02" / "anat" / "sub-02_T2w.nii.gz"
    image.write_bytes(image.read_bytes()[:-50])
    first, second, third = run(root)
    assert first.succeeded
    assert third.succeeded
    assert not second.succeeded
    assert second.error.cause
    assert second.error.remedy


def test_a_mask_that_a_person_edited_is_never_touched(root):
    dataset = Dataset.open(root)
    case = dataset.case("sub-01_T2w")
    image = read_image(case.image)
    edited = np.zeros(GRID.shape, np.uint8)
    edited[3, 12, 7] = 1
    kept = save_mask(
        dataset, case, CANAL, LabelMap(edited, GRID, scheme("canal")), image=image, rater="AB", status="corrected"
    )
    before = kept.path.read_bytes()
    (outcome, *_) = run(root)
    assert kept.path.read_bytes() == before
    assert outcome.saved.path != kept.path
    assert "proposal" in outcome.saved.path.name
    assert np.array_equal(load_mask(Dataset.open(root), case, CANAL).array, edited)


def test_the_mode_reaches_the_network(root):
    asked = []

    class Fast(Threshold):
        def __call__(self, images, model, *, mode="exact", **options):
            asked.append(mode)
            return super().__call__(images, model, **options)

    dataset = Dataset.open(root)
    for mode in ("exact", "fast"):
        settings = RunSettings(mode=mode, again=True)
        list(run_on_dataset(recipe("canal"), dataset, dataset.cases()[:1], installed(), settings, run=Fast()))
    assert asked == ["exact", "fast"]


def test_a_wrong_contrast_is_warned_of_and_stating_it_is_recorded(root):
    write(root, "sub-04_T1w")
    dataset = Dataset.open(root)
    image = read_image(dataset.case("sub-04_T1w").image)
    result = run_recipe(recipe("canal"), image, installed(), contrast="T1w", run=Threshold())
    assert any("trained on T2w; the image is T1w" in warning for warning in result.warnings)
    stated = run_recipe(recipe("canal"), image, installed(), contrast="T2w", contrast_stated=True, run=Threshold())
    assert stated.warnings == ()
    assert "T2w" in stated.generator["Description"]


@pytest.mark.parametrize(
    ("name", "sidecar", "contrast"),
    [
        ("sub-01_T1w", {"SeriesDescription": "t2_tse_sag"}, "T1w"),
        ("patient_t2", {}, "T2w"),
        ("scan7", {"SeriesDescription": "T2w TSE sag"}, "T2w"),
        ("lumbar_t2", {"ProtocolName": "t1_tse_sag"}, "T1w"),
        ("scan7", {"SeriesDescription": "t1 and t2"}, ""),
        ("scan7", {"SeriesDescription": "t2star, T2*, t2map"}, ""),
        ("scan7", {}, ""),
    ],
)
def test_the_contrast_is_told_by_the_name_or_else_by_the_sidecar(tmp_path, name, sidecar, contrast):
    path = tmp_path / "data" / f"{name}.nii.gz"
    path.parent.mkdir()
    write_image(path, Image(np.zeros(GRID.shape, np.int16), GRID))
    path.with_name(f"{name}.json").write_text(json.dumps(sidecar))
    (case,) = Dataset.open(path, tmp_path / "out").cases()
    assert contrast_of(case) == contrast


def test_what_must_be_said_with_every_result_of_a_model_is_said(root):
    demo = registry()["demo_canal"]
    model = InstalledModel(demo, Path(), {"fold_0/checkpoint_final.pth": "a" * 64}, "made by the test")
    outcomes = run(root, model=model)
    assert all("means nothing" in " ".join(outcome.notes) for outcome in outcomes)


def test_an_empty_result_is_said():
    image = Image(np.full(GRID.shape, 5, np.int16), GRID)
    result = run_recipe(recipe("canal"), image, installed(), contrast="T2w", run=Threshold())
    assert any("found nothing" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("shape", "spacing", "told"),
    [((1, 60, 60), 1.0, "slice"), ((10, 10, 10), 1.0, "from head to tail"), ((30, 30, 30), 9.0, "voxels are up to")],
)
def test_an_image_that_cannot_work_is_refused_with_a_way_out(shape, spacing, told):
    image = Image(np.zeros(shape, np.int16), Geometry(shape, np.diag([spacing] * 3 + [1])))
    with pytest.raises(InputError, match=told) as caught:
        run_recipe(recipe("canal"), image, installed(), contrast="T2w", run=Threshold())
    assert caught.value.remedy


def test_cancel_ends_the_run_and_keeps_what_was_saved(root):
    answers = iter([False, True])
    with pytest.raises(CancelledError):
        run(root, cancel=lambda: next(answers))
    saved = list(Dataset.open(root).output.rglob("*_mask.nii.gz"))
    assert len(saved) == 1


def test_the_first_installed_model_of_a_recipe_runs(tmp_path):
    entries = {name: ModelEntry(name, "1", name) for name in recipe("canal").models}
    with pytest.raises(ModelNotInstalledError) as caught:
        choose_model(recipe("canal"), ModelStore(tmp_path, entries))
    assert recipe("canal").models[0] in caught.value.remedy
