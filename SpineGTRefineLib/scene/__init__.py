"""Cases in a 3D Slicer scene: volumes to look at, label maps as segmentations to edit, edited voxels back.

Imports ``slicer`` and ``vtk``, so only the module file, the panel and the browser station import this room. It runs
inside 3D Slicer and on the PyPI package ``slicer-core``, without a window.
"""

from .case import SceneCase, empty_labels, load_case, open_volume
from .context import Scene
from .dataset_session import DatasetSession
from .found import FoundVolume, found_volume
from .labels import LabelSegmentation
from .recipe_runs import RecipeRun, RecipeRuns
from .volumes import add_volume

__all__ = [
    "DatasetSession",
    "FoundVolume",
    "LabelSegmentation",
    "RecipeRun",
    "RecipeRuns",
    "Scene",
    "SceneCase",
    "add_volume",
    "empty_labels",
    "found_volume",
    "load_case",
    "open_volume",
]
