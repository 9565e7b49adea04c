"""The picture that explains the metrics shows what the library computes now."""

import importlib.util


def test_the_picture_is_up_to_date(repository):
    script = repository / "Testing" / "tools" / "make_metric_pictures.py"
    spec = importlib.util.spec_from_file_location("make_metric_pictures", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    remedy = "run: python Testing/tools/make_metric_pictures.py"
    assert module.TARGET.read_text(encoding="utf-8") == module.svg(), remedy
