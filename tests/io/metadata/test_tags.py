from __future__ import annotations

import pytest

from skdefocus.io.metadata.tags import TYPE_SIZES, describes_the_photograph


@pytest.mark.parametrize("tag", [270, 271, 282, 306, 315, 33432, 40091, 50341, 42113])
def test_what_describes_the_photograph(tag):
    assert describes_the_photograph(tag)


@pytest.mark.parametrize(
    "tag", [1, 254, 256, 259, 273, 279, 317, 330, 347, 513, 700, 34675, 34665, 50706]
)
def test_what_lays_out_the_file(tag):
    assert not describes_the_photograph(tag)


def test_every_type_has_a_size():
    assert set(TYPE_SIZES) == {*range(1, 14), 129}
