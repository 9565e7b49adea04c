"""How far each structure is, in Slicer's own terms, so that its segment table shows and filters them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import slicer

from ..checks import Problem
from ..imaging import LabelMap
from .editor import SceneEditor

_Logic = slicer.vtkSlicerSegmentationsModuleLogic


def show_statuses(
    editor: SceneEditor, start: LabelMap, *, verified: Collection[str] = (), problems: Iterable[Problem] = ()
) -> dict[str, str]:
    """Mark each segment as completed, flagged, in progress or not started.

    Completed is what the rater vouches for, flagged where the checks found an error, in progress what was edited.
    Marks are not saved with the mask. Right after undo or redo nothing is marked: Slicer would take the marks for a
    step and forget what can be done again; they are brought up to date with the next stroke or act.

    Parameters
    ----------
    editor
        Holds the mask under edit.
    start
        The mask as it was opened.
    verified
        Keys of the structures that the rater vouches for.
    problems
        What the checks say about the voxels as they are now.

    Returns
    -------
    dict
        Slicer's word for each status (``notstarted``, ``inprogress``, ``completed``, ``flagged``) by segment id; empty
        if nothing was marked.
    """
    if not editor.is_newest:
        return {}
    segmentation, now = editor.case.segmentation, editor.labels()
    wrong = {problem.structure for problem in problems if problem.severity == "error"}
    changed = now.array != start.array
    touched = set(np.unique(np.concatenate([start.array[changed], now.array[changed]])).tolist())
    node = segmentation.node.GetSegmentation()
    told = {}
    for segment_id, value in segmentation.values.items():
        segment = node.GetSegment(segment_id)
        if segment is None:
            continue
        key = segmentation.key_of(segment_id)
        status = _Logic.InProgress if value in touched else _Logic.NotStarted
        if key in verified:
            status = _Logic.Completed
        elif key in wrong:
            status = _Logic.Flagged
        if _Logic.GetSegmentStatus(segment) != status:
            _Logic.SetSegmentStatus(segment, status)
        told[segment_id] = str(_Logic.GetSegmentStatusAsMachineReadableString(status))
    return told
