"""The one map of a case: composed from its masks, stale when one of them changes, composed again on request."""

import json

import numpy as np
import pytest
from bids_world import World, make_labels

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.errors import ConflictError, InputError
from SpineGTRefineLib.imaging import read_labels
from SpineGTRefineLib.recipes.composition import compose_case, composition

L1, CANAL, CORD, SACRUM = 41, 2, 1, 50


@pytest.fixture
def world(tmp_path):
    """A case with a canal of the lab (slices 2 and 3) and a refined spine (L1 everywhere)."""
    made = World(tmp_path / "dataset")
    keep(made, "spine", make_labels("spine", fill=L1, start=0, stop=6))
    return made


def keep(world, kind, labels, status="corrected"):
    world.open()
    save_mask(world.dataset, world.case, mask_type(kind), labels, image=world.image, rater="ab", status=status)
    world.open()


def stale(dataset):
    """The one maps that do not follow from the masks any more."""
    return [one for one in (composition(dataset, case) for case in dataset) if one.is_stale]


def reasons(world):
    world.open()
    return composition(world.dataset, world.case).reasons


def column(path):
    return read_labels(path, mask_type("composed").scheme).array[:, 0, 0].tolist()


def test_the_one_map_lies_beside_the_masks_and_is_made_of_the_refined_ones(world):
    saved = compose_case(world.dataset, world.case)
    assert saved.path.name == "sub-01_ses-M0_acq-sag_space-T2w_seg-composed_desc-refined_dseg.nii.gz"
    assert column(saved.path) == [L1, L1, CANAL, CANAL, L1, L1]
    sources = json.loads(saved.sidecar.read_text())["Sources"]
    assert [source.rpartition("/")[2].partition(".")[0] for source in sources] == [
        "sub-01_ses-M0_acq-sag_T2w",
        "sub-01_ses-M0_acq-sag_space-T2w_seg-spine_desc-refined_dseg",
        "sub-01_ses-M0_acq-sag_T2w_label-canal_seg",
    ]
    assert load_mask(world.dataset, world.case, mask_type("spine")).values() == (L1,)


def test_it_is_up_to_date_after_composing_and_never_stale_before(world):
    assert not composition(world.dataset, world.case).exists
    assert reasons(world) == ()
    compose_case(world.dataset, world.case)
    assert reasons(world) == ()
    assert stale(Dataset.open(world.root)) == []


def test_a_canal_that_is_edited_again_makes_it_stale_until_it_is_composed_again(world):
    keep(world, "canal", make_labels("canal", start=2, stop=4))
    compose_case(world.dataset, world.case)
    assert reasons(world) == ()
    keep(world, "canal", make_labels("canal", start=3, stop=5))
    (reason,) = reasons(world)
    assert "label-canal_desc-refined" in reason
    assert "changed" in reason
    (old,) = stale(world.dataset)
    assert column(old.path) == [L1, L1, CANAL, CANAL, L1, L1]
    compose_case(world.dataset, world.case)
    assert column(old.path) == [L1, L1, L1, CANAL, CANAL, L1]
    assert reasons(world) == ()


def test_a_mask_that_was_not_there_before_makes_it_stale(world):
    compose_case(world.dataset, world.case)
    keep(world, "sacrum", make_labels("sacrum", start=5, stop=6))
    assert any("sacrum" in reason for reason in reasons(world))
    compose_case(world.dataset, world.case)
    assert reasons(world) == ()


def test_a_refined_canal_in_place_of_the_labs_makes_it_stale(world):
    compose_case(world.dataset, world.case)
    keep(world, "canal", make_labels("canal", start=3, stop=5))
    assert len(reasons(world)) == 2  # another one is to be used, the old one no more


def test_composing_again_leaves_edits_of_a_person_alone(world):
    compose_case(world.dataset, world.case)
    keep(world, "composed", make_labels("composed", fill=L1, start=0, stop=1))
    with pytest.raises(ConflictError, match="by hand"):
        compose_case(world.dataset, world.case)


def test_composing_does_not_touch_what_is_known_about_the_spine_mask(world):
    from SpineGTRefineLib.bids.events import current_status, read_events

    compose_case(world.dataset, world.case)
    status = {mask: event.status for (_, mask), event in current_status(read_events(world.dataset.output)).items()}
    assert status == {"spine": "corrected", "composed": "proposed"}


def test_a_case_without_masks_is_told_what_is_missing(tmp_path):
    world = World(tmp_path / "dataset")
    world.lab_mask.unlink()
    world.open()
    with pytest.raises(InputError, match="no spine, sacrum, canal, cord"):
        compose_case(world.dataset, world.case)
    assert np.all([not one.exists for one in [composition(world.dataset, world.case)]])
