"""A small BIDS dataset with masks in every state, to build versions from."""

from pathlib import Path

import numpy as np

from SpineGTRefineLib.bids import Dataset, Remarks, mask_type, save_mask
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_image, write_image

SHAPE = (6, 7, 8)
GEOMETRY = Geometry(SHAPE, np.array([[0, 0, 3.0, -9], [-0.8, 0, 0, 4], [0, 0.8, 0, -50], [0, 0, 0, 1]]))


class VersionWorld:
    """Ten subjects with a T2w each; sub-01 has a second session."""

    def __init__(self, root: Path, subjects: int = 10, kind: str = "canal") -> None:
        self.root = root
        self.kind = mask_type(kind)
        (root).mkdir(parents=True, exist_ok=True)
        (root / "dataset_description.json").write_text('{"Name": "test", "BIDSVersion": "1.10.1"}')
        for number in range(1, subjects + 1):
            self.add_image(f"sub-{number:02d}/anat/sub-{number:02d}_T2w.nii.gz", number)

    def add_image(self, name: str, seed: int, geometry: Geometry = GEOMETRY) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        voxels = np.random.default_rng(seed).integers(0, 1000, geometry.shape, dtype=np.int16)
        write_image(path, Image(voxels, geometry))
        return path

    @property
    def dataset(self) -> Dataset:
        return Dataset.open(self.root)

    def labels(self, seed: int, geometry: Geometry = GEOMETRY) -> LabelMap:
        values = np.array([0, *self.kind.scheme.values], np.uint16)
        draw = np.random.default_rng(seed)
        return LabelMap(values[draw.integers(0, len(values), geometry.shape)], geometry, self.kind.scheme)

    def save(self, key: str, seed: int = 0, status: str = "corrected", labels: LabelMap | None = None, **remarks):
        dataset = self.dataset
        case = dataset.case(key)
        image = read_image(case.image)
        labels = labels or self.labels(seed, image.geometry)
        return save_mask(
            dataset, case, self.kind, labels, image=image, rater="ab", status=status, remarks=Remarks(**remarks)
        )

    def save_all(self) -> None:
        for number, case in enumerate(self.dataset.cases()):
            self.save(case.key, number)
