"""`make_dataset`: a small BIDS dataset of phantoms beside the output folders of three imperfect tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..anatomy import scheme
from ..fileops import write_text_atomic
from ..imaging import LabelMap, write_image, write_labels
from .defects import Defect
from .outputs import canal_like, spineps_like, totalspineseg_like
from .spine import SpinePhantom, SpineSettings, make_spine

README = """# Synthetic spines

Made by a program (SpineGTRefineLib.phantoms) to try SpineGTRefine out. No person was scanned. The masks in
derivatives/labels hold errors on purpose.
"""


@dataclass(frozen=True)
class PhantomCase:
    """One subject: how it is scanned, and what each tool gets wrong.

    Parameters
    ----------
    subject
        BIDS label of the subject.
    settings
        See :class:`.SpineSettings`.
    spineps_errors, totalspineseg_errors, lab_errors
        Defects of the two tools' outputs, and of the mask in ``derivatives/labels``.
    """

    subject: str
    settings: SpineSettings
    spineps_errors: tuple[Defect, ...] = ()
    totalspineseg_errors: tuple[Defect, ...] = ()
    lab_errors: tuple[Defect, ...] = ()


DEMO_CASES = (
    PhantomCase(
        "01",
        SpineSettings(spacing=1.5, region="lumbar", rootlets=False),
        spineps_errors=(Defect("split", "vertebra_L3"), Defect("leak", "vertebra_L1")),
        lab_errors=(Defect("shifted", "vertebra_L2"), Defect("leak", "vertebra_L1")),
    ),
    PhantomCase(
        "02",
        SpineSettings(spacing=1.5, region="lumbar", variant="L6", axcodes="LAS", rootlets=False),
        spineps_errors=(Defect("missing", "vertebra_L2"),),
        lab_errors=(Defect("split", "vertebra_L4"),),
    ),
    PhantomCase(
        "03",
        SpineSettings(
            spacing=(3.3, 1.0, 1.0), region="cervical", oblique=(4.0, 3.0, 2.0), axcodes="PIR", rootlets=False
        ),
        spineps_errors=(Defect("merged", "vertebra_C5"),),
        lab_errors=(Defect("missing", "vertebra_C6"), Defect("extra", "vertebra_T1")),
    ),
)
"""Three spines that show what the tool is for: shifted levels, leaks, splits, transitional anatomy, thick slices."""


@dataclass(frozen=True)
class PhantomDataset:
    """Where :func:`make_dataset` put things.

    Parameters
    ----------
    root
        The BIDS dataset: images, and imperfect masks in ``derivatives/labels``.
    spineps, totalspineseg, canal
        Output folders of the tools, with these tools' own file names.
    phantoms
        The truth, by case key (``sub-01_T2w``).
    """

    root: Path
    spineps: Path
    totalspineseg: Path
    canal: Path
    phantoms: dict[str, SpinePhantom] = field(repr=False)


def make_dataset(folder: Path, cases: Sequence[PhantomCase] = DEMO_CASES, *, seed: int = 2026) -> PhantomDataset:
    """Write a BIDS dataset of phantoms and what three tools would say about them.

    Parameters
    ----------
    folder
        Gets ``dataset/`` and ``outputs/{spineps,totalspineseg,canal}/``; existing files of these names are replaced.
    cases
        Subjects and errors.
    seed
        Draws the people; the same seed gives the same masks.

    Returns
    -------
    PhantomDataset
        The folders and the truth.
    """
    folder = Path(folder)
    outputs = folder / "outputs"
    phantoms: dict[str, SpinePhantom] = {}
    made = PhantomDataset(
        folder / "dataset", outputs / "spineps", outputs / "totalspineseg", outputs / "canal", phantoms
    )
    for number, case in enumerate(cases):
        phantom = make_spine(seed + number, case.settings)
        stem = f"sub-{case.subject}_{case.settings.contrast}"
        phantoms[stem] = phantom
        _write_image_and_mask(made.root, case, stem, phantom)
        _write_outputs(made, case, stem, phantom)
    _write_descriptions(made.root, cases)
    return made


def lab_mask(phantom: SpinePhantom, errors: Sequence[Defect] = (), *, seed: int = 0) -> LabelMap:
    """Return a lab's imperfect mask (scheme ``spine``): TotalSpineSeg's labels without cord and canal."""
    drawn, _ = totalspineseg_like(phantom, errors, seed=seed).converted(scheme("spine"))
    bone = drawn.mask([entry.value for entry in drawn.scheme.of_kind("vertebra", "disc", "sacrum")])
    return drawn.with_array(np.where(bone, drawn.array, 0).astype(np.uint8))


def _write_image_and_mask(root: Path, case: PhantomCase, stem: str, phantom: SpinePhantom) -> None:
    anat = _folder(root / f"sub-{case.subject}" / "anat")
    write_image(anat / f"{stem}.nii.gz", phantom.image)
    write_text_atomic(anat / f"{stem}.json", _json({"Manufacturer": "none", "SeriesDescription": "synthetic phantom"}))
    labels = _folder(root / "derivatives" / "labels" / f"sub-{case.subject}" / "anat")
    write_labels(labels / f"{stem}_label-spine_dseg.nii.gz", lab_mask(phantom, case.lab_errors))


def _write_outputs(made: PhantomDataset, case: PhantomCase, stem: str, phantom: SpinePhantom) -> None:
    spineps = spineps_like(phantom, case.spineps_errors)
    prefix = f"sub-{case.subject}_mod-{case.settings.contrast}"
    write_labels(_folder(made.spineps) / f"{prefix}_seg-vert_msk.nii.gz", spineps.vert)
    write_labels(made.spineps / f"{prefix}_seg-spine_msk.nii.gz", spineps.semantic)
    labels = totalspineseg_like(phantom, case.totalspineseg_errors)
    write_labels(_folder(made.totalspineseg / "step2_output") / f"{stem}.nii.gz", labels)
    write_labels(_folder(made.canal) / f"{stem}_label-canal_seg.nii.gz", canal_like(phantom))


def _write_descriptions(root: Path, cases: Sequence[PhantomCase]) -> None:
    generated = [{"Name": "SpineGTRefineLib.phantoms"}]
    raw = {"Name": "Synthetic spines", "BIDSVersion": "1.10.0", "DatasetType": "raw", "License": "CC0"}
    labels = {
        "Name": "Imperfect masks of synthetic spines",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": generated,
    }
    write_text_atomic(root / "dataset_description.json", _json({**raw, "GeneratedBy": generated}))
    write_text_atomic(root / "derivatives" / "labels" / "dataset_description.json", _json(labels))
    # Labs name their masks so, and the BIDS validator does not know the style; their own datasets carry this line, too.
    write_text_atomic(root / "derivatives" / "labels" / ".bidsignore", "*_label-*\n")
    write_text_atomic(root / "README.md", README)
    rows = ["participant_id\tspecies", *(f"sub-{case.subject}\tn/a" for case in cases)]
    write_text_atomic(root / "participants.tsv", "\n".join(rows) + "\n")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"
