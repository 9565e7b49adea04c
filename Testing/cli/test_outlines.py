"""The outline drawn over a slice runs exactly around the voxels of the mask."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from SpineGTRefineLib.cli.report.outlines import outline_path

SCALE = 4


def corners_of(path):
    """Corner points of each ring of an SVG path made of M, H, V and Z."""
    rings = []
    for ring in path.split("Z")[:-1]:
        points = []
        for letter, numbers in re.findall(r"([MHV])([\d ]+)", ring):
            values = [int(number) for number in numbers.split()]
            x, y = points[-1] if points else (0, 0)
            points.append(tuple(values) if letter == "M" else (values[0], y) if letter == "H" else (x, values[0]))
        rings.append(points)
    return rings


def filled(path, shape):
    """The pixels whose centre lies inside an odd number of rings."""
    inside = np.zeros(shape, dtype=bool)
    for ring in corners_of(path):
        canvas = Image.new("1", (shape[1] * SCALE, shape[0] * SCALE))
        ImageDraw.Draw(canvas).polygon([(x * SCALE - 0.5, y * SCALE - 0.5) for x, y in ring], fill=1)
        inside ^= np.asarray(canvas)[SCALE // 2 :: SCALE, SCALE // 2 :: SCALE]
    return inside


def test_one_pixel_is_a_square():
    mask = np.zeros((3, 4), dtype=bool)
    mask[1, 2] = True
    assert outline_path(mask) == "M2 1H3V2H2Z"


def test_nothing_has_no_outline():
    assert outline_path(np.zeros((3, 3), dtype=bool)) == ""


def test_corners_on_a_straight_line_are_left_out():
    assert len(corners_of(outline_path(np.ones((5, 7), dtype=bool)))[0]) == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1)])
def test_a_mask_that_fills_the_picture_is_outlined_at_its_border(shape):
    assert filled(outline_path(np.ones(shape, dtype=bool)), shape).all()


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_filling_the_outline_gives_the_mask_again(mask):
    np.testing.assert_array_equal(filled(outline_path(mask), mask.shape), mask)
