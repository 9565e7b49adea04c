"""Inputs on which the original ``spineps_refine.py`` was run once; only the hashes of its output are kept.

Everything here can be made again on any machine: phantoms with fixed seeds, and the real masks that TPTBox ships.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.phantoms import Defect, canal_like, make_spine, spineps_like, totalspineseg_like


@dataclass(frozen=True)
class OriginalCase:
    """The three masks of a case, on one grid."""

    vert: LabelMap
    totalspineseg: LabelMap
    canal: LabelMap


SPINEPS_ERRORS = (
    Defect("split", "vertebra_T5"),
    Defect("merged", "vertebra_L2"),
    Defect("missing", "vertebra_T9"),
    Defect("missing", "disc_T3-T4"),
    Defect("leak", "vertebra_L4"),
)
TOTALSPINESEG_ERRORS = (
    Defect("merged", "vertebra_T7"),
    Defect("missing", "vertebra_L5"),
    Defect("missing", "disc_L3-L4"),
    Defect("missing", "sacrum"),
)


def phantom_case(seed: int, spineps=(), totalspineseg=(), shift: int = 0, ids="ordinal", **settings) -> OriginalCase:
    phantom = make_spine(seed, spacing=3.0, width=48.0, rootlets=False, **settings)
    vert = spineps_like(phantom, spineps, ids=ids, seed=seed).vert
    labels = totalspineseg_like(phantom, totalspineseg, seed=seed)
    moved = np.roll(labels.array, shift, axis=2)
    return OriginalCase(vert, labels.with_array(moved), canal_like(phantom, seed=seed))


def tptbox_case(shift: int = 0) -> OriginalCase:
    """Real SPINEPS masks of C5 to C7; TotalSpineSeg's labels are derived from them, moved by a few voxels."""
    folder = Path(importlib.util.find_spec("TPTBox").origin).parent / "tests" / "sample_mri"
    vert_file = nib.load(folder / "sub-mri_seg-vert_label-6_msk.nii.gz")
    vert = np.asanyarray(vert_file.dataobj).astype(np.uint16)
    semantic = np.asanyarray(nib.load(folder / "sub-mri_seg-subreg_label-6_msk.nii.gz").dataobj)
    geometry = Geometry(vert.shape, vert_file.affine)
    labels = np.zeros(vert.shape, np.uint8)
    for value in np.unique(vert):
        if 2 <= value <= 7:
            labels[vert == value] = value + 10
        if 102 <= value <= 106:
            labels[vert == value] = value - 39
        if value == 107:
            labels[vert == value] = 71
    labels = np.roll(labels, (shift, -shift), axis=(0, 1))
    canal = np.isin(semantic, (60, 61)).astype(np.uint8)
    return OriginalCase(
        LabelMap(vert, geometry, scheme("spineps_vert")),
        LabelMap(labels, geometry, scheme("totalspineseg")),
        LabelMap(canal, geometry, scheme("canal")),
    )


CASES: dict[str, Callable[[], OriginalCase]] = {
    "phantom-clean": lambda: phantom_case(11),
    "phantom-spineps-errors": lambda: phantom_case(12, SPINEPS_ERRORS),
    "phantom-totalspineseg-errors": lambda: phantom_case(13, (), TOTALSPINESEG_ERRORS),
    "phantom-both-wrong-and-apart": lambda: phantom_case(14, SPINEPS_ERRORS, TOTALSPINESEG_ERRORS, shift=3),
    "phantom-one-level-apart": lambda: phantom_case(15, shift=8),
    "phantom-T13-labelled": lambda: phantom_case(16, ids="labelled", variant="T13"),
    "phantom-L6-left-handed": lambda: phantom_case(17, variant="L6", region="lumbar", axcodes="PIR"),
    "tptbox-aligned": lambda: tptbox_case(0),
    "tptbox-moved": lambda: tptbox_case(4),
}
