"""Files of what is on the page, at full size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from skdefocus.app.export import export_product
from skdefocus.app.recipe import PRODUCTS, product_file
from skdefocus.app.settings import Settings
from skdefocus.figures import color_map, hatch_unknown
from skdefocus.io import read_image, read_photograph
from skdefocus.sample import unknown_pixels

from .tuned import settings


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("kind", ["opened", "deep"])
def test_there_is_one_file_and_it_has_the_promised_name(
    request, tmp_path, product, kind
):
    opened = request.getfixturevalue(kind)
    folder = tmp_path / "new" / "folder"
    path = export_product(opened, settings(), product, folder)
    assert path == folder / product_file(opened, product)
    # And nothing else, hidden or not.
    assert list(folder.iterdir()) == [path]
    assert read_image(path).shape[:2] == opened.shape


def test_maps_are_those_that_were_opened_whatever_is_set(opened, tmp_path):
    blur_map = opened.sample.blur_map
    one, other = tmp_path / "one", tmp_path / "other"
    for product in ("sigma", "map16", "map", "confidence"):
        export_product(opened, settings(), product, one)
        path = export_product(opened, Settings(), product, other)
        assert path.read_bytes() == (one / path.name).read_bytes()
    np.testing.assert_array_equal(read_image(one / "my flower_sigma.tif"), blur_map)
    steps = np.rint(blur_map * 256)
    np.testing.assert_array_equal(read_image(one / "my flower_map16.png"), steps)
    colors = hatch_unknown(color_map(blur_map), unknown_pixels(opened.sample))
    np.testing.assert_array_equal(read_image(one / "my flower_map.png"), colors)
    confidence = np.rint(opened.sample.confidence * 255)
    found = read_image(one / "my flower_confidence.png")
    np.testing.assert_array_equal(found, confidence)


def test_a_mask_is_white_where_in_focus_and_follows_the_threshold(opened, tmp_path):
    shares = []
    for threshold in (0.2, 0.6, 1.0):
        chosen = settings().changed({"threshold": threshold})
        mask = read_image(export_product(opened, chosen, "mask", tmp_path))
        assert set(np.unique(mask)) == {0, 255}
        limit = threshold + opened.sharpest
        in_focus = opened.sample.blur_map < limit
        np.testing.assert_array_equal(mask == 255, in_focus)
        shares.append(in_focus.mean())
    assert shares == sorted(set(shares))


@pytest.mark.parametrize("product", ["sharpened", "shallow"])
def test_pictures_follow_what_is_set(deep, tmp_path, product):
    step = settings().sharpener()
    if product == "shallow":
        step = settings().renderer(deep.shape)
    (expected,) = step.transform([deep.sample])
    path = export_product(deep, settings(), product, tmp_path)
    found = read_image(path)
    np.testing.assert_array_equal(found, np.rint(expected * 65535))
    # Neither the photograph itself nor what the defaults give.
    assert (found != deep.original.image).any()
    bare = read_image(export_product(deep, Settings(), product, tmp_path / "bare"))
    assert (found != bare).any()


def test_bits_and_metadata_survive(opened, deep, tmp_path):
    path = export_product(deep, settings(), "sharpened", tmp_path)
    found = read_photograph(path)
    assert path.suffix == ".tif"
    assert found.image.dtype == np.uint16
    assert found.icc_profile == deep.original.icc_profile is not None
    found = read_photograph(export_product(opened, settings(), "shallow", tmp_path))
    assert found.file_format == "JPEG"
    assert found.metadata.exif == opened.original.metadata.exif is not None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("folder/IMG.2020.jpeg", "IMG.2020_shallow.jpg"),
        ("../up.jpg", "up_shallow.jpg"),
        ("/elsewhere/no ending", "no ending_shallow.jpg"),
    ],
)
def test_files_go_to_the_folder_whatever_the_photograph_is_called(
    opened, tmp_path, path, name
):
    named = replace(opened, path=path)
    found = export_product(named, settings(), "shallow", tmp_path)
    assert found == tmp_path / name
    assert list(tmp_path.iterdir()) == [found]


def test_no_such_product(opened, tmp_path):
    with pytest.raises(ValueError, match="there is no product 'x'"):
        export_product(opened, settings(), "x", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_rendered_leaves_nothing(opened, tmp_path):
    # The page lets none of them be set; a step says so, too.
    odd = replace(settings(), c0=9.0, c1=3.0)
    with pytest.raises(ValueError, match="c0 < c1 < pivot"):
        export_product(opened, odd, "shallow", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_nothing(opened, tmp_path):
    (tmp_path / "my flower_sigma.tif").mkdir()
    with pytest.raises(
        OSError, match=r"sigma\.tif is a folder, not a file to write to"
    ):
        export_product(opened, settings(), "sigma", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["my flower_sigma.tif"]
