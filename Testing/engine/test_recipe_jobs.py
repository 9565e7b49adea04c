"""What the worker sets up before its first job."""

import pytest

from SpineGTRefineLib.engine import recipe_jobs


@pytest.mark.parametrize("with_openvino", [False, True])
def test_memory_is_kept_for_the_next_tile_where_pytorch_computes_and_not_where_openvino_does(
    monkeypatch, with_openvino
):
    told = []
    monkeypatch.setattr(recipe_jobs, "reuse_freed_memory", lambda: told.append(True))
    monkeypatch.setattr(recipe_jobs.openvino, "is_installed", lambda: with_openvino)
    recipe_jobs.RecipeJobs()
    assert told == ([] if with_openvino else [True])
