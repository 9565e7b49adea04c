"""Labels brought to the image's grid: those of nnU-Net's own export, without all classes on that grid."""

import numpy as np
import pytest

from SpineGTRefineLib.models import export, resampling

GEOMETRIES = {
    "finer": ((13, 17, 11), (19, 31, 16), None),
    "coarser": ((23, 17, 21), (12, 9, 15), None),
    "finer along one axis, coarser along another": ((13, 27, 11), (25, 14, 11), None),
    "thick slices along the first axis": ((7, 23, 21), (15, 31, 30), 0),
    "thick slices along the last axis": ((23, 21, 9), (31, 30, 9), 2),
    "one slice": ((1, 23, 21), (1, 31, 30), 0),
    "the same grid": ((9, 8, 7), (9, 8, 7), None),
}


def nnunet_logits(logits, shape, thick):
    from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg

    return resample_data_or_seg(logits, shape, False, thick, 1, thick is not None, 0)


def ours(logits, shape, thick, decide, values=256):
    import torch

    target = np.zeros(shape, dtype=np.uint8)
    axes = resampling.resampling_axes(logits.shape[1:], shape, thick)
    export.write_labels(torch.from_numpy(logits), axes, decide, np.arange(values - 1, dtype=np.uint8), target)
    return target


def smooth_logits(classes, shape, dtype=np.float16):
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(classes).normal(size=(classes, *shape))
    return (30 * gaussian_filter(noise, (0, 1.5, 1.5, 1.5))).astype(dtype)


@pytest.mark.parametrize("classes", [2, 25])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_classes_are_those_of_nnunets_own_export(geometry, classes, nnunet):
    source, shape, thick = GEOMETRIES[geometry]
    logits = smooth_logits(classes, source)
    expected = nnunet_logits(logits, shape, thick).argmax(0)
    assert np.array_equal(ours(logits, shape, thick, export.strongest_class), expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_regions_are_those_of_nnunets_own_export(geometry, nnunet):
    source, shape, thick = GEOMETRIES[geometry]
    logits = smooth_logits(3, source)
    expected = np.zeros(shape, dtype=np.uint8)
    for region, value in zip(nnunet_logits(logits, shape, thick).astype(np.float32), (5, 1, 3), strict=True):
        expected[1 / (1 + np.exp(-region)) > 0.5] = value
    assert np.array_equal(ours(logits, shape, thick, export.painted_regions((5, 1, 3))), expected)


def test_of_equal_classes_the_first_wins(nnunet):
    logits = np.repeat(smooth_logits(2, (6, 7, 8)), 2, axis=0)
    labels = ours(logits, (9, 11, 12), None, export.strongest_class)
    assert set(np.unique(labels)) == {0, 2}
    assert np.array_equal(labels, nnunet_logits(logits, (9, 11, 12), None).argmax(0))


def test_slabs_and_portions_of_any_size_give_the_same(nnunet, monkeypatch):
    logits = smooth_logits(5, (13, 17, 11), np.float32)
    whole = ours(logits, (19, 31, 16), None, export.strongest_class)
    monkeypatch.setattr(export, "VOXELS_AT_ONCE", 31 * 16 * 3)
    monkeypatch.setitem(export.VALUES_AT_ONCE, "cpu", 35)
    monkeypatch.setattr(export, "POINTS_AT_ONCE", 7)
    assert np.array_equal(ours(logits, (19, 31, 16), None, export.strongest_class), whole)


def test_only_borders_are_interpolated(nnunet, monkeypatch):
    points = []
    interpolate = export._interpolate

    def counting(*arguments):
        points.append(len(arguments[1]))
        return interpolate(*arguments)

    monkeypatch.setattr(export, "_interpolate", counting)
    logits = np.zeros((2, 20, 20, 20), dtype=np.float16)
    logits[1, 10:] = 1
    logits[0, :10] = 1
    ours(logits, (40, 40, 40), None, export.strongest_class)
    assert sum(points) == 2 * 40 * 40
