"""The files that products go to, and what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skdefocus._shared.files import staged
from skdefocus._shared.map_range import automatic_limits
from skdefocus.batch.products import (
    RESERVED,
    RESULT_SUFFIXES,
    Form,
    check_names,
    expected_files,
    write_map_files,
    write_products,
)
from skdefocus.figures import color_map, draw_overview, hatch_unknown
from skdefocus.io import Photograph, read_image, read_photograph, write_map
from skdefocus.io.formats import WRITE_FORMATS
from skdefocus.io.metadata import Metadata
from tests.batch.results import SHAPE, an_image, made
from tests.io.metadata import swapped_profile


def written(folder, product, results, form=None):
    """Write a product; give the names of its files, which all begin alike."""
    with staged(folder) as stage:
        form = Form() if form is None else form
        files = write_products(stage, "a", [product], results, form)
    assert files == {product: stage.targets}
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in stage.targets
    }
    return [path.name for path in stage.targets]


@pytest.mark.parametrize(
    ("product", "unit", "names"),
    [
        ("map", "px", ["a_map.png", "a_map16.png", "a_sigma.tif"]),
        # Sixteen bits hold pixels, which a score is not counted in.
        ("map", "relative", ["a_map.png", "a_score.tif"]),
        ("confidence", "px", ["a_confidence.png"]),
        ("confidence", "relative", ["a_confidence.png"]),
        ("overview", "px", ["a_overview.png"]),
        ("overview", "relative", ["a_overview.png"]),
        ("credit", "px", ["a_credit.txt"]),
        ("figures", "px", []),
        ("pipeline", "px", []),
        ("sharpened", "px", ["a_sharpened.png"]),
        ("shallow", "px", ["a_shallow.png"]),
        ("mask", "px", ["a_focus_mask.png"]),
        ("far", "px", ["a_far.png"]),
    ],
)
def test_every_product_has_its_files(tmp_path, product, unit, names):
    pictures = {name: an_image() for name in ("sharpened", "shallow")}
    masks = {name: np.eye(*SHAPE, dtype=bool) for name in ("mask", "far")}
    results = made(unit=unit, **pictures, **masks)
    assert written(tmp_path, product, results) == names
    if product != "far":
        # So that none of them is taken for a photograph.
        assert {Path(name).stem[1:] for name in names} <= RESULT_SUFFIXES


def test_a_picture_of_one_s_own_cannot_take_the_name_of_another_product(tmp_path):
    for unit in ("px", "relative"):
        for product in ("map", "confidence", "overview", "credit"):
            folder = tmp_path / unit / product
            for name in written(folder, product, made(unit=unit)):
                assert Path(name).stem.removeprefix("a_") in RESERVED
    assert {"figures", "pipeline"} <= RESERVED


def test_names_of_pictures_are_lower_case_and_not_reserved():
    check_names(["sharpened", "mask", "far2"])
    for name in (*RESERVED, "My", "a_b", ""):
        with pytest.raises(ValueError, match="lower-case letters and digits, and not"):
            check_names(["far", name])


def test_what_the_pipeline_made_is_a_product_too(tmp_path):
    results = made()
    results.own = {"picture": an_image(), "mask": np.eye(*SHAPE, dtype=bool)}
    names = written(tmp_path, "pipeline", results)
    assert names == ["a_picture.png", "a_focus_mask.png"]
    assert {Path(name).stem[1:] for name in names} <= RESULT_SUFFIXES


class TestMaps:
    @pytest.mark.parametrize("unit", ["px", "relative"])
    @pytest.mark.parametrize("map_data", ["tif", "npy"])
    def test_data_are_the_map_to_the_bit(self, tmp_path, unit, map_data):
        results = made(unit=unit)
        *_, name = written(tmp_path, "map", results, Form(map_data))
        assert name == f"a_{'sigma' if unit == 'px' else 'score'}.{map_data}"
        path = tmp_path / name
        found = np.load(path) if map_data == "npy" else read_image(path)
        np.testing.assert_array_equal(found, results.sample.blur_map)

    def test_sixteen_bits_are_those_of_write_map(self, tmp_path):
        results = made()
        written(tmp_path / "a", "map", results)
        write_map(tmp_path / "b.png", results.sample.blur_map)
        expected = (tmp_path / "b.png").read_bytes()
        assert (tmp_path / "a" / "a_map16.png").read_bytes() == expected

    def test_the_picture_is_hatched_below_a_confidence_of_the_form(self, tmp_path):
        results = made()
        confidence = results.sample.blur_map / 19
        results.sample = results.sample.replace(confidence=confidence)
        for below in (0.25, 0.6):
            folder = tmp_path / str(below)
            written(folder, "map", results, Form(unknown_below=below))
            colors = color_map(results.sample.blur_map)
            expected = hatch_unknown(colors, confidence < below)
            found = read_image(folder / "a_map.png")
            np.testing.assert_array_equal(found, expected)
            # The data are not.
            data = read_image(folder / "a_sigma.tif")
            np.testing.assert_array_equal(data, results.sample.blur_map)

    def test_a_score_spans_all_colors_and_pixels_keep_theirs(self, tmp_path):
        for unit in ("px", "relative"):
            written(tmp_path / unit, "map", made(unit=unit))
        pixels, score = (
            read_image(tmp_path / unit / "a_map.png") for unit in ("px", "relative")
        )
        np.testing.assert_array_equal(pixels, color_map(made().sample.blur_map))
        np.testing.assert_array_equal(score, pixels)

    @pytest.mark.parametrize(
        ("map_range", "unit", "limits", "told"),
        [
            (
                None,
                "px",
                (0, 19),
                "sigma of defocus in px, in colors from 0 (dark) to 19",
            ),
            (
                None,
                "relative",
                (0, 19),
                "relative score of blur, in colors from 0 (dark)",
            ),
            ((1.5, 8.0), "px", (1.5, 8), "in colors from 1.5 (dark) to 8 (bright)"),
            (
                (0.0, 0.5),
                "relative",
                (0, 9.5),
                "in colors from 0 (dark) to 0.5 (bright)",
            ),
            ("auto", "px", None, "in colors from 0"),
        ],
    )
    def test_the_range_of_colors_is_told(self, tmp_path, map_range, unit, limits, told):
        results = made(unit=unit)
        form = Form(map_range=map_range)
        written(tmp_path, "map", results, form)
        sigma = results.sample.blur_map * (1 if unit == "px" else 19)
        limits = automatic_limits(sigma) if limits is None else limits
        found = read_image(tmp_path / "a_map.png").astype(int)
        expected = color_map(sigma, limits=limits)
        assert abs(found - expected).max() <= 4
        with Image.open(tmp_path / "a_map.png") as picture:
            assert told in picture.text["Description"]
        overview = tmp_path / "overview"
        written(overview, "overview", results, form)
        plain = tmp_path / "plain"
        written(plain, "overview", results)
        same = np.array_equal(
            read_image(overview / "a_overview.png"),
            read_image(plain / "a_overview.png"),
        )
        assert same == (tuple(limits) == (0, 19))

    @pytest.mark.parametrize(
        ("files", "names"),
        [
            (["map"], ["a_map.png"]),
            (["map16"], ["a_map16.png"]),
            (["data"], ["a_sigma.tif"]),
            ([], []),
        ],
    )
    def test_some_files_alone(self, tmp_path, files, names):
        with staged(tmp_path) as stage:
            write_map_files(stage, "a", made().sample, files=files)
        assert [path.name for path in tmp_path.iterdir()] == names


class TestPictures:
    @pytest.mark.parametrize(
        ("file_format", "ending"),
        [
            *(("JPEG", ".jpg"), ("MPO", ".jpg"), ("WEBP", ".webp"), ("TIFF", ".tif")),
            *(("PNG", ".png"), ("GIF", ".png"), ("PPM", ".png")),
        ],
    )
    def test_have_the_format_of_their_photograph(self, tmp_path, file_format, ending):
        results = made(file_format=file_format, sharpened=an_image())
        (name,) = written(tmp_path, "sharpened", results)
        assert name == f"a_sharpened{ending}"
        with Image.open(tmp_path / name) as picture:
            assert picture.size == SHAPE[::-1]
            assert picture.format == WRITE_FORMATS[ending]

    def test_have_its_depth_and_alpha(self, tmp_path):
        deep = an_image().astype(np.uint16) * 257
        results = made(sharpened=np.float32(deep) / np.float32(65535))
        results.original = Photograph(deep, deep[..., 0], "TIFF", bits=16)
        written(tmp_path, "sharpened", results)
        found = read_photograph(tmp_path / "a_sharpened.tif")
        np.testing.assert_array_equal(found.image, deep)
        np.testing.assert_array_equal(found.alpha, deep[..., 0])

    @pytest.mark.parametrize("wanted", ["jpg", "png", "tif", "webp"])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_have_the_format_that_is_asked_for(self, tmp_path, wanted, dtype):
        limit = 1 if dtype == np.float32 else np.iinfo(dtype).max
        picture = (an_image() / np.float32(255) * limit).astype(dtype)
        results = made(file_format="RAW", sharpened=picture)
        results.original = Photograph(an_image(), None, "RAW", bits=16)
        form = Form(picture_format=wanted)
        assert written(tmp_path, "sharpened", results, form) == [
            f"a_sharpened.{wanted}"
        ]
        found = read_photograph(tmp_path / f"a_sharpened.{wanted}")
        deep = wanted in ("png", "tif") and dtype != np.uint8
        assert found.bits == (16 if deep else 8)

    def test_are_stripped_on_request(self, tmp_path):
        results = made(sharpened=an_image())
        chunks = ((b"tEXt", b"Author\0Jack"), (b"tEXt", b"exif:GPSLatitude\x0052"))
        results.original = Photograph(an_image(), metadata=Metadata(chunks=chunks))
        for strip, left in ((None, chunks), ("gps", chunks[:1]), ("all", ())):
            (name,) = written(tmp_path, "sharpened", results, Form(strip=strip))
            assert read_photograph(tmp_path / name).metadata.chunks == left

    @pytest.mark.parametrize("name", ["mask", "far"])
    @pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
    def test_masks_are_png_and_white_where_in_focus(self, tmp_path, name, file_format):
        out_of_focus = np.random.default_rng(1).random(SHAPE) < 0.3
        results = made(file_format=file_format, **{name: out_of_focus})
        # Neither does the photograph's opacity make it gray.
        alpha = np.full(SHAPE, 77, np.uint8)
        results.original = Photograph(an_image(), alpha, file_format)
        (file,) = written(tmp_path, name, results)
        assert file == f"a_{'focus_mask' if name == 'mask' else name}.png"
        with Image.open(tmp_path / file) as picture:
            assert (picture.format, picture.mode) == ("PNG", "L")
        found = read_photograph(tmp_path / file)
        assert found.alpha is None
        np.testing.assert_array_equal(found.image, np.where(out_of_focus, 0, 255))

    def test_a_folder_in_their_place_is_named(self, tmp_path):
        (tmp_path / "a_far.png").mkdir()
        results = made()
        results.own = {"near": an_image(), "far": an_image()}
        with pytest.raises(IsADirectoryError, match=r"a_far\.png is a folder, not"):
            written(tmp_path, "pipeline", results)
        # Nor is what could be written.
        assert [path.name for path in tmp_path.iterdir()] == ["a_far.png"]


class TestOverviews:
    def test_show_all_under_their_titles(self, tmp_path):
        mask = np.eye(*SHAPE, dtype=bool)
        results = made(shallow=an_image(1), mask=mask, far=~mask)
        results.own = {"picture": an_image(2)}
        written(tmp_path, "overview", results)
        panels = [
            ("photograph", results.original.image),
            ("blur map", color_map(results.sample.blur_map)),
            ("picture", an_image(2)),
            ("shallow focus", an_image(1)),
            ("focus mask", np.where(mask, 0, 255).astype(np.uint8)),
            ("far", np.where(mask, 255, 0).astype(np.uint8)),
        ]
        found = read_image(tmp_path / "a_overview.png")
        np.testing.assert_array_equal(found, draw_overview(panels))

    @pytest.mark.parametrize("below", [0.25, 0.6])
    def test_hatch_what_is_unknown_and_say_so(self, tmp_path, below):
        results = made()
        confidence = results.sample.blur_map / 19
        results.sample = results.sample.replace(confidence=confidence)
        written(tmp_path, "overview", results, Form(unknown_below=below))
        colors = color_map(results.sample.blur_map)
        panels = [
            ("photograph", results.original.image),
            ("blur map (hatched: unknown)", hatch_unknown(colors, confidence < below)),
        ]
        found = read_image(tmp_path / "a_overview.png")
        np.testing.assert_array_equal(found, draw_overview(panels))

    def test_show_a_score_in_all_colors(self, tmp_path):
        sheets = {}
        for unit in ("px", "relative"):
            written(tmp_path / unit, "overview", made(unit=unit))
            sheets[unit] = read_image(tmp_path / unit / "a_overview.png")
        np.testing.assert_array_equal(sheets["relative"], sheets["px"])
        # Pixels of the same numbers are all but sharp.
        results = made(unit="relative")
        results.sample = results.sample.replace(unit="px")
        written(tmp_path / "small", "overview", results)
        small = read_image(tmp_path / "small" / "a_overview.png")
        assert (small != sheets["px"]).any()

    def test_credit_stands_in_them_and_beside(self, tmp_path):
        form = Form(credit="Photo: somebody, CC BY")
        written(tmp_path / "with", "overview", made(), form)
        written(tmp_path / "without", "overview", made())
        one, other = (
            read_image(tmp_path / name / "a_overview.png")
            for name in ("with", "without")
        )
        (rows,) = np.nonzero((one != other).any(axis=(1, 2)))
        # At the bottom.
        assert rows.min() > one.shape[0] - 40
        written(tmp_path / "credit", "credit", made(), form)
        text = (tmp_path / "credit" / "a_credit.txt").read_text()
        assert text == "Photo: somebody, CC BY\n"


@pytest.mark.parametrize(
    ("product", "before", "expected", "photo", "form"),
    [
        ("map", [], ["a_map.png"], "a.jpg", {}),
        ("map", ["a_map16.png", "a_sigma.tif"], ..., "a.jpg", {}),
        ("map", ["a_sigma.tif"], ["a_map.png"], "a.jpg", {"map_data": "npy"}),
        ("figures", [], [], "a.jpg", {}),
        ("mask", ["a_focus_mask.png"], ..., "a.jpg", {}),
        ("sharpened", ["a_sharpened.jpg"], ..., "a.JPG", {}),
        ("sharpened", ["a_sharpened.png"], [], "a.jpg", {}),
        ("sharpened", ["a_sharpened.png"], ..., "a.jpg", {"picture_format": "png"}),
        ("sharpened", ["a_sharpened.tif"], ..., "a.dng", {}),
        # That depends on the bits of the photograph.
        ("sharpened", ["a_sharpened.jpg"], [], "a.heic", {}),
        # The name of its results has other capitals now.
        ("sharpened", ["A_sharpened.jpg"], [], "a.jpg", {}),
    ],
)
def test_files_that_are_known_beforehand(product, before, expected, photo, form):
    files = {product: before, "another": ["a_another.png"]}
    found = expected_files("a", [product], files, Path(photo), Form(**form))
    if expected is ...:
        expected = [*(["a_map.png"] if product == "map" else []), *before]
    assert found == expected


def test_an_overview_shows_colors_as_their_profile_has_them(tmp_path):
    results = made()
    red = np.zeros((*SHAPE, 3), np.uint8)
    red[..., 0] = 200
    results.original = Photograph(red, icc_profile=swapped_profile())
    results.pictures = {"sharpened": red}
    results.sample = results.sample.replace(image=red)
    written(tmp_path, "overview", results)
    found = read_image(tmp_path / "a_overview.png").reshape(-1, 3).tolist()
    # The photograph and the sharpened picture.
    assert found.count([0, 200, 0]) >= 2 * red[..., 0].size
    assert [200, 0, 0] not in found
