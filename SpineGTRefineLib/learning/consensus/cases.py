"""The raters of a case in a dataset: whose masks there are, and where the consensus goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...bids import Case, Dataset, MaskFile, MaskType, SavedMask, save_mask
from ...bids.layout import PIPELINE
from ...bids.masktypes import MASK_SUFFIXES
from ...bids.names import parse_name
from ...bids.profiles import PROPOSAL, REFINED
from ...imaging import read_image
from .combine import METHODS, Consensus

NO_RATER = frozenset({None, REFINED, PROPOSAL, *METHODS})
"""Values of ``desc-`` that name no rater."""


def raters_of(case: Case, mask_type: MaskType) -> dict[str, MaskFile]:
    """Return the masks that single raters made of a case, by rater, in order of their names.

    A rater is what ``desc-`` says, or an old ending such as ``_rater1``. Where a rater's mask was made in two
    pipelines, the one of this project counts.
    """
    found: dict[str, MaskFile] = {}
    for mask in case.masks_of(mask_type):
        rater = mask.entities.get("desc")
        if rater in NO_RATER or rater is None:
            continue
        if rater not in found or mask.pipeline == PIPELINE:
            found[rater] = mask
    return dict(sorted(found.items()))


def save_consensus(
    dataset: Dataset, case: Case, mask_type: MaskType, result: Consensus, raters: Mapping[str, Path]
) -> SavedMask:
    """Save a consensus beside the case's other masks, as ``desc-staple`` or ``desc-majority``.

    Parameters
    ----------
    dataset, case, mask_type
        Where it belongs.
    result
        What :func:`~SpineGTRefineLib.learning.consensus.consensus` returned.
    raters
        The raters' files; the sidecar names them as sources.

    Raises
    ------
    InputError, LabelError, WriteError
        As :func:`~SpineGTRefineLib.bids.save_mask`.
    """
    how = f"Consensus of {len(result.raters)} raters ({', '.join(result.raters)})"
    return save_mask(
        dataset,
        case,
        mask_type,
        result.labels,
        image=read_image(case.image),
        sources=tuple(raters.values()),
        generated_by=({"Name": result.method.upper(), "Description": how},),
        desc=result.method,
    )


def consensus_name(rater_file: str, method: str) -> str:
    """Name the consensus of files that lie in no dataset, after the file of one rater.

    ``sub-01_T2w_label-rootlets_desc-anna_dseg.nii.gz`` becomes ``sub-01_T2w_label-rootlets_desc-staple_dseg.nii.gz``.
    """
    parsed = parse_name(rater_file)
    if parsed is None:
        return f"consensus_desc-{method}.nii.gz"
    rater = parsed.entities.get("desc")
    parts = [part for part in parsed.stem.split("_") if part not in (rater, f"desc-{rater}")]
    suffix = [parts.pop()] if parts and parts[-1] in MASK_SUFFIXES else []
    return "_".join([*parts, f"desc-{method}", *suffix]) + parsed.extension
