from __future__ import annotations

import pytest

from skdefocus.io.refusal import Refusal, check_pixels, first_line, told_of_pixels


def test_as_many_pixels_as_accepted():
    check_pixels(10, 20, 200)


@pytest.mark.parametrize("size", [(10, 21), (201, 1), (65535, 65535)])
def test_one_more_is_refused_with_the_option(size):
    message = rf"has {size[0]} x {size[1]} pixels; at most 200 .*--max-pixels"
    with pytest.raises(Refusal, match=message):
        check_pixels(*size, 200)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_no_pixels_are_damage(size):
    with pytest.raises(Refusal, match="is damaged or truncated"):
        check_pixels(*size, 200)


def test_who_asked_is_told_what_was_accepted():
    told = []
    with told_of_pixels(told.append):
        check_pixels(10, 20, 200)
        with pytest.raises(Refusal):
            check_pixels(10, 21, 200)
    check_pixels(1, 1, 200)
    assert told == [200]


@pytest.mark.parametrize(
    ("error", "line"),
    [(ValueError("a.\nb"), "a"), (KeyError(), "KeyError"), (OSError(" \n"), "OSError")],
)
def test_the_first_line_of_an_error(error, line):
    assert first_line(error) == line
