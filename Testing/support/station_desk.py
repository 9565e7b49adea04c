"""A rater at the station with a case for each of many tests, so that one station serves them all."""

from pathlib import Path

import numpy as np
from review_world import ReviewWorld, spine
from station_world import Page, voxels

from SpineGTRefineLib.imaging import write_labels


class Desk:
    """The place of a rater whose dataset has a case, with a mask of its own, for each test."""

    def __init__(self, root: Path, page: Page, masks: dict[str, np.ndarray]) -> None:
        root.mkdir()
        self.world, self.page = ReviewWorld(root, cases=0), page
        for name, mask in masks.items():
            self.world.add_case(f"sub-{name}_T2w", ("spine",))
            write_labels(self._lab(name), spine().with_array(mask))

    def open(self, name: str, structure: str) -> None:
        """Open the case of a test and select a structure."""
        self.name = name
        self.page.open_mask(f"sub-{name}_T2w")
        self.page.act("select", structure)
        self.page.until("active", f"value === '{structure}'")

    @property
    def before(self) -> np.ndarray:
        return voxels(self._lab(self.name))

    @property
    def image(self) -> np.ndarray:
        return voxels(self.world.root / f"sub-{self.name}" / "anat" / f"sub-{self.name}_T2w.nii.gz")

    def saved(self) -> np.ndarray:
        """Save and read what was written."""
        self.page.save()
        assert (self.page.errors, self.page.elsewhere) == ([], [])
        own = self.world.root / "derivatives" / "spine-gt-refine" / f"sub-{self.name}" / "anat"
        return voxels(next(own.glob("*_dseg.nii.gz")))

    def _lab(self, name: str) -> Path:
        folder = self.world.root / "derivatives" / "labels" / f"sub-{name}" / "anat"
        return folder / f"sub-{name}_T2w_label-spine_dseg.nii.gz"
