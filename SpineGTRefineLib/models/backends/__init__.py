"""Ways to compute a network: PyTorch as it is, PyTorch with half the bits, or OpenVINO; and the choice among them."""

from .choice import MODES, runners_for
from .runner import Runner

__all__ = ["MODES", "Runner", "runners_for"]
