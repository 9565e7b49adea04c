"""From a few drawn masks to a model of all, in rounds: what is done, what comes next, and the command for it."""

from .evidence import Progress
from .guide import Guide, Round, Step, guide
from .plans import Choices, Plan, fitting_plan, plan, plan_names

__all__ = ["Choices", "Guide", "Plan", "Progress", "Round", "Step", "fitting_plan", "guide", "plan", "plan_names"]
