"""The round of the module's own test: open, edit and save a synthetic spine with nothing but the logic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from ..imaging import read_labels, write_image, write_labels
from ..phantoms import SpinePhantom, make_spine

PAINTED = "vertebra_L3"
CORNER = (slice(2), slice(2), slice(2))


def check_open_edit_save(logic: Any, folder: Path) -> None:
    """Check that voxels painted in the scene, and no others, differ in the saved mask; the dataset stays as it was.

    Parameters
    ----------
    logic
        ``SpineGTRefineLogic`` of the module.
    folder
        An empty folder to work in.

    Raises
    ------
    AssertionError
        The module does not keep this promise.
    """
    phantom = make_spine(seed=1, spacing=4.0, region="lumbar", rootlets=False)
    source = _write_dataset(phantom, folder)
    source_bytes, before = source.read_bytes(), phantom.spine.array
    value = phantom.spine.scheme.value_of(PAINTED)

    assert logic.openDataset(folder) == ["sub-01_T2w"]
    segmentation = logic.loadCase("sub-01_T2w", "spine").segmentation
    segment_id = segmentation.segment_id(value)
    voxels = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation.node, segment_id).T
    assert not voxels[CORNER].any(), "the corner that is painted was empty before"
    voxels[CORNER] = segmentation.node.GetSegmentation().GetSegment(segment_id).GetLabelValue()
    assert logic.hasUnsavedEdits()

    saved = logic.saveRefined(rater="test")
    after = read_labels(saved.path, phantom.spine.scheme).array
    expected = before.copy()
    expected[CORNER] = value
    assert (after == expected).all()
    assert (saved.status, saved.difference.changed_voxels) == ("corrected", 8)
    assert not logic.hasUnsavedEdits()
    assert source.read_bytes() == source_bytes, "the dataset's own mask is never written"


def _write_dataset(phantom: SpinePhantom, folder: Path) -> Path:
    mask = folder / "derivatives" / "labels" / "sub-01" / "anat" / "sub-01_T2w_label-spine_dseg.nii.gz"
    write_image(folder / "sub-01" / "anat" / "sub-01_T2w.nii.gz", phantom.image)
    write_labels(mask, phantom.spine)
    return mask
