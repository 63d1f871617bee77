"""What the page is told, without a page."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from skdefocus.app.answers import VIEWS, opened_answer, picture_answer
from skdefocus.app.preview import Preview, encode
from skdefocus.app.recipe import PRODUCTS, command_line, python_code
from skdefocus.app.settings import Settings

from .tuned import settings

LIMIT = 123_456


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"
        return np.asarray(picture)


def plain(answer):
    """What is sent beside pictures, after a journey as JSON."""
    return json.loads(
        json.dumps({k: v for k, v in answer.items() if not isinstance(v, bytes)})
    )


@pytest.fixture(scope="module")
def preview(opened):
    return Preview(opened)


def answer_to(preview, view, product="sigma", chosen=None):
    chosen = settings() if chosen is None else chosen
    return picture_answer(preview, chosen, view, product, max_pixels=LIMIT)


class TestOpened:
    def test_tells_of_the_photograph(self, opened, preview):
        answer = plain(opened_answer(opened, preview, settings()))
        assert answer["kind"] == "opened"
        assert answer["name"] == "my flower.jpg"
        assert (answer["width"], answer["height"], answer["bits"]) == (300, 200, 8)
        assert answer["notes"] == []
        assert answer["settings"] == settings().as_message()

    def test_tells_of_the_axis_and_what_lies_along_it(self, opened, preview):
        answer = plain(opened_answer(opened, preview, settings()))
        scale, histogram = answer["scale"], answer["histogram"]
        assert (scale[0], scale[-1]) == (0, answer["axis"])
        assert scale == sorted(set(scale))
        assert sum(histogram) == pytest.approx(1, abs=1e-4)
        # The map's own median lies in the middle of its shares.
        below = np.cumsum(histogram)
        place = np.searchsorted(scale, np.median(opened.sample.blur_map)) / len(scale)
        assert below[int(place * len(histogram)) - 2] < 0.5
        assert below[int(place * len(histogram)) + 1] > 0.5

    def test_shows_photograph_map_and_confidence(self, opened, preview):
        answer = opened_answer(opened, preview, settings())
        photograph = pixels(answer["photograph"]).astype(float)
        assert abs(photograph - opened.original.image).mean() < 4
        assert pixels(answer["map"]).shape[:2] == (200, 300)
        confidence = pixels(answer["confidence"])
        assert confidence.shape[:2] == (200, 300)
        found = confidence.reshape(200, 300, -1)[..., 0] / 255
        assert abs(found - opened.sample.confidence).mean() < 0.02

    def test_depth_and_warnings_are_the_photograph_s(self, deep):
        from dataclasses import replace

        noted = replace(deep, notes=("One thing.", "Another."))
        answer = plain(opened_answer(noted, Preview(noted), settings()))
        assert answer["bits"] == 16
        assert answer["notes"] == ["One thing.", "Another."]


class TestPictures:
    def test_every_view_belongs_to_a_product(self):
        assert set(VIEWS.values()) <= set(PRODUCTS)

    @pytest.mark.parametrize("view", VIEWS)
    def test_tell_how_to_make_the_product_without_the_page(self, opened, preview, view):
        for product in PRODUCTS:
            answer = answer_to(preview, view, product)
            given = (opened, settings(), product)
            assert answer["python"] == python_code(*given, max_pixels=LIMIT)
            assert answer["command"] == command_line(*given, max_pixels=LIMIT)
            assert str(LIMIT) in answer["python"]
            assert str(LIMIT) in answer["command"]

    @pytest.mark.parametrize("view", VIEWS)
    def test_have_what_their_view_needs_and_no_more(self, preview, view):
        answer = answer_to(preview, view)
        common = {"kind", "view", "settings", "python", "command"}
        own = {
            "map": set(),
            "mask": {"from_sigma", "share", "image"},
            "sharpen": {"curve", "image"},
            "shallow": {"curve", "image"},
        }[view]
        assert set(answer) == common | own
        told = plain(answer)
        assert (told["kind"], told["view"]) == ("picture", view)
        assert told["settings"] == settings().as_message()

    @pytest.mark.parametrize(
        ("view", "draw"),
        [
            ("mask", Preview.mask),
            ("sharpen", Preview.sharpened),
            ("shallow", Preview.shallow),
        ],
    )
    def test_show_the_preview_of_what_is_set(self, preview, view, draw):
        answer = answer_to(preview, view)
        assert answer["image"] == encode(draw(preview, settings()))
        assert answer["image"] != answer_to(preview, view, chosen=Settings())["image"]

    @pytest.mark.parametrize("threshold", [0.0, 0.5, 2.0, 8.0])
    def test_a_mask_s_share_is_that_of_the_full_size(self, opened, preview, threshold):
        chosen = settings().changed({"threshold": threshold})
        answer = plain(answer_to(preview, "mask", chosen=chosen))
        (expected,) = chosen.segmenter().predict([opened.sample])
        assert answer["share"] == expected.mean()
        assert answer["from_sigma"] == pytest.approx(opened.sharpest + threshold)

    def test_the_gain_s_curve_is_none_where_there_is_no_gain(self, opened, preview):
        curve = plain(answer_to(preview, "sharpen"))["curve"]
        assert len(curve) == len(opened.scale)
        assert 0 <= min(curve) < max(curve) <= settings().gain
        silent = settings().changed({"gain": 0})
        assert set(plain(answer_to(preview, "sharpen", chosen=silent))["curve"]) == {0}

    def test_the_weight_s_curve_falls_from_the_subject_to_the_background(
        self, opened, preview
    ):
        curve = np.array(plain(answer_to(preview, "shallow"))["curve"])
        scale, chosen = opened.scale, settings()
        assert (np.diff(curve) <= 1e-6).all()
        np.testing.assert_allclose(curve[scale <= chosen.c0], 1, atol=0.01)
        # Beyond the pivot nothing of it is left.
        far = settings().changed({"c0": 0, "c1": 0.5})
        curve = np.array(plain(answer_to(preview, "shallow", chosen=far))["curve"])
        assert (curve[scale >= far.pivot] == 0).all()
