"""Fixtures for tests of models."""

from pathlib import Path

import numpy as np
import pytest
from needs import HAS_NNUNET
from scipy.ndimage import gaussian_filter

from SpineGTRefineLib.imaging import Geometry, Image
from SpineGTRefineLib.models import ModelStore


@pytest.fixture(scope="session")
def nnunet():
    """Skips where PyTorch or nnU-Net is not installed."""
    if not HAS_NNUNET:
        pytest.skip("needs PyTorch and nnU-Net: pip install spine-gt-refine[models]")
    import torch

    # The networks are tiny: threads would only wait for each other, all the more on a busy machine.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(nnunet, tmp_path_factory) -> Path:
    """A results folder with one fold and three classes; treat as read-only."""
    from tiny_models import make_model

    return make_model(tmp_path_factory.mktemp("tiny") / "nnUNetTrainer__nnUNetPlans__3d_fullres")


@pytest.fixture
def store(tmp_path) -> ModelStore:
    """An empty store that knows the project's models."""
    return ModelStore(tmp_path / "store")


@pytest.fixture(scope="session")
def blobs() -> Image:
    """A smooth random image with a tilted grid of odd sizes and one empty border plane."""
    array = gaussian_filter(np.random.default_rng(5).normal(size=(31, 36, 27)), 2).astype(np.float32)
    array[0] = 0
    angle = np.radians(7)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [0.7, 0.9, 1.15]
    affine[:3, 3] = (-12.0, 4.0, 30.0)
    return Image(array, Geometry(array.shape, affine))
