"""What several tests of recipes share."""

import pytest
from tool_lab import Lab

from SpineGTRefineLib.imaging import write_image, write_labels
from SpineGTRefineLib.phantoms import make_spine


@pytest.fixture
def lab(tmp_path):
    """An empty lab."""
    return Lab(tmp_path)


@pytest.fixture(scope="session")
def person():
    """One person, seen three times without moving."""
    scans = {
        "T2w": {"spacing": 4.0},
        "T1w": {"spacing": (5.0, 3.5, 3.5), "contrast": "T1w", "scan": 1},
        "CT": {"spacing": (3.5, 3.5, 4.0), "contrast": "CT", "scan": 2, "width": 80},
    }
    return {name: make_spine(4, region="lumbar", rootlets=False, **settings) for name, settings in scans.items()}


@pytest.fixture
def session(tmp_path, person):
    """A dataset with the three images, and a spine mask of the T2w."""
    anat = tmp_path / "data" / "sub-01" / "anat"
    anat.mkdir(parents=True)
    for contrast, phantom in person.items():
        write_image(anat / f"sub-01_{contrast}.nii.gz", phantom.image)
    labels = tmp_path / "data" / "derivatives" / "labels" / "sub-01" / "anat"
    labels.mkdir(parents=True)
    write_labels(labels / "sub-01_T2w_label-spine_dseg.nii.gz", person["T2w"].spine)
    return tmp_path / "data"
