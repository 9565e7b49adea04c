"""Colours: a shift by one level must be visible, so neighbours along the spine contrast in hue and lightness."""

import itertools

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import LabelEntry, scheme

LEVEL_SCHEMES = ["spine", "totalspineseg", "totalspineseg_step1", "tptbox", "spineps_vert", "spineps_vert_ordinal"]
SEQUENCES = [
    *((name, ("vertebra",)) for name in LEVEL_SCHEMES if name != "totalspineseg_step1"),
    *((name, ("disc",)) for name in LEVEL_SCHEMES),
    *((name, ("vertebra", "disc", "sacrum")) for name in ("spine", "totalspineseg")),
    ("totalsegmentator_v1", ("vertebra", "sacrum")),
    ("totalsegmentator_v2", ("vertebra",)),
    ("rootlets", ("rootlets",)),
    ("spinal_levels", ("spinal_level",)),
]


def lab(color: tuple[int, int, int]) -> np.ndarray:
    """CIE L*a*b* (D65) of an sRGB colour."""
    rgb = np.array(color) / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(a: LabelEntry, b: LabelEntry) -> float:
    """CIE76 colour difference; about 2 is just noticeable side by side, 10 at a glance."""
    return float(np.linalg.norm(lab(a.color) - lab(b.color)))


@pytest.mark.parametrize(("name", "kinds"), SEQUENCES)
def test_neighbours_along_the_spine_contrast(name, kinds):
    entries = scheme(name).of_kind(*kinds)
    assert len(entries) > 10
    worst = min(itertools.pairwise(entries), key=lambda pair: distance(*pair))
    assert distance(*worst) > 40, [entry.structure.key for entry in worst]


@pytest.mark.parametrize(("name", "kinds"), SEQUENCES)
def test_next_but_one_neighbours_differ_too(name, kinds):
    entries = scheme(name).of_kind(*kinds)
    worst = min(zip(entries, entries[2:], strict=False), key=lambda pair: distance(*pair))
    assert distance(*worst) > 30, [entry.structure.key for entry in worst]


@pytest.mark.parametrize("name", ["spine", "totalspineseg", "totalspineseg_step1", "spineps_semantic"])
@pytest.mark.parametrize("key", ["cord", "canal_without_cord"])
def test_cord_and_canal_stand_out_from_everything_else(name, key):
    own = scheme(name)[scheme(name).value_of(key)]
    nearest = min((entry for entry in scheme(name) if entry is not own), key=lambda entry: distance(own, entry))
    assert distance(own, nearest) > 20, nearest.structure.key


@pytest.mark.parametrize("name", LEVEL_SCHEMES)
def test_no_two_structures_share_a_colour(name):
    colors = [entry.color for entry in scheme(name)]
    assert len(colors) == len(set(colors))
