"""Images to try the station on: real MRI where it is, and one that is stored in every awkward way at once."""

import numpy as np

from SpineGTRefineLib.bids import mask_type
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap

KEYS = ("vertebra_L5", "disc_L4-L5", "vertebra_L4", "disc_L3-L4", "vertebra_L3", "disc_L2-L3", "vertebra_L2")


def oblique_image() -> Image:
    """Left-handed, oblique, anisotropic, 16 bits without sign."""
    turn = np.radians(14)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    affine[:3, :3] = affine[:3, :3] @ np.diag([-3.3, 0.73, 0.73])
    shape = (20, 192, 192)
    return Image(np.random.default_rng(0).integers(0, 800, shape, dtype=np.uint16), Geometry(shape, affine))


def spine_on(image: Image) -> LabelMap:
    """Blocks of vertebrae and discs along the body, from below."""
    scheme, shape = mask_type("spine").scheme, image.geometry.shape
    along = int(np.abs(image.geometry.affine[2, :3]).argmax())
    array = np.zeros(shape, np.uint16)
    place = [slice(n // 2 - n // 6, n // 2 + n // 6) for n in shape]
    step = shape[along] // (len(KEYS) + 1)
    keys = KEYS if image.geometry.affine[2, along] > 0 else KEYS[::-1]
    for number, key in enumerate(keys, 1):
        place[along] = slice(number * step - step // 2, number * step + step // 2)
        array[tuple(place)] = scheme.value_of(key)
    return LabelMap(array, image.geometry, scheme)
