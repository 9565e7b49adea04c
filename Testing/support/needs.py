"""What some tests need that a base install does not have."""

import importlib.util

import pytest

HAS_NNUNET = all(importlib.util.find_spec(name) is not None for name in ("torch", "nnunetv2"))

needs_nnunet = pytest.mark.skipif(
    not HAS_NNUNET, reason="needs PyTorch and nnU-Net: pip install spine-gt-refine[models]"
)
