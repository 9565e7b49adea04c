"""The panel of the Slicer module: widgets over ``review``, one file for each section.

Written in the dialect of PythonQt and in Slicer's camelCase. A section wires the widgets of its ``.ui`` file to the
:class:`~.workspace.Workspace`; what is right or wrong is decided in ``review``.
"""

from .panel import Panel

__all__ = ["Panel"]
