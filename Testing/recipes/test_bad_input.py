"""What recipes say to images that they cannot use: each bad case is named with its reason, and the others are saved."""

from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
from scripted_models import Models, Threshold

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset, mask_type, save_mask
from SpineGTRefineLib.imaging import LabelMap, read_image, read_labels
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe

RECIPES = ("canal", "cord", "rootlets", "lumbosacral", "mouse")
VOLUMES_ONLY = tuple(name for name in RECIPES if name != "mouse")  # the mouse has a model for single slices


class WithWeakSpot(Threshold):
    """A model that breaks on a certain image."""

    def __call__(self, images, model, **options):
        if (images[0].array == 999).any():
            raise ZeroDivisionError("the weak spot")
        return super().__call__(images, model, **options)


@pytest.fixture(params=RECIPES)
def name(request):
    """A recipe."""
    return request.param


@pytest.fixture
def study(name, tmp_path):
    """Writes images of a dataset whose voxels suit the recipe, and runs it on all of them."""
    size = 0.05 if name == "mouse" else 1.0
    array = np.full((24, 30, 40), 10, np.int16)
    array[10:14, 12:18, 3:37] = 150

    def write(subject, voxels=array, contrast="T2w"):
        path = tmp_path / "data" / f"sub-{subject}" / "anat" / f"sub-{subject}_{contrast}.nii.gz"
        path.parent.mkdir(parents=True)
        image = nib.Nifti1Image(voxels, np.diag([size, size, size, 1]))
        image.header.set_xyzt_units("mm")
        nib.save(image, path)

    def run():
        dataset, store = Dataset.open(tmp_path / "data"), Models()
        model = store.find(name)
        outcomes = run_on_dataset(recipe(name), dataset, dataset.cases(), model, store=store, run=WithWeakSpot())
        return {outcome.key.removeprefix("sub-")[:2]: outcome for outcome in outcomes}

    write("01")
    write("99")
    return SimpleNamespace(array=array, write=write, run=run, root=tmp_path / "data")


def good_cases_are_saved(outcomes):
    return all(outcomes[subject].saved is not None for subject in ("01", "99"))


def told(outcome):
    return " ".join(outcome.notes) if outcome.error is None else f"{outcome.error.cause} {outcome.error.remedy}"


def test_bad_images_are_named_with_reason_and_remedy_and_the_others_are_saved(name, study):
    study.write("02", np.stack([study.array] * 2, axis=-1))
    study.write("03", np.where(study.array > 100, 999, study.array).astype(np.int16))
    study.write("04", study.array, contrast="T1w")
    outcomes = study.run()
    assert good_cases_are_saved(outcomes)
    assert all(outcomes[subject].error.remedy for subject in ("02", "03"))
    assert "holds 2 volumes" in told(outcomes["02"])
    assert "ZeroDivisionError: the weak spot" in told(outcomes["03"])
    assert outcomes["04"].saved is not None
    assert "trained on T2w; the image is T1w" in told(outcomes["04"])


@pytest.mark.parametrize("slices", [np.s_[:, :, 20:21], np.s_[:, :, 20], np.s_[12:13]])
def test_a_single_slice_is_refused_where_a_volume_is_needed(name, study, slices):
    study.write("02", study.array[slices])
    outcomes = study.run()
    assert good_cases_are_saved(outcomes)
    if name in VOLUMES_ONLY:
        assert f"1 slice(s) along one axis; {name} needs 3" in told(outcomes["02"])
    else:
        assert "demo_mouse_2d ran instead" in told(outcomes["02"])
        assert read_labels(outcomes["02"].saved.path, scheme("gmwm")).array.any()


def test_an_image_that_shows_nothing_of_it_is_told(name, study):
    study.write("02", np.random.default_rng(0).integers(5, 90, study.array.shape).astype(np.int16))
    outcomes = study.run()
    assert good_cases_are_saved(outcomes)
    if name in ("rootlets", "lumbosacral"):  # they look around a cord
        assert "o cord" in told(outcomes["02"])
        assert outcomes["02"].error.remedy
    else:
        assert "found nothing in this image" in told(outcomes["02"])
        assert not read_labels(outcomes["02"].saved.path, recipe(name).mask_type.scheme).array.any()


@pytest.mark.parametrize("name", ["rootlets"], indirect=True)
@pytest.mark.parametrize(
    ("cord", "said"),
    [
        (np.zeros((24, 30, 40), np.uint8), "cord mask of this case is not used: It is empty."),
        (None, ""),
    ],
)
def test_rootlets_are_found_also_without_a_usable_cord_mask(study, cord, said):
    dataset = Dataset.open(study.root)
    case = dataset.case("sub-01_T2w")
    image = read_image(case.image)
    if cord is not None:
        empty = LabelMap(cord, image.geometry, scheme("cord"))
        save_mask(dataset, case, mask_type("cord"), empty, image=image, rater="AB", status="corrected")
    outcome = study.run()["01"]
    assert read_labels(outcome.saved.path, scheme("rootlets")).array.any()
    assert said in told(outcome)
