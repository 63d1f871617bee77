"""Files of every kind are read exactly, or refused with a sentence that is known.

The kinds, what writes them and what they must give stand in ``benchmarks/formats.py``,
whose table is that of all of them. Here every so many are read, others of each kind.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from benchmarks import formats

# Of each group of files, how many are left out for each one that is read, and how many
# must be exact at least.
GROUPS = {
    formats.own_tiffs: (23, 150),
    formats.own_pngs: (1, 150),
    formats.own_pnms: (1, 25),
    formats.pillow_files: (5, 120),
    formats.openimageio_files: (3, 80),
    formats.tifffile_tiffs: (11, 0),
    formats.imagemagick_files: (67, 0),
}


@pytest.mark.filterwarnings("ignore")  # Of what writes them.
@pytest.mark.parametrize("cells", GROUPS, ids=lambda cells: cells.__name__)
def test_every_kind_is_exact_or_refused(cells, tmp_path):
    step, least = GROUPS[cells]
    counts: Counter[str] = Counter()
    for cell in itertools.islice(cells(), 0, None, step):
        result, text = formats.judge(cell, tmp_path)
        counts[result] += 1
        assert result != "wrong", f"{cell}: {text}"
    assert counts["exact"] >= least
    assert counts["exact"] >= 3 * counts["refused"]


class TestTheJudge:
    """A wrong picture is found out."""

    @pytest.fixture
    def cell(self):
        return next(formats.own_pngs())

    def test_what_is_exact(self, cell, tmp_path):
        assert formats.judge(cell, tmp_path) == ("exact", "")

    @pytest.mark.parametrize("change", ["turn", "invert", "cut"])
    def test_what_is_not(self, cell, tmp_path, monkeypatch, change):
        def read(path):
            found = right(path)
            image = {
                "turn": found.image[::-1],
                "invert": 255 - found.image,
                "cut": found.image[1:],
            }[change]
            return formats.Photograph(image)

        right = formats.read_photograph
        monkeypatch.setattr(formats, "read_photograph", read)
        assert formats.judge(cell, tmp_path)[0] == "wrong"

    def test_a_refusal_that_nobody_knows(self, cell, tmp_path, monkeypatch):
        def read(path):
            raise ValueError(f"{path} is too blue.")

        monkeypatch.setattr(formats, "read_photograph", read)
        assert formats.judge(cell, tmp_path)[0] == "wrong"

    def test_one_that_is_known(self, cell, tmp_path, monkeypatch):
        def read(path):
            raise ValueError(f"{path} holds negative samples, down to -3.")

        monkeypatch.setattr(formats, "read_photograph", read)
        assert formats.judge(cell, tmp_path) == ("refused", "negative samples")
