"""The recipes spine and sacrum on what they were not made for: a clear message, and what can be used is saved.

The network is replaced by one that says what the test tells it to; everything around it is the real thing.
"""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import Image, LabelMap, read_labels, write_image, write_labels
from SpineGTRefineLib.learning.demos.spine_phantoms import parts_of
from SpineGTRefineLib.models import InstalledModel, ModelEntry, Prediction
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.level_doubts import level_doubts
from SpineGTRefineLib.refine.column import Column, Member
from SpineGTRefineLib.refine.level_names import column_of, name_chain, region_of

PARTS, SPINE = scheme("spine_parts"), scheme("spine")
MODEL = InstalledModel(
    ModelEntry("says", "r1", "A model that says what it is told", contrasts=("T1w", "T2w"), scheme="spine_parts"),
    Path(), {"fold_0/checkpoint_final.pth": "a" * 64}, "made by the test",
)  # fmt: skip


@pytest.fixture(scope="module")
def lumbar():
    return make_spine(9700, spacing=4.0, region="lumbar", rootlets=False)


@pytest.fixture
def run(tmp_path, lumbar):
    """Run a recipe on the lumbar phantom (or another image) with a network that draws these parts."""

    def run(parts=None, *, name="spine", image=None, contrast="T2w", write=write_image, **settings):
        path = tmp_path / "data" / "sub-01" / "anat" / f"sub-01_{contrast}.nii.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, image or lumbar.image)
        says = None if parts is None else LabelMap(parts.astype(np.uint8), lumbar.image.geometry, PARTS)

        def network(images, model, **options):
            return Prediction(says, ("background",), None, None, {}, {})

        dataset = Dataset.open(tmp_path / "data")
        (outcome,) = run_on_dataset(recipe(name).with_settings(settings), dataset, dataset.cases(), MODEL, run=network)
        return outcome

    return run


def keeping(parts, *keys):
    """Only these parts."""
    return np.where(np.isin(parts, [PARTS.value_of(key) for key in keys]), parts, 0)


def levels_of(outcome):
    """Vertebrae in the saved mask."""
    found = np.unique(read_labels(outcome.saved.path, SPINE).array)
    return [SPINE[int(value)].structure.key for value in found if 0 < value < SPINE.value_of("sacrum")]


def told(outcome, *words):
    return any(all(word in note for word in words) for note in outcome.notes)


def test_a_4d_file_is_refused_with_what_to_do(run, lumbar):
    def write_4d(path, image):
        nib.Nifti1Image(np.stack([image.array] * 3, axis=-1), image.geometry.affine).to_filename(path)

    outcome = run(write=write_4d)
    assert "3 volumes" in outcome.error.cause
    assert outcome.error.remedy


@pytest.mark.parametrize("name", ["spine", "sacrum"])
def test_a_single_slice_is_refused(run, lumbar, name):
    grid = lumbar.image.geometry
    middle = grid.shape[0] // 2
    slice_ = lumbar.image.array[middle : middle + 1]
    thin = Image(slice_, grid.with_shape_and_origin(slice_.shape, (middle, 0, 0)))
    outcome = run(image=thin, name=name)
    assert "1 slice" in outcome.error.cause
    assert "another image" in outcome.error.remedy


def test_another_contrast_runs_and_is_told(run, lumbar):
    outcome = run(parts_of(lumbar).array, contrast="T2starw")
    assert outcome.succeeded
    assert told(outcome, "T2starw", "--contrast")


@pytest.mark.parametrize(("name", "words"), [("spine", ("No vertebra",)), ("sacrum", ("found nothing",))])
def test_an_empty_prediction_is_told(run, lumbar, name, words):
    outcome = run(np.zeros(lumbar.spine.array.shape), name=name)
    assert outcome.succeeded
    assert told(outcome, *words)


def test_without_a_vertebra_canal_cord_and_sacrum_are_still_saved(run, lumbar, tmp_path):
    outcome = run(keeping(parts_of(lumbar).array, "sacrum", "cord", "canal_without_cord"))
    assert told(outcome, "No vertebra")
    assert (read_labels(outcome.saved.path, SPINE).array == SPINE.value_of("sacrum")).any()
    masks = Dataset.open(tmp_path / "data").case("sub-01_T2w").masks
    assert {mask.mask_type.name for mask in masks} >= {"canal", "cord"}


def test_one_vertebra_alone_is_drawn_and_its_name_doubted(run, lumbar):
    parts = parts_of(lumbar).array
    only = (lumbar.spine.array == SPINE.value_of("vertebra_L3")) & (parts == PARTS.value_of("bodies_lumbar"))
    outcome = run(np.where(only, parts, 0))
    assert len(levels_of(outcome)) == 1
    assert told(outcome, "Only one vertebra")
    assert told(outcome, "No landmark is in view")
    assert told(outcome, "No spinal canal")


def test_an_empty_canal_mask_of_the_case_does_not_hide_that_nothing_was_cut_out(run, lumbar, tmp_path):
    folder = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    folder.mkdir(parents=True)
    empty = lumbar.canal.with_array(np.zeros_like(lumbar.canal.array))
    write_labels(folder / "sub-01_T2w_label-canal_seg.nii.gz", empty)
    outcome = run(keeping(parts_of(lumbar).array, "sacrum", "bodies_lumbar"))
    assert told(outcome, "canal mask of this case is not used: It is empty.")
    assert told(outcome, "No spinal canal was found")


def test_a_map_of_the_whole_spine_under_the_name_of_a_canal_takes_nothing_away(run, lumbar, tmp_path):
    folder = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    folder.mkdir(parents=True)
    write_labels(folder / "sub-01_T2w_label-canal_seg.nii.gz", lumbar.spine)
    outcome = run(parts_of(lumbar).array)
    assert told(outcome, "canal mask of this case is not used", "not part of the label scheme 'canal'")
    assert len(levels_of(outcome)) >= 5


def test_without_a_landmark_the_vertebrae_are_drawn_and_the_user_learns_how_to_name_them(run, lumbar):
    parts = parts_of(lumbar).array
    three = lumbar.spine.mask([SPINE.value_of(f"vertebra_L{n}") for n in (2, 3, 4)])
    outcome = run(np.where(three & (parts == PARTS.value_of("bodies_lumbar")), parts, 0))
    assert len(levels_of(outcome)) == 3
    assert told(outcome, "No landmark is in view", "first_level")


def test_a_first_level_that_cannot_be_is_said_to_be_it(run, lumbar):
    outcome = run(keeping(parts_of(lumbar).array, "bodies_lumbar"), first_level="L5")
    assert levels_of(outcome) == []
    assert told(outcome, "vertebrae from L5 on", "leave first_level out")


def test_a_level_that_the_model_saw_twice_is_given_once_and_told(run, lumbar):
    parts = parts_of(lumbar).array.copy()
    l4 = lumbar.spine.array == SPINE.value_of("vertebra_L4")
    parts[l4 & (parts == PARTS.value_of("bodies_lumbar"))] = PARTS.value_of("body_C2")
    outcome = run(parts)
    assert levels_of(outcome)[-5:] == [f"vertebra_L{n}" for n in range(1, 6)]
    assert told(outcome, "L4 does not look like its region")


def test_a_vertebra_in_two_halves_is_one(run, lumbar):
    parts = parts_of(lumbar).array.copy()
    l3 = lumbar.spine.mask([SPINE.value_of("vertebra_L3")])
    left, right = np.flatnonzero((l3 & (parts == PARTS.value_of("bodies_lumbar"))).any(axis=(1, 2)))[[0, -1]]
    middle = (left + right) // 2
    parts[middle : middle + 2][l3[middle : middle + 2]] = 0
    outcome = run(parts)
    assert levels_of(outcome)[-5:] == [f"vertebra_L{n}" for n in range(1, 6)]


def test_an_unusual_count_is_always_told_with_the_next_best_one():
    column = column_of(13, 5)
    naming = name_chain([{region_of(level): 1.0} for level in column], above_sacrum=True)
    members = tuple(Member(n, np.zeros(3), {}) for n, _ in enumerate(column, start=1))
    [doubt] = level_doubts(Column(members, np.zeros(1)), naming)
    assert "13 thoracic and 5 lumbar" in doubt.message
    assert "T13 is L1" in doubt.message
