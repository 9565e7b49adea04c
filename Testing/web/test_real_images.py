"""A stroke on real MRI, and on an image that is stored in every awkward way: its voxels change, and nothing else."""

import re
import shutil

import nibabel
import numpy as np
import pytest
from station_images import oblique_image, spine_on
from station_world import Page, StationProcess, voxels

from SpineGTRefineLib.imaging import read_image, write_image, write_labels

pytestmark = pytest.mark.slow
SIDEWAYS = "LR"


class Scans:
    """A dataset with a subject for each image, and a rater at its station."""

    def __init__(self, root, page: Page) -> None:
        self.root, self.page = root, page
        (root / "dataset_description.json").write_text('{"Name": "scans", "BIDSVersion": "1.10.1"}')

    def image(self, subject: str):
        return self._path(subject, self.root, f"{subject}_T2w.nii.gz")

    def mask(self, subject: str, name: str):
        return self._path(subject, self.root / "derivatives" / "labels", f"{subject}_T2w_label-{name}.nii.gz")

    def paint(self, subject: str, kind: str):
        """Paint one stroke, save, and return the label that was painted and the file."""
        self.page.open_mask(f"{subject}_T2w", kind)
        self.page.take("paint")
        self.page.stroke(across=0.45, down=0.4, length=60)
        self.page.undoes("the last stroke")
        chosen = self.page.state("active")
        label = next(row["value"] for row in self.page.state("segments") if row["key"] == chosen)
        self.page.save()
        assert (self.page.errors, self.page.elsewhere) == ([], [])
        name = re.search(r"\S+\.nii\.gz", self.page.state("message")).group()
        return label, self.root / "derivatives" / "spine-gt-refine" / subject / "anat" / name

    def _path(self, subject, root, name):
        path = root / subject / "anat" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture(scope="module")
def scans(browser, shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    scans = Scans(folder, Page(browser.new_page(viewport={"width": 1366, "height": 768})))
    for subject, name in (("sub-lumbar", "lumbar_t2"), ("sub-cervical", "cervical_t2")):
        shutil.copy(shared_data / "mri" / f"{name}.nii.gz", scans.image(subject))
    write_labels(scans.mask("sub-lumbar", "spine_dseg"), spine_on(read_image(scans.image("sub-lumbar"))))
    for name, manual in (("cord_seg", "seg-manual"), ("rootlets_dseg", "seg-deepseg_rootlets-manual")):
        shutil.copy(shared_data / "mri" / f"cervical_t2_{manual}.nii.gz", scans.mask("sub-cervical", name))
    write_image(scans.image("sub-oblique"), oblique_image())
    write_labels(scans.mask("sub-oblique", "spine_dseg"), spine_on(oblique_image()))
    station = StationProcess(folder, folder / "station.log")
    scans.page.open(station.url)
    yield scans
    scans.page.page.close()
    station.stop()


@pytest.mark.parametrize(
    ("subject", "kind", "name"),
    [
        ("sub-lumbar", "spine", "spine_dseg"),
        ("sub-cervical", "cord", "cord_seg"),
        ("sub-cervical", "rootlets", "rootlets_dseg"),
        ("sub-oblique", "spine", "spine_dseg"),
    ],
)
def test_only_the_voxels_of_a_stroke_change(scans, subject, kind, name):
    original = scans.mask(subject, name)
    label, saved = scans.paint(subject, kind)
    before, after = voxels(original), voxels(saved)
    changed = before != after
    assert 10 < changed.sum() < 2000
    assert set(after[changed].tolist()) == {label}
    image = nibabel.load(scans.image(subject))
    sagittal = next(axis for axis, end in enumerate(nibabel.aff2axcodes(image.affine)) if end in SIDEWAYS)
    assert len(np.unique(np.nonzero(changed)[sagittal])) == 1, "a flat brush stays in one slice"
    assert np.array_equal(nibabel.load(saved).affine, nibabel.load(original).affine)
