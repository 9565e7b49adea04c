"""The mask under edit: every act is one step, and undo restores the voxels exactly."""

import random

import numpy as np
import pytest

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.errors import GeometryError, UsageError
from SpineGTRefineLib.imaging import Geometry, LabelMap
from SpineGTRefineLib.review.editor import UNDO_STEPS, ArrayEditor
from SpineGTRefineLib.review.signal import Signal

SPINE = scheme("spine")
GRID = Geometry((12, 10, 8), np.diag([-0.8, 0.8, 3, 1]))


def empty():
    return LabelMap(np.zeros(GRID.shape, np.uint8), GRID, SPINE)


def painted(labels, place, value):
    array = labels.array.copy()
    array[place] = value
    return labels.with_array(array)


def test_undo_says_what_it_will_undo_and_restores_the_voxels():
    editor = ArrayEditor(empty())
    assert (editor.undo_text, editor.redo_text) == ("", "")
    editor.replace(painted(editor.labels(), np.s_[2:4], 41), "paint L1 vertebra")
    first = editor.labels().array
    editor.replace(painted(editor.labels(), np.s_[3:6], 42), "paint L2 vertebra")
    assert editor.undo_text == "paint L2 vertebra"
    assert editor.undo() == "paint L2 vertebra"
    assert np.array_equal(editor.labels().array, first)
    assert editor.redo_text == "paint L2 vertebra"
    editor.redo()
    assert (editor.labels().array[3:6] == 42).all()


def test_a_new_act_after_undo_forgets_what_was_undone():
    editor = ArrayEditor(empty())
    editor.replace(painted(editor.labels(), np.s_[0], 41), "a")
    editor.undo()
    editor.replace(painted(editor.labels(), np.s_[1], 42), "b")
    assert editor.redo() == ""
    assert editor.undo_text == "b"


def test_an_act_that_changes_nothing_is_no_step():
    editor = ArrayEditor(empty())
    editor.replace(empty(), "nothing")
    assert editor.undo_text == ""
    assert editor.revision == 0


def test_a_random_session_equals_plain_arrays():
    """Two hundred acts, undos and redos against a list of whole arrays."""
    chance = random.Random(5)
    editor, states, position = ArrayEditor(empty()), [empty().array], 0
    for _ in range(200):
        act = chance.random()
        if act < 0.25 and position > 0:
            editor.undo()
            position -= 1
        elif act < 0.4 and position < len(states) - 1:
            editor.redo()
            position += 1
        else:
            start = [chance.randrange(n) for n in GRID.shape]
            place = tuple(slice(s, s + chance.randrange(1, 5)) for s in start)
            new = states[position].copy()
            new[place] = chance.choice([0, 41, 42, 100])
            if not np.array_equal(new, states[position]):
                states[position + 1 :] = [new]
                position += 1
            editor.replace(editor.labels().with_array(new), "act")
        assert np.array_equal(editor.labels().array, states[position])


def test_the_number_of_steps_is_bounded():
    editor = ArrayEditor(empty())
    for n in range(UNDO_STEPS + 20):
        editor.replace(painted(editor.labels(), np.s_[0, 0, 0], 41 if n % 2 else 42), "flip")
    undone = 0
    while editor.undo():
        undone += 1
    assert undone == UNDO_STEPS


def test_the_mask_that_was_opened_is_never_changed():
    opened = empty()
    editor = ArrayEditor(opened)
    editor.replace(painted(editor.labels(), np.s_[:], 41), "fill")
    assert not opened.array.any()
    with pytest.raises(ValueError, match="read-only"):
        editor.labels().array[0] = 1


def test_voxels_of_another_grid_or_scheme_are_refused():
    editor = ArrayEditor(empty())
    moved = Geometry(GRID.shape, np.diag([-0.8, 0.8, 2, 1]))
    with pytest.raises(GeometryError):
        editor.replace(LabelMap(empty().array, moved, SPINE), "move")
    with pytest.raises(UsageError, match="scheme"):
        editor.replace(LabelMap(empty().array, GRID, scheme("canal")), "other")


def test_a_slot_may_disconnect_others_while_it_is_called():
    signal, heard = Signal(), []
    signal.connect(lambda x: (heard.append(("a", x)), signal.disconnect(second)))

    def second(x):
        heard.append(("b", x))

    signal.connect(second)
    signal.emit(1)
    signal.emit(2)
    assert heard == [("a", 1), ("a", 2)]
