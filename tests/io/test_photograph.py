from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from skdefocus.io import Photograph, read_photograph, write_photograph
from skdefocus.io.metadata import Metadata
from tests.io.metadata import PROFILE, make_exif


def test_is_compared_as_a_whole_and_never_by_its_pixels(shallow):
    one, other = Photograph(shallow, shallow[..., 0]), Photograph(shallow)
    twin = replace(one)
    # Arrays that are compared give arrays, of which no one can ask whether.
    assert one == one
    assert one != twin
    assert [other, twin, one].index(one) == 2
    assert len({one, other, twin, one}) == 3


def test_is_changed_by_a_copy_alone(shallow):
    metadata = Metadata(exif=b"exif")
    photograph = Photograph(shallow, metadata=metadata)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'bits'"):
        photograph.bits = 16
    deeper = replace(photograph, bits=16)
    assert deeper.image is shallow
    assert (deeper.bits, deeper.metadata) == (16, metadata)
    assert photograph.bits == 8


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_pixels_alone_are_a_photograph_of_8_bits_without_metadata(
    tmp_path, shallow, ending
):
    path = tmp_path / f"x{ending}"
    write_photograph(path, shallow / np.float32(255), Photograph(shallow))
    found = read_photograph(path)
    np.testing.assert_array_equal(found.image, shallow)
    assert (found.bits, found.alpha, found.icc_profile) == (8, None, None)


@pytest.mark.parametrize(
    ("field", "ending"),
    [
        *(
            ("alpha", ".png"),
            ("icc_profile", ".png"),
            ("metadata", ".png"),
            ("bits", ".png"),
        ),
        *(
            ("alpha", ".tif"),
            ("icc_profile", ".tif"),
            ("metadata", ".tif"),
            ("bits", ".tif"),
        ),
    ],
)
def test_every_field_reaches_the_file_by_itself(tmp_path, deep, field, ending):
    value = {
        "alpha": deep[..., 2],
        "icc_profile": PROFILE,
        "metadata": Metadata(exif=make_exif().tobytes().removeprefix(b"Exif\0\0")),
        "bits": 16,
    }[field]
    plain = Photograph(deep)
    found = []
    for number, like in enumerate((plain, replace(plain, **{field: value}))):
        path = tmp_path / f"{number}{ending}"
        write_photograph(path, deep / 65535, like)
        found.append(read_photograph(path))
    for name in ("alpha", "icc_profile", "bits"):
        before, after = (getattr(photograph, name) for photograph in found)
        if name != field:
            assert before == after
        elif field == "alpha":
            assert before is None
            np.testing.assert_array_equal(after, np.rint(deep[..., 2] / 257))
        else:
            assert before != after == value
    if field == "metadata":
        assert found[0].metadata == Metadata()
        assert b"Maker" in found[1].metadata.exif
