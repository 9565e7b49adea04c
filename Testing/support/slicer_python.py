"""Runs a piece of the library as Slicer's own Python would: only what Slicer ships can be imported.

python slicer_python.py [--with PACKAGE] import MODULE...
python slicer_python.py shift-levels DATASET
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from house import REPOSITORY, SHIPPED_WITH_SLICER

COMPANIONS = frozenset({"vtkmodules", "packaging", "typing_extensions", "importlib_resources"})
"""What vtk and nibabel bring along. That our own modules leave these alone is checked on their source."""


class Blocker:
    """Stands before all other finders and refuses what Slicer's Python does not have."""

    def __init__(self, extra: list[str]) -> None:
        self.allowed = sys.stdlib_module_names | SHIPPED_WITH_SLICER | COMPANIONS | {"SpineGTRefineLib", *extra}

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuse, or leave the search to the next finder."""
        top = name.partition(".")[0]
        if top not in self.allowed:
            raise ModuleNotFoundError(f"{top} is not part of Slicer's Python", name=name)


def shift_levels(folder: Path) -> None:
    """Open a case, paint one voxel, shift L1 to L3 down by one level, save."""
    from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
    from SpineGTRefineLib.imaging import read_image

    dataset = Dataset.open(folder)
    case, spine = dataset.cases()[0], mask_type("spine")
    labels = load_mask(dataset, case, spine)
    edited = labels.array.copy()
    edited[0, 0, 0] = labels.scheme.value_of("sacrum")
    for level in (1, 2, 3):
        old, new = (labels.scheme.value_of(f"vertebra_L{n}") for n in (level, level + 1))
        edited[labels.array == old] = new
    image = read_image(case.image)
    save_mask(dataset, case, spine, labels.with_array(edited), image=image, rater="AB", status="corrected", seconds=3.0)


def main() -> None:
    """Block, then do what was asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--with", dest="extra", action="append", default=[])
    parser.add_argument("action", choices=["import", "shift-levels"])
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    sys.path.insert(0, str(REPOSITORY))
    sys.meta_path.insert(0, Blocker(arguments.extra))
    if arguments.action == "import":
        for name in arguments.names:
            importlib.import_module(name)
    else:
        shift_levels(Path(arguments.names[0]))


if __name__ == "__main__":
    main()
