"""What is opened: of the masks that there are the right one, on the image's grid, and what is passed over is told."""

import numpy as np
import pytest
from review_world import CANAL, SHAPE, SPINE, accept, draw, spine

from SpineGTRefineLib.bids import save_mask
from SpineGTRefineLib.errors import UsageError
from SpineGTRefineLib.imaging import read_image, write_labels
from SpineGTRefineLib.review.origin import OriginKind
from SpineGTRefineLib.review.session import SessionState


def test_what_is_opened_is_the_first_of_draft_refined_lab_proposal_and_nothing(world):
    dataset, image = world.dataset(), None
    first, second, third = dataset.cases()
    image = read_image(third.image)
    (world.root / "derivatives/labels/sub-03/anat/sub-03_T2w_label-spine_dseg.nii.gz").unlink()
    (world.root / "derivatives/labels/sub-03/anat/sub-03_T2w_label-canal_seg.nii.gz").unlink()
    session = world.session(mask_types=(SPINE, CANAL))

    def origin(case, kind):
        return session.open(session.worklist.item((case.key, kind.name))).kind

    assert origin(third, CANAL) is OriginKind.EMPTY
    session.close()
    save_mask(dataset, third, SPINE, spine(), image=image)
    assert origin(third, SPINE) is OriginKind.PROPOSAL
    session.close()
    save_mask(dataset, second, SPINE, spine(), image=read_image(second.image))
    assert origin(second, SPINE) is OriginKind.LAB
    accept(session)
    assert origin(second, SPINE) is OriginKind.REFINED
    assert session.origin.rater == "AB"
    session.apply(draw(np.s_[0], 41))
    assert origin(first, SPINE) is OriginKind.LAB
    assert origin(second, SPINE) is OriginKind.DRAFT
    assert session.worklist.item((second.key, "spine")).status == "draft"


def test_a_proposal_that_came_before_the_rater_is_not_what_an_unedited_lab_mask_is_compared_with(world):
    session = world.session()
    case = session.dataset.cases()[0]
    other = draw(np.s_[0:2], 43).function(spine())
    save_mask(session.dataset, case, SPINE, other, image=read_image(case.image))
    session.open_first()
    assert session.origin.kind is OriginKind.LAB
    saved = accept(session)
    assert (saved.status, saved.difference.changed_voxels) == ("accepted-unchanged", 0)


def test_a_draft_of_an_older_mask_never_hides_what_somebody_saved_since(world):
    first = world.session("AB")
    first.open_first()
    first.apply(draw(np.s_[0, 0, :5], 43))
    first.close()
    other = world.session("CD")
    other.open_first()
    other.apply(draw(np.s_[1, 0, :5], 44))
    accept(other)
    other.close()
    again = world.session("AB")
    assert again.open(again.worklist.items()[0]).kind is OriginKind.REFINED
    assert again.origin.rater == "CD"
    assert any("saved anew" in notice for notice in again.notices)
    (draft,) = [version for version in again.versions() if version.title == "draft of AB"]
    again.adopt(draft.proposal())
    assert (again.bench.labels().array[0, 0, :5] == 43).all()


def test_the_second_contrast_is_that_of_the_same_visit(world):
    world.add_case("sub-01_T1w")
    session = world.session()
    session.open(session.worklist.item(("sub-01_T2w", "spine")))
    (other,) = session.second_contrasts()
    assert other.key == "sub-01_T1w"
    assert session.second_contrast(other).array.shape == SHAPE


def test_a_damaged_mask_or_one_of_another_grid_is_passed_over_with_a_note(world):
    lab = world.root / "derivatives/labels/sub-01/anat/sub-01_T2w_label-spine_dseg.nii.gz"
    lab.write_bytes(lab.read_bytes()[:100])
    session = world.session()
    assert session.open_first().kind is OriginKind.EMPTY
    assert any("passed over" in notice for notice in session.notices)


def test_a_mask_stored_in_another_direction_is_edited_and_saved_on_the_images_grid(world):
    from SpineGTRefineLib.imaging import reorient

    lab = world.root / "derivatives/labels/sub-01/anat/sub-01_T2w_label-spine_dseg.nii.gz"
    lab.unlink()
    write_labels(lab, reorient(spine(), "PIR"))
    session = world.session()
    session.open_first()
    assert np.array_equal(session.bench.labels().array, spine().array)
    assert accept(session).status == "accepted-unchanged"


def test_an_image_that_cannot_be_read_opens_nothing_and_holds_nothing(world):
    image = world.root / "sub-01/anat/sub-01_T2w.nii.gz"
    image.write_bytes(image.read_bytes()[:200])
    session = world.session()
    with pytest.raises(Exception, match="sub-01_T2w"):
        session.open_first()
    assert session.state is SessionState.CLOSED
    other = world.session("CD")
    other.open(other.worklist.items()[1])
    assert other.state is SessionState.EDITING
    with pytest.raises(UsageError, match="No mask is open"):
        session.save()


def test_a_rater_who_works_independently_does_not_see_what_others_refined_before(world):
    other = world.session("CD", mask_types=(SPINE, CANAL))
    other.open_first()
    other.apply(draw(np.s_[0, 0, :], 43))
    accept(other, insist=True)
    other.open(other.worklist.item((other.item.case.key, "canal")))
    other.apply(draw(np.s_[0, 0, :], 1))
    accept(other, insist=True)
    other.close()
    session = world.session("AB", mode="independent")
    assert session.worklist.items()[0].status == "todo"
    assert session.open_first().kind is OriginKind.LAB
    assert np.array_equal(session.bench.labels().array, spine().array)
    assert not session.outlines["canal"].array[0, 0].any()
    assert not any("CD" in version.title for version in session.versions())
    session.close()
    again = world.session("CD", mode="independent")
    assert again.open(again.worklist.items()[0]).kind is OriginKind.REFINED, "one's own earlier work is seen"
