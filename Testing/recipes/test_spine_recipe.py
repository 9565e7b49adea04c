"""The recipes spine and sacrum over the whole way: phantom on disk, demo model, saved derivative, truth."""

from pathlib import Path

import numpy as np
import pytest
from bids_validator import validator_errors

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.imaging import Image, read_labels, write_image
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.models import ModelStore
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.composition import compose_case
from SpineGTRefineLib.recipes.definition import recipe

pytest.importorskip("torch", reason="needs PyTorch (the extra [models])")
pytest.importorskip("nnunetv2", reason="needs nnU-Net (the extra [models])")
from SpineGTRefineLib.learning.demos.spine import TESTS

pytestmark = pytest.mark.slow

SPINE = scheme("spine")
SACRUM = SPINE.value_of("sacrum")
"""Values below are vertebrae, above are discs."""

SLIVER_MM3 = 3000.0
"""Less of a vertebra at the edge of the image than this (a fifth of one) has no name to be right or wrong."""


def put(root: Path, subject: str, image: Image) -> None:
    path = root / f"sub-{subject}" / "anat" / f"sub-{subject}_T2w.nii.gz"
    path.parent.mkdir(parents=True)
    write_image(path, image)


def run(root: Path, name: str) -> dict:
    dataset = Dataset.open(root)
    store = ModelStore(root.parent / "no-models-of-the-user")
    outcomes = run_on_dataset(recipe(name), dataset, dataset.cases(), store.find("demo_spine"), store=store)
    found = {outcome.key: outcome for outcome in outcomes}
    assert all(o.succeeded for o in found.values()), [str(o.error) for o in found.values() if o.error]
    return found


@pytest.fixture(scope="module")
def phantoms():
    """Of each kind one that was never looked at while the model or the naming were made."""
    return {kind: make_spine(rootlets=False, **arguments) for kind, arguments in TESTS.items()}


@pytest.fixture(scope="module")
def root(phantoms, tmp_path_factory):
    """All of them in one dataset."""
    root = tmp_path_factory.mktemp("spines") / "data"
    for kind, phantom in phantoms.items():
        put(root, kind.replace("-", ""), phantom.image)
    return root


@pytest.fixture(scope="module")
def outcomes(root):
    """A run of the recipe spine."""
    return run(root, "spine")


@pytest.fixture(scope="module")
def found(outcomes, phantoms):
    """The saved masks, by kind."""
    saved = {kind: outcomes[f"sub-{kind.replace('-', '')}_T2w"].saved for kind in phantoms}
    return {kind: read_labels(mask.path, SPINE) for kind, mask in saved.items()}


def scores_of(phantom, labels):
    values = [int(value) for value in np.unique(phantom.spine.array) if value]
    return {value: dice(phantom.spine.array == value, labels.array == value) for value in values}


@pytest.mark.parametrize("kind", TESTS)
def test_every_vertebra_and_disc_has_its_own_name(phantoms, found, kind):
    truth, labels = phantoms[kind].spine, found[kind]
    assert labels.geometry.matches(phantoms[kind].image.geometry)
    wrong = {}
    for value in np.unique(truth.array)[1:]:
        named = labels.array[truth.array == value]
        if named.size * truth.geometry.voxel_volume < SLIVER_MM3:
            continue
        name = int(np.bincount(named[named > 0]).argmax()) if named.any() else 0
        if name != value:
            wrong[SPINE[int(value)].name] = SPINE[name].name if name else "nothing"
    assert wrong == {}


def test_vertebrae_and_discs_are_well_drawn(phantoms, found):
    scores = [(value, score) for kind in TESTS for value, score in scores_of(phantoms[kind], found[kind]).items()]
    assert np.mean([score for value, score in scores if value < SACRUM]) >= 0.85
    assert np.mean([score for value, score in scores if value > SACRUM]) >= 0.85


@pytest.mark.parametrize("kind", TESTS)
def test_the_sacrum_is_drawn_where_there_is_one(phantoms, found, kind):
    """Well, also where the image cuts through it."""
    truth, drawn = phantoms[kind].spine.array == SACRUM, found[kind].array == SACRUM
    if truth.any():
        assert dice(truth, drawn) >= 0.85
    else:
        assert not drawn.any()


def test_canal_and_cord_come_with_it_and_compose_to_one_map(root, outcomes):
    dataset = Dataset.open(root)
    case = dataset.case("sub-usual_T2w")
    assert {mask.mask_type.name for mask in case.masks} >= {"spine", "canal", "cord"}
    composed = read_labels(compose_case(dataset, case).path, SPINE)
    assert {1, 2, SACRUM, SPINE.value_of("vertebra_C1")} <= set(np.unique(composed.array).tolist())
    assert validator_errors(dataset.output) == []


def test_what_is_done_is_not_done_again(root, outcomes):
    assert all(outcome.skipped for outcome in run(root, "spine").values())


def test_the_sacrum_alone_is_one_piece(tmp_path, phantoms):
    put(tmp_path / "data", "01", phantoms["thick-slice"].image)
    saved = run(tmp_path / "data", "sacrum")["sub-01_T2w"].saved
    assert dice(read_labels(saved.path, scheme("sacrum")).array > 0, phantoms["thick-slice"].sacrum.array > 0) >= 0.85


def test_an_image_without_a_spine_gives_an_empty_proposal_and_says_so(tmp_path):
    noise = np.random.default_rng(1).integers(0, 30, (24, 40, 40)).astype(np.int16)
    put(tmp_path / "data", "01", Image(noise, make_spine(1, spacing=4.0, shape=(24, 40, 40)).image.geometry))
    (outcome,) = run(tmp_path / "data", "spine").values()
    assert any("vertebra" in note or "found nothing" in note or "No landmark" in note for note in outcome.notes)
