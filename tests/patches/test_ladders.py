from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skdefocus import PatchBlurClassifier
from skdefocus.patches import PAPER_LADDER, REAL_LADDER
from skdefocus.patches.ladders import check_ladder, same_ladder

ascending = st.lists(st.floats(0, 1e6), min_size=1, max_size=8, unique=True).map(sorted)


def test_the_paper_s_ladder():
    assert list(PAPER_LADDER) == list(range(20))


def test_the_real_ladder_is_ascending_from_0():
    assert REAL_LADDER[0] == 0
    assert list(REAL_LADDER) == sorted(set(REAL_LADDER))


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_networks_for_photographs_tell_the_real_ladder(name):
    classifier = PatchBlurClassifier.pretrained(name)
    assert classifier.card_["ladder"] == list(REAL_LADDER)
    assert classifier.classes_.tolist() == list(range(len(REAL_LADDER)))


@given(ascending)
def test_what_ascends_is_kept_as_floats(sigmas):
    for given_ in (sigmas, tuple(sigmas), np.array(sigmas)):
        assert check_ladder(given_, "caller", len(sigmas)) == tuple(sigmas)


def test_whole_numbers_become_floats():
    ladder = check_ladder(np.arange(3, dtype=np.uint8), "caller")
    assert ladder == (0.0, 1.0, 2.0)
    assert {type(sigma) for sigma in ladder} == {float}


@given(st.lists(st.floats(0, 1e6), max_size=8))
def test_any_other_order_is_refused(sigmas):
    assume(sigmas != sorted(set(sigmas)))
    with pytest.raises(ValueError, match="ascending from 0 or more"):
        check_ladder(sigmas, "caller")


@pytest.mark.parametrize(
    "sigmas",
    [
        *([], 1.0, [[0.0, 1.0]], [1.0, 1.0], [-0.5, 1.0], [0.0, np.inf], [np.nan]),
        *([False, True], ["0", "1"], [0j, 1j], [None], "01"),
    ],
)
def test_what_is_no_ladder_is_shown(sigmas):
    with pytest.raises(ValueError, match="'ladder' parameter of caller must be") as e:
        check_ladder(sigmas, "caller")
    assert str(e.value).endswith(f"Got {sigmas!r} instead.")


def test_a_ladder_may_have_to_hold_several_levels():
    assert check_ladder([3.0], "caller") == (3.0,)
    with pytest.raises(ValueError, match="of Class must be 2 or more sigmas"):
        check_ladder([3.0], "Class", least=2)


@given(ascending)
def test_a_ladder_is_the_same_in_every_type(ladder):
    assert same_ladder(tuple(ladder), np.float32(ladder))
    assert not same_ladder(ladder, [*ladder, 2e6])
    assert not same_ladder(ladder, [*ladder[:-1], ladder[-1] * 1.001 + 0.001])
