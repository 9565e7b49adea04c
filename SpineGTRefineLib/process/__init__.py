"""Child processes that neither leak our environment, nor outlive us, nor block a GUI."""

from .child import ChildProcess, ExitReport, run_to_end
from .environment import clean_environment, module_command
from .tree import kill_tree

__all__ = ["ChildProcess", "ExitReport", "clean_environment", "kill_tree", "module_command", "run_to_end"]
