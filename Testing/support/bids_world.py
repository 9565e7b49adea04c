"""Small BIDS datasets with real NIfTI files."""

import hashlib
import json
from pathlib import Path

import numpy as np

from SpineGTRefineLib.bids import Dataset, mask_type
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_image, write_image, write_labels

SHAPE = (6, 7, 8)
GEOMETRY = Geometry(SHAPE, np.array([[0, 0, 3.0, -9], [-0.8, 0, 0, 4], [0, 0.8, 0, -50], [0, 0, 0, 1]]))


def tree_state(folder: Path, leave_out: str = "spine-gt-refine") -> dict[str, str]:
    """Every file and link under a folder with what it holds, but for the output of this project."""
    state = {}
    for path in sorted(folder.rglob("*")):
        if leave_out in path.parts:
            continue
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            state[name] = f"link to {path.readlink()}"
        elif path.is_file():
            state[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return state


def add_image(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.random.default_rng(seed).integers(0, 1000, SHAPE, dtype=np.int16)
    write_image(path, Image(voxels, GEOMETRY))
    return path


def make_labels(kind: str = "canal", *, fill: int = 1, start: int = 2, stop: int = 4) -> LabelMap:
    array = np.zeros(SHAPE, np.uint8)
    array[start:stop] = fill
    return LabelMap(array, GEOMETRY, mask_type(kind).scheme)


class World:
    """A raw dataset with one lab mask, opened and ready to save into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        add_image(root / "sub-01" / "ses-M0" / "anat" / "sub-01_ses-M0_acq-sag_T2w.nii.gz")
        (root / "dataset_description.json").write_text('{"Name": "test", "BIDSVersion": "1.10.1"}')
        self.lab_mask = root / "derivatives/labels/sub-01/ses-M0/anat/sub-01_ses-M0_acq-sag_T2w_label-canal_seg.nii.gz"
        write_labels(self.lab_mask, make_labels("canal"))
        self.lab_sidecar = Path(str(self.lab_mask).replace(".nii.gz", ".json"))
        generators = [
            {"Name": "sct_deepseg sc_canal_t2", "Version": "6.5"},
            {"Name": "Manual", "Author": "Jane", "Date": "2024-01-01 10:00:00"},
        ]
        self.lab_sidecar.write_text(json.dumps({"SpatialReference": "orig", "GeneratedBy": generators}))
        self.dataset = Dataset.open(root)
        self.case = self.dataset.cases()[0]
        self.image = read_image(self.case.image)

    def open(self, **options) -> None:
        self.dataset = Dataset.open(self.root, **options)
        self.case = self.dataset.cases()[0]
