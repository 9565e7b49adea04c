"""The MRML scene that we work in: the running Slicer's, or one of our own where no program runs."""

from __future__ import annotations

from typing import Any

import slicer


class Scene:
    """A MRML scene in which volumes and segmentations can be created and shown.

    Parameters
    ----------
    mrml
        The ``vtkMRMLScene``.
    logics
        Objects that must live as long as the scene (observers of a scene do not keep themselves alive).
    """

    def __init__(self, mrml: Any, logics: tuple[Any, ...] = ()) -> None:
        self.mrml = mrml
        self._logics = logics

    @classmethod
    def current(cls) -> Scene:
        """Return the application's scene where there is one (``slicer.mrmlScene``), else a new one of our own."""
        mrml = getattr(slicer, "mrmlScene", None)
        return cls(mrml) if mrml is not None else cls.headless()

    @classmethod
    def headless(cls) -> Scene:
        """Return a new scene with what Slicer would have set up at its start, for use without the program."""
        mrml = slicer.vtkMRMLScene()
        application = slicer.vtkSlicerApplicationLogic()
        application.SetMRMLScene(mrml)
        # Without a logic called Colors volumes get no colour table and are drawn black.
        modules = {"Colors": slicer.vtkMRMLColorLogic(), "Segmentations": slicer.vtkSlicerSegmentationsModuleLogic()}
        for name, logic in modules.items():
            logic.SetMRMLScene(mrml)
            logic.SetMRMLApplicationLogic(application)
            application.SetModuleLogic(name, logic)
        modules["Colors"].AddDefaultColorNodes()
        return cls(mrml, (application, *modules.values()))

    def new_node(self, class_name: str, name: str) -> Any:
        """Add a node of a MRML class under a name that is not taken yet."""
        return self.mrml.AddNewNodeByClass(class_name, self.mrml.GenerateUniqueName(name))

    def remove(self, node: Any) -> None:
        """Remove a node together with its display and storage nodes; a node already gone is no error."""
        if node is None or self.mrml.GetNodeByID(node.GetID() or "") is not node:
            return
        own = [node.GetNthDisplayNode(i) for i in range(node.GetNumberOfDisplayNodes())]
        own += [node.GetNthStorageNode(i) for i in range(node.GetNumberOfStorageNodes())]
        for each in (node, *own):
            if each is not None:
                self.mrml.RemoveNode(each)
