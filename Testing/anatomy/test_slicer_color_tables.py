"""3D Slicer reads the scheme files unchanged: values, names, colours and terminology arrive as written."""

import pytest

from SpineGTRefineLib.anatomy import scheme, scheme_names
from SpineGTRefineLib.resources import resource_path

slicer_core = pytest.importorskip("slicer_core", reason="needs slicer-core (pip install spine-gt-refine[scene])")


@pytest.mark.parametrize("name", scheme_names())
def test_slicer_reads_the_scheme(name):
    scene, logic = slicer_core.vtkMRMLScene(), slicer_core.vtkSlicerColorLogic()
    logic.SetMRMLScene(scene)
    path = resource_path("Anatomy", "schemes", f"{name}.csv")
    table = logic.LoadColorFile(str(path), name)
    defined = {value for value in range(table.GetNumberOfColors()) if table.GetColorDefined(value)}
    assert defined == {0, *scheme(name).values}
    for entry in scheme(name):
        rgba = [0.0] * 4
        table.GetColor(entry.value, rgba)
        assert tuple(round(255 * part) for part in rgba) == (*entry.color, 255)
        assert table.GetColorName(entry.value) == entry.name
        assert table.GetColorIndexByName(entry.name) == entry.value
        columns = dict(entry.terminology)
        for part in ("Category", "Type", "TypeModifier", "Region", "RegionModifier"):
            code = "^".join(
                columns.get(f"{part}_{field}", "") for field in ("CodingScheme", "CodeValue", "CodeMeaning")
            )
            assert f"~{code}~" in table.GetTerminologyAsString(entry.value)
    logic.SetMRMLScene(None)
