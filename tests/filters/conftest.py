from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def small_grids_are_not_solved_directly():
    """Let grids of hundreds of values be solved on several levels, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skdefocus.filters._tied_grid._DIRECT_SIZE", 100)
        yield
