"""What the tests of the rules share: put an error into a mask, and look at what was found."""

import numpy as np

from SpineGTRefineLib.anatomy import scheme
from SpineGTRefineLib.checks import Problem, check_labels

SPINE = scheme("spine")


def v(key):
    """Label of a structure in the scheme ``spine``."""
    return SPINE.value_of(key)


def findings(labels, canal=None, cord=None):
    """Rule and structure of every error and warning."""
    found = check_labels(labels, canal, cord)
    return {(p.rule, p.structure) for p in found if p.severity != "info"}


def the_one(problems, rule) -> Problem:
    """The problem that a rule found, which must be one."""
    found = [problem for problem in problems if problem.rule == rule]
    assert len(found) == 1, found
    return found[0]


def edited(labels, change):
    """A copy of a mask after ``change(array)``."""
    array = labels.array.astype(np.int32)
    change(array)
    return labels.with_array(array)


def center(phantom, level):
    """Middle of a vertebra's body, RAS mm."""
    return np.array(phantom.skeleton.vertebra(level).frame.center)
