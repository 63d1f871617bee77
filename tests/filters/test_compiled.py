from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import skdefocus.filters
from skdefocus.filters._compiled import compiled, for_reading, kernels_for


def test_there_are_kernels():
    assert compiled() is not None


ABSENT = "sys.modules['numba'] = None"
NO_CACHE = """
import numba.core.caching as caching
name = "CacheImpl" if hasattr(caching, "CacheImpl") else "_CacheImpl"
getattr(caching, name)._locator_classes = []
"""


@pytest.mark.parametrize("hindrance", [ABSENT, NO_CACHE])
def test_without_numba_or_a_cache_filters_still_work(hindrance):
    code = f"""
import sys
{hindrance}
import numpy as np
from skdefocus.filters import box_mean
from skdefocus.filters._compiled import compiled
assert compiled() is None
assert box_mean(np.full((4, 4), 2, np.float32), 1)[0, 0] == 2
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


class Failing:
    """An importer that meets an error where the kernels are."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, path=None, target=None):
        if name == "skdefocus.filters.kernels":
            raise self.error


@pytest.fixture
def importing(monkeypatch):
    """Ask for the kernels as if for the first time, while their import fails."""

    def ask(error):
        monkeypatch.delattr(skdefocus.filters, "kernels", raising=False)
        monkeypatch.delitem(sys.modules, "skdefocus.filters.kernels", raising=False)
        monkeypatch.setattr(sys, "meta_path", [Failing(error), *sys.meta_path])
        return compiled.__wrapped__()

    return ask


@pytest.mark.parametrize(
    "error",
    [
        ImportError("No module named 'numba'"),
        RuntimeError("cannot cache function 'box_rows': no locator available"),
    ],
)
def test_what_a_user_cannot_help_leaves_numpy_alone(importing, error):
    assert importing(error) is None


def test_a_fault_of_the_kernels_is_not_hidden(importing):
    with pytest.raises(RuntimeError, match="a fault of the compiler"):
        importing(RuntimeError("a fault of the compiler"))


def test_kernels_are_for_float32_alone():
    single, double = np.zeros((2, 2), np.float32), np.zeros((2, 2))
    assert kernels_for(single, single) is compiled()
    for arrays in [(double,), (single, double), (double, single), (single > 0,)]:
        assert kernels_for(*arrays) is None


@given(hnp.arrays(np.int16, hnp.array_shapes(max_dims=3, max_side=4)))
def test_what_kernels_read_is_of_one_kind(array):
    fixed = array.copy()
    fixed.flags.writeable = False
    for given_array in (array, fixed, array.T, array[::-1], np.asfortranarray(array)):
        writeable = given_array.flags.writeable
        taken = for_reading(given_array)
        np.testing.assert_array_equal(taken, given_array)
        assert taken.flags.c_contiguous
        assert not taken.flags.writeable
        # What was given stays as it is, for its owner to write to.
        assert given_array.flags.writeable == writeable
    # No copy where none is needed.
    assert np.shares_memory(for_reading(array), array)
