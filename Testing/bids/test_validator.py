"""The BIDS validator accepts what we write, alone and inside the raw dataset, with all our state present."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from bids_validator import validator_errors
from bids_world import add_image, make_labels

from SpineGTRefineLib.bids import Dataset, load_mask, locks, mask_type, mask_types, save_mask
from SpineGTRefineLib.bids.layout import drafts_folder, sidecar_path
from SpineGTRefineLib.bids.softmaps import SoftMap, save_soft_map
from SpineGTRefineLib.imaging import read_image


@pytest.fixture
def study(tmp_path: Path) -> Dataset:
    """A valid raw dataset, refined: all masks, soft maps, sessions, raters, history, locks, drafts, a bad sidecar."""
    root = tmp_path / "study"
    names = ("sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_run-1_T2w", "sub-02/ses-M0/anat/sub-02_ses-M0_T1w")
    for number, name in enumerate(names):
        image = add_image(root / f"{name}.nii.gz", seed=number)
        image.with_name(image.name.replace(".nii.gz", ".json")).write_text('{"Manufacturer": "none"}')
    description = {"Name": "test", "BIDSVersion": "1.10.1", "License": "CC0", "Authors": ["A B"]}
    (root / "dataset_description.json").write_text(json.dumps(description))
    (root / "README.md").write_text("A phantom dataset for tests of the refined derivatives. " * 5)
    (root / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-02\t31\n")
    dataset = Dataset.open(root)
    for case in dataset.cases():
        image = read_image(case.image)
        for kind in mask_types().values():
            value = kind.scheme.values[0]
            for rater, status, stop in (("", "proposed", 3), ("AB", "corrected", 4), ("", "proposed", 5)):
                labels = make_labels(kind.name, fill=value, stop=stop)
                save_mask(dataset, case, kind, labels, image=image, rater=rater, status=status)
        soft = SoftMap("rootletsC5", np.full(image.geometry.shape, 0.25, np.float32), "How likely it is.")
        save_soft_map(dataset, case, soft, image=image, mask_type=mask_type("rootlets"))
    first, canal = dataset.cases()[0], mask_type("canal")
    sidecar_path(dataset.mask_path(first, canal)).write_text("{bad")
    labels = load_mask(dataset, first, canal)
    save_mask(dataset, first, canal, labels, image=read_image(first.image), rater="AB", status="accepted-unchanged")
    locks.acquire(dataset.output, first.key, "spine", "AB")
    (drafts_folder(dataset.output) / first.key).mkdir(parents=True)
    (drafts_folder(dataset.output) / first.key / "spine.npz").write_bytes(b"draft")
    return dataset


@pytest.mark.slow
def test_the_validator_finds_no_error_alone_and_inside_the_raw_dataset(study):
    state = study.output / ".spine-gt-refine"
    assert all(list((state / part).rglob("*")) for part in ("events", "locks", "history", "drafts"))
    assert len(list(study.output.rglob("*_desc-refined_probseg.nii.gz"))) == len(study)
    assert validator_errors(study.output) == []
    assert validator_errors(study.root, "--recursive") == []


@pytest.mark.slow
def test_the_validator_would_have_found_a_wrong_name(study):
    wrong = study.output / "sub-01/ses-M0/anat/sub-01_ses-M0_T2w_label-spine_dseg.nii.gz"
    shutil.copy(next(study.output.rglob("*_seg-spine_desc-refined_dseg.nii.gz")), wrong)
    assert validator_errors(study.output)
    assert validator_errors(study.root, "--recursive")
