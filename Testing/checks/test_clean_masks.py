"""Clean masks give no error, whatever their anatomy, and problems do not depend on how a mask is stored."""

import numpy as np
import pytest
from rule_findings import edited, findings, the_one, v

from SpineGTRefineLib.checks import check_labels
from SpineGTRefineLib.phantoms import make_mouse, make_spine, storage_variant


@pytest.mark.parametrize("variant", ["usual", "T13", "L6", "4-lumbar", "11-thoracic"])
@pytest.mark.parametrize(
    "scan",
    [
        {"region": "whole", "spacing": 2.5},
        {"region": "lumbar", "spacing": (4.0, 1.5, 1.5), "axcodes": "LAS"},
        {"region": "thoracic", "spacing": 2.0, "oblique": (10.0, -8.0, 6.0), "axcodes": "PIL"},
        {"region": "cervical", "spacing": 2.0},
    ],
    ids=["whole", "thick-lefthanded", "oblique", "cropped"],
)
def test_a_clean_spine_gives_no_error_whatever_its_anatomy_and_its_scan(variant, scan):
    phantom = make_spine(6, variant=variant, rootlets=False, **scan)
    problems = check_labels(phantom.spine, phantom.canal, phantom.cord)
    assert [p for p in problems if p.severity == "error"] == []
    unusual = [p for p in problems if p.rule == "transitional"]
    if scan["region"] in ("whole", "lumbar"):
        assert len(unusual) == (variant != "usual")
    assert all(p.severity == "info" for p in unusual)


def test_clean_rootlets_and_mouse_cords_give_no_problem(cervical):
    assert findings(cervical.rootlets, cervical.canal, cervical.cord) == set()
    assert findings(make_mouse(2).gmwm) == set()


def test_storage_order_changes_neither_the_problems_nor_their_place_in_the_world(lumbar):
    def change(array):
        array[array == v("vertebra_L3")] = 0
        array[4:14, 72:82, 60:70] = v("vertebra_L2")
        array[2:4, 3:5, 4:6] = 19
        array[lumbar.canal.array > 0] = np.where(array[lumbar.canal.array > 0] == 0, v("vertebra_T12"), 0)

    labels = edited(lumbar.spine, change)
    plain = check_labels(labels, lumbar.canal, lumbar.cord)
    assert len(plain) > 5
    for axcodes in ("LAS", "PIR", "SRA"):
        maps = [storage_variant(m, axcodes) for m in (labels, lumbar.canal, lumbar.cord)]
        turned = check_labels(*maps)
        assert [(p.rule, p.structure, p.severity) for p in turned] == [(p.rule, p.structure, p.severity) for p in plain]
        for a, b in zip(turned, plain, strict=True):
            if a.position is not None:
                assert np.allclose(a.position, b.position, atol=1.01 * 2.0)
                exact = a.rule in ("known_values", "one_piece", "bone_in_canal")
                assert not exact or np.allclose(a.position, b.position, atol=1e-6)


def test_a_problem_can_be_written_as_json(lumbar):
    labels = edited(lumbar.spine, lambda array: array.__setitem__((slice(2, 4), slice(3, 5), slice(4, 6)), 19))
    entry = the_one(check_labels(labels), "known_values").as_dict()
    assert entry["slice"].keys() == {"axis", "index"}
    assert entry["rule"] == "known_values"
    assert len(entry["position"]) == 3


def test_the_input_is_not_changed(lumbar):
    before = lumbar.spine.array.copy()
    check_labels(lumbar.spine, lumbar.canal, lumbar.cord)
    assert (lumbar.spine.array == before).all()
