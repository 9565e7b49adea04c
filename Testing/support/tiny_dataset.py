"""A dataset of images so small that all the time goes into handling them."""

import numpy as np

from SpineGTRefineLib.imaging import Geometry, Image, write_image

GRID = Geometry((16, 16, 16), np.diag([2.0, 2.0, 2.0, 1.0]))


def write_tiny_dataset(root, cases):
    """Write ``cases`` images below ``root`` and return it; each has another bright block."""
    for number in range(cases):
        array = np.full(GRID.shape, 10, np.int16)
        array[2 + number % 5 : 9, 3:12, 4 : 6 + number % 7] = 150
        path = root / f"sub-{number:04d}" / "anat" / f"sub-{number:04d}_T2w.nii.gz"
        path.parent.mkdir(parents=True)
        write_image(path, Image(array, GRID))
    return root
