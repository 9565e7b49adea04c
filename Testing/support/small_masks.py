"""Small label maps of a named scheme, on a grid of one's choice."""

import numpy as np

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.imaging import Geometry, LabelMap


def grid(shape, spacing=(1.0, 1.0, 1.0), axcodes="RAS"):
    """A grid whose axes point to ``axcodes`` exactly."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for axis, letter in enumerate(axcodes):
        world = next(n for n, pair in enumerate(("LR", "PA", "IS")) if letter in pair)
        affine[world, axis] = spacing[axis] * (1 if letter in "RAS" else -1)
    return Geometry(shape, affine)


def label_map(array, name="spine", spacing=(1.0, 1.0, 1.0), axcodes="RAS"):
    """An array as a map of the scheme ``name``."""
    array = np.asarray(array)
    return LabelMap(array, grid(array.shape, spacing, axcodes), scheme(name))


def random_labels(seed, count=4, largest=9):
    """A noisy map of a few labels: pieces, holes and borders of all kinds; in either memory order."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, largest, 3))
    labels = rng.integers(0, count, shape) * (rng.random(shape) < rng.choice([0.1, 0.5, 0.8, 0.95]))
    labels = labels.astype(rng.choice([np.uint8, np.int16, np.uint16]))
    return np.asfortranarray(labels) if seed % 2 else labels


def nested_boxes(seed, count=3, size=9):
    """Boxes laid over each other, hollow ones among them: structures inside structures, shared holes, open dents."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size, size), np.uint8)
    for _ in range(rng.integers(2, 8)):
        start, stop = np.sort(rng.integers(0, size + 1, (2, 3)), axis=0)
        value = rng.integers(1, count + 1)
        labels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = value
        if rng.random() < 0.7:
            inner = tuple(slice(a + 1, max(b - 1, a + 1)) for a, b in zip(start, stop, strict=True))
            labels[inner] = rng.choice([0, rng.integers(1, count + 1)])
    labels[tuple(rng.integers(0, size, (3, 40)))] = 0
    return np.asfortranarray(labels) if seed % 2 else labels
