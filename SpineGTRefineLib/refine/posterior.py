"""Posterior elements (arches and processes): which vertebra each of them belongs to.

They hang on their bodies, so each goes to the body that it is connected with. At the upper edge of an image there are
processes of one more vertebra, whose body is out of view.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..imaging import LabelMap
from .column import Column, room_above
from .components import label_components
from .nearest import nearest_label
from .slices import Slices
from .spread import spread

LOOSE_REACH_MM = 6.0
"""Voxels that hang on no body go to the nearest vertebra within this distance."""

ARCH_REACH_MM = 20.0
"""A whole piece further off (an arch whose thin pedicles were not drawn) goes to the body that is nearest to most of
its voxels, within this distance ..."""

BARE = 0.25
"""... among the bodies whose posterior elements are less than this part of their volume: each has one arch."""

EDGE = 0.6
"""What crosses the upper edge this far above the first body (in distances between bodies) is of the one above."""

SMALLEST_MM3 = 400.0
"""Less than this is no sign of a vertebra above the first one."""


def whole_vertebrae(column: Column, parts: LabelMap) -> tuple[np.ndarray, int]:
    """Give each vertebra its posterior elements.

    Parameters
    ----------
    column
        The bodies. C1 has none and is drawn as one piece: it takes nothing.
    parts
        Scheme ``spine_parts``.

    Returns
    -------
    labels
        int32 array: like :attr:`.column.Column.labels`, with the posterior elements.
    above
        Number in ``labels`` of the vertebra above the first one, whose body is out of view.
    """
    posterior = parts.array == parts.scheme.value_of("vertebra_part_posterior")
    atlas = parts.array == parts.scheme.value_of("vertebra_C1")
    above = int(column.labels.max()) + 1
    bodies = np.where(atlas, 0, column.labels)
    seeds = np.where(posterior & _upper_edge(column, parts), above, bodies)
    whole = spread(seeds, posterior | (seeds > 0))
    loose = posterior & (whole == 0)
    whole += nearest_label(whole, loose, parts.geometry, LOOSE_REACH_MM)
    whole[_higher_than_first(column, posterior & (whole == 0), parts)] = above
    _join_arches(whole, bodies, posterior, parts)
    if np.count_nonzero(whole == above) * parts.geometry.voxel_volume < SMALLEST_MM3:
        whole[whole == above] = 0
    return np.where(atlas, column.labels, whole), above


def _join_arches(whole: np.ndarray, bodies: np.ndarray, posterior: np.ndarray, parts: LabelMap) -> None:
    """Give each loose piece as a whole to one vertebra that has no arch."""
    loose = posterior & (whole == 0)
    volumes = np.bincount(bodies.ravel())
    bare = np.bincount(whole[posterior], minlength=volumes.size)[: volumes.size] < BARE * volumes
    bare[0] = False
    if not bare.any():
        return
    nearest = nearest_label(np.where(bare[bodies], bodies, 0), loose, parts.geometry, ARCH_REACH_MM)
    pieces, sizes = label_components(loose)
    votes = np.zeros((sizes.size + 1, volumes.size), dtype=np.int64)
    np.add.at(votes, (pieces[loose], nearest[loose]), 1)
    votes[:, 0] = 0
    whole[loose] = votes.argmax(axis=1)[pieces[loose]]


def _upper_edge(column: Column, parts: LabelMap) -> np.ndarray:
    """Mark the last slice towards the head, if it lies clearly above what belongs to the first body."""
    edge = np.zeros(parts.array.shape, dtype=bool)
    first = column.members[:2]
    if len(first) == 2 and room_above(parts.geometry, first[0].center) > EDGE * np.linalg.norm(
        first[0].center - first[1].center
    ):
        slices = Slices.of(parts.geometry)
        edge[(slice(None),) * slices.axis + (slices.head,)] = True
    return edge


def _higher_than_first(column: Column, loose: np.ndarray, parts: LabelMap) -> np.ndarray:
    """Mark the pieces whose middle is higher than the first body."""
    pieces, sizes = label_components(loose)
    if not sizes.size or not column.members:
        return np.zeros(loose.shape, dtype=bool)
    middles = np.array(ndimage.center_of_mass(loose, pieces, range(1, sizes.size + 1)))
    higher = parts.geometry.to_world(middles)[:, 2] > column.members[0].center[2]
    return np.asarray(np.concatenate([[False], higher])[pieces])
