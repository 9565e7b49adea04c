"""What the tests of tools' output folders share."""

import pytest
from tool_lab import Lab


@pytest.fixture
def lab(tmp_path):
    """An empty lab."""
    return Lab(tmp_path)
