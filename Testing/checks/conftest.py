"""Phantoms whose masks are clean, for all rules."""

import pytest

from SpineGTRefineLib.phantoms import make_spine


@pytest.fixture(scope="session")
def lumbar():
    return make_spine(2, region="lumbar", spacing=2.0)


@pytest.fixture(scope="session")
def cervical():
    return make_spine(4, region="cervical", spacing=1.2)
