"""Constraints are checked at the door, in the name of the function that was called."""

from __future__ import annotations

import inspect
import pickle

import pytest

from skdefocus._shared.parameters import (
    NON_NEGATIVE_INTEGER,
    POSITIVE_REAL,
    checked,
    unchecked,
)
from skdefocus._shared.validation import to_gray


def _below_width(caller, parameters):
    if parameters["radius"] > parameters["width"]:
        raise ValueError(f"{caller}: radius above width.")


@checked({"radius": [NON_NEGATIVE_INTEGER]}, _below_width, eps=[POSITIVE_REAL, None])
def smooth(width: int, radius: int = 2, *, eps: float | None = None) -> list[object]:
    """Stand for a filter.

    >>> 1 + 1
    2
    """
    return [width, radius, eps]


class Step:
    @checked(share=[POSITIVE_REAL])
    def run(self, share: float = 1.0) -> float:
        return share


def test_a_checked_function_is_called_as_it_was():
    assert smooth(4) == [4, 2, None]
    assert smooth(4, 3, eps=0.5) == [4, 3, 0.5]
    assert Step().run(0.5) == 0.5


def test_a_checked_function_keeps_what_others_read_of_it():
    parameters = inspect.signature(smooth).parameters
    assert list(parameters) == ["width", "radius", "eps"]
    assert parameters["radius"].default == 2
    assert inspect.getdoc(smooth).startswith("Stand for a filter.")
    assert smooth.__name__ == smooth.__qualname__ == "smooth"
    assert smooth.__module__ == __name__


def test_a_checked_function_pickles():
    assert pickle.loads(pickle.dumps(to_gray)) is to_gray
    from skdefocus.filters import box_mean

    assert pickle.loads(pickle.dumps(box_mean)) is box_mean


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"radius": -1},
            r"^The 'radius' parameter of smooth must be an int in the ran",
        ),
        ({"radius": True}, r"'radius' parameter of smooth .* Got True instead\.$"),
        ({"eps": 0}, r"^The 'eps' parameter of smooth must be .* Got 0 instead\.$"),
        ({"radius": 9}, r"^smooth: radius above width\.$"),
        # What is out of its range is not related to anything.
        ({"radius": 9, "eps": "a"}, r"^The 'eps' parameter of smooth must be"),
        # The default counts, too.
        ({"width": 1}, r"^smooth: radius above width\.$"),
    ],
)
def test_a_checked_function_refuses_in_its_own_name(parameters, message):
    with pytest.raises(ValueError, match=message):
        smooth(**{"width": 4, **parameters})


def test_a_checked_method_says_its_class():
    with pytest.raises(ValueError, match=r"'share' parameter of Step\.run must be"):
        Step().run(-1.0)


def test_arguments_that_do_not_fit_are_refused_in_pythons_words():
    with pytest.raises(TypeError, match=r"^smooth\(\) missing 1 required positional"):
        smooth()
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'sigma'$"):
        smooth(4, sigma=1)


def test_unchecked_calls_without_checks():
    assert unchecked(smooth)(1, radius=-1, eps="a") == [1, -1, "a"]
    assert unchecked(len) is len


def test_a_constraint_without_a_parameter_is_refused():
    with pytest.raises(TypeError, match=r"^smooth has no parameter color, sigma\.$"):
        checked(sigma=[POSITIVE_REAL], color=["boolean"])(unchecked(smooth))
