"""A mask on another image: where it lands, when headers are not believed, and what is said about it."""

from dataclasses import replace

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, InputError
from SpineGTRefineLib.imaging import Geometry, LabelMap, read_image, resample_labels
from SpineGTRefineLib.imaging.registration import Registration
from SpineGTRefineLib.learning.demos.scores import dice
from SpineGTRefineLib.recipes import carrying
from SpineGTRefineLib.recipes.carrying import carry


@pytest.mark.slow
def test_a_movement_is_found_and_told(person):
    truth = np.eye(4)
    truth[:3, 3] = (6.0, -5.0, 8.0)
    ct = person["CT"].image
    geometry = type(ct.geometry)(ct.geometry.shape, truth @ ct.geometry.affine)
    carried = carry(
        replace(person["CT"].sacrum, geometry=geometry), replace(ct, geometry=geometry), person["T2w"].image
    )
    assert carried.registration.method == "rigid"
    assert carried.shift_mm == pytest.approx(np.linalg.norm((6, -5, 8)), abs=1.0)
    assert dice(carried.labels.array > 0, person["T2w"].sacrum.array > 0) > 0.8


def contradicting(path, image):
    """Write an image whose qform is right and whose sform lies 30 mm away, as some converters leave it."""
    import nibabel

    file = nibabel.Nifti1Image(image.array, image.geometry.affine)
    file.set_qform(image.geometry.affine, 1)
    away = image.geometry.affine.copy()
    away[2, 3] += 30.0
    file.set_sform(away, 1)
    nibabel.save(file, path)
    return read_image(path)


def test_a_header_that_contradicts_itself_is_shown_and_not_guessed(tmp_path, person):
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    mask = LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum"))
    with pytest.raises(GeometryError, match=r"image it was drawn on contradicts itself: qform .* 30 mm"):
        carry(mask, ct, person["T2w"].image, "header")


def test_where_no_registration_helps_either_such_a_header_is_not_believed(tmp_path, person, monkeypatch):
    found = Registration("rigid", np.eye(4), similarity=1.1, similarity_by_header=1.2, inconsistency_mm=25.0)
    monkeypatch.setattr(carrying, "register", lambda *images, **options: found)
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    mask = LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum"))
    with pytest.raises(GeometryError, match=r"contradicts itself.*there and back ends 25\.0 mm"):
        carry(mask, ct, person["T2w"].image)
    by_header = carry(person["CT"].sacrum, person["CT"].image, person["T2w"].image)
    assert by_header.registration.method == "header"
    (doubt,) = (note for note in by_header.notes if "not to be trusted" in note)
    assert "look less alike than by their headers (similarity 1.100 after 1.200). The headers are used." in doubt


def test_where_the_registration_fails_the_headers_are_used_and_it_is_said(person, monkeypatch):
    def fails(*images, **options):
        raise InputError("The two images could not be registered: they share too little.")

    monkeypatch.setattr(carrying, "register", fails)
    carried = carry(person["CT"].sacrum, person["CT"].image, person["T2w"].image)
    assert carried.registration.method == "header"
    assert any("registration failed" in note and "The headers are used." in note for note in carried.notes)


def test_a_mask_on_a_grid_of_its_own_is_not_related_to_such_an_image(tmp_path, person):
    ct = contradicting(tmp_path / "ct.nii", person["CT"].image)
    finer = Geometry(tuple(2 * n for n in ct.geometry.shape), ct.geometry.affine @ np.diag([0.5, 0.5, 0.5, 1]))
    mask = resample_labels(LabelMap(person["CT"].sacrum.array, ct.geometry, scheme("sacrum")), finer)
    with pytest.raises(GeometryError, match="only headers relate the two"):
        carry(mask, ct, person["T2w"].image, "rigid")


def test_an_empty_mask_is_not_carried(person):
    empty = person["CT"].sacrum.with_array(np.zeros_like(person["CT"].sacrum.array))
    with pytest.raises(InputError, match="mask is empty"):
        carry(empty, person["CT"].image, person["T2w"].image, "header")
