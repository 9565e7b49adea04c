"""A folder with images of phantoms and what SPINEPS, TotalSpineSeg and a canal model would have made of them."""

import hashlib
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np

from SpineGTRefineLib.imaging import Geometry, LabelMap, write_image, write_labels
from SpineGTRefineLib.phantoms import canal_like, make_spine, spineps_like, totalspineseg_like
from SpineGTRefineLib.recipes.spine_from_outputs import refine_spine_folders
from SpineGTRefineLib.refine import SpineInputs, refine_spine


@cache
def phantom():
    return make_spine(5, spacing=3.0, width=48.0, rootlets=False, region="lumbar", axcodes="LAS")


@cache
def outputs():
    person = phantom()
    return spineps_like(person).vert, totalspineseg_like(person), canal_like(person)


def expected(policy="anatomical"):
    return refine_spine(SpineInputs(*outputs()), policy).labels.array


class Lab:
    """A folder with images and what three tools made of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.images, self.spineps, self.canal = root / "bids", root / "spineps", root / "canal"
        self.totalspineseg = root / "tss"

    def add(self, subject="01", entities="", contrast="T2w", **replaced):
        person, (vert, labels, canal) = phantom(), outputs()
        stem = f"sub-{subject}{entities}"
        session = next((e for e in entities.split("_") if e.startswith("ses-")), "")
        image = self.images / f"sub-{subject}" / session / "anat" / f"{stem}_{contrast}.nii.gz"
        write_image(image, person.image)
        files = {
            "vert": (self.spineps / f"{stem}_mod-{contrast}_seg-vert_msk.nii.gz", vert),
            "totalspineseg": (self.totalspineseg / "step2_output" / f"{stem}_{contrast}.nii.gz", labels),
            "canal": (self.canal / f"{stem}_{contrast}_label-canal_seg.nii.gz", canal),
        }
        for name, (path, labels) in files.items():
            chosen = replaced.get(name, labels)
            path.parent.mkdir(parents=True, exist_ok=True)
            if chosen is not None:
                write_labels(path, chosen)
        return stem

    def refine(self, **options):
        options.setdefault("images", self.images)
        return refine_spine_folders(self.spineps, self.totalspineseg, self.canal, **options)

    def hashes(self):
        inputs = (self.images, self.spineps, self.canal, self.totalspineseg)
        files = [p for folder in inputs for p in folder.rglob("*") if p.is_file() and "derivatives" not in p.parts]
        return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def voxels(outcome):
    return np.asanyarray(nib.load(outcome.saved.path).dataobj)


def moved(labels, millimetres):
    affine = labels.geometry.affine.copy()
    affine[2, 3] += millimetres
    return LabelMap(labels.array, Geometry(labels.geometry.shape, affine), labels.scheme)
