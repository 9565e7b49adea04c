"""From painted signal to something that looks like MRI: texture, receive-coil bias, Rician noise."""

from __future__ import annotations

import numpy as np

from .tables import tissue_brightness


def person_brightness(rng: np.random.Generator, contrast: str) -> dict[str, float]:
    """Draw this person's signal of each tissue."""
    means = tissue_brightness(contrast)
    return {
        tissue: max(0.0, mean * (1.0 + spread * (2.0 * rng.random() - 1.0))) for tissue, (mean, spread) in means.items()
    }


def finish_image(
    signal: np.ndarray, spacing: tuple[float, float, float], rng: np.random.Generator, *, noise: float, bias: float
) -> np.ndarray:
    """Add texture, bias field and Rician noise.

    Parameters
    ----------
    signal
        Signal of the tissues, CSF in T2w = 1.
    spacing
        Voxel size in mm.
    rng
        Source of randomness.
    noise
        Standard deviation of each of the two noise channels, relative to CSF.
    bias
        Largest deviation of the coil's sensitivity from 1.

    Returns
    -------
    numpy.ndarray
        int16, CSF in T2w about 1000.
    """
    textured = signal * (1.0 + 0.12 * _smooth_field(signal.shape, spacing, 9.0, rng))
    sensitivity = 1.0 + bias * _smooth_field(signal.shape, spacing, 110.0, rng)
    clean = textured * np.clip(sensitivity, 0.2, None)
    real = clean + noise * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = noise * rng.standard_normal(signal.shape, dtype=np.float32)
    magnitude = np.sqrt(real * real + imaginary * imaginary)
    return np.asarray(np.clip(1000.0 * magnitude, 0, 32767).astype(np.int16))


def _smooth_field(
    shape: tuple[int, ...], spacing: tuple[float, float, float], grain_mm: float, rng: np.random.Generator
) -> np.ndarray:
    """Random field between -1 and 1 that changes over ``grain_mm``."""
    knots = [max(2, round(n * s / grain_mm) + 1) for n, s in zip(shape, spacing, strict=True)]
    field = rng.uniform(-1.0, 1.0, knots).astype(np.float32)
    for axis, (size, count) in enumerate(zip(shape, knots, strict=True)):
        field = _stretch(field, axis, size, count)
    return field


def _stretch(field: np.ndarray, axis: int, size: int, count: int) -> np.ndarray:
    """Linear interpolation along one axis from ``count`` knots to ``size`` samples."""
    position = np.linspace(0.0, count - 1.0, size)
    low = np.minimum(position.astype(int), count - 2)
    shape = [1, 1, 1]
    shape[axis] = -1
    weight = (position - low).astype(np.float32).reshape(shape)
    return np.asarray(field.take(low, axis) * (1.0 - weight) + field.take(low + 1, axis) * weight)


def average_slices(signal: np.ndarray, factor: int, axis: int) -> np.ndarray:
    """Average groups of ``factor`` sub-slices along an axis (partial volume of thick slices)."""
    shape = list(signal.shape)
    shape[axis : axis + 1] = [shape[axis] // factor, factor]
    return np.asarray(signal.reshape(shape).mean(axis=axis + 1, dtype=np.float32))
