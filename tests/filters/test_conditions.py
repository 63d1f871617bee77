from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from skdefocus._shared.gray_rows import GrayRows
from skdefocus.filters import blur, conditions, measure_conditions
from skdefocus.filters.conditions import (
    CLEAN,
    block_edges,
    clean_conditions,
    pixel_noise,
    span_of,
)
from skdefocus.patches.patch_set import check_conditions
from skdefocus.synthesis.camera import through_jpeg
from tests.strategies import gray_images

ROUNDING = 12**-0.5


def a_ramp(height=400, width=500):
    return np.tile(np.linspace(0.25, 0.75, width), (height, 1))


def in_levels(gray, rounding=0.0):
    return 255 * measure_conditions(np.asarray(gray, np.float32), rounding)


def to_8_bits(gray):
    return np.rint(np.clip(gray, 0, 1) * 255).astype(np.uint8)


def of_8_bits(levels):
    return in_levels(levels / np.float32(255), 1 / 255)


@pytest.fixture(scope="module")
def photograph(photo):
    """The sample photograph in gray, of 8 bits."""
    return to_8_bits(GrayRows(photo).whole())


class TestNoise:
    @pytest.mark.parametrize("deviation", [1, 3, 6, 10, 20])
    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize("shape", [(400, 500), (801, 603)])
    def test_white_noise_is_found_at_both_sizes(self, deviation, seed, shape):
        noise = np.random.default_rng(seed).normal(0, deviation / 255, shape)
        noisy = a_ramp(*shape) + noise
        for full, half, *_ in (in_levels(noisy), of_8_bits(to_8_bits(noisy))):
            assert full == pytest.approx(deviation, rel=0.1)
            assert half == pytest.approx(deviation / 2, rel=0.15)

    @pytest.mark.parametrize("side", [64, 96, 128, 192])
    def test_small_images_tell_no_more_noise_than_large_ones(self, side):
        # The least of few blocks is a higher quantile than that of many.
        found = [
            in_levels(a_ramp(side, side) + rng.normal(0, 10 / 255, (side, side)))
            for rng in map(np.random.default_rng, range(30))
        ]
        full, half, *_ = np.mean(found, axis=0)
        assert full == pytest.approx(10, rel=0.06)
        if side > 64:
            assert half == pytest.approx(5, rel=0.06)

    @pytest.mark.parametrize("radius", [0.6, 0.8, 1.2])
    def test_of_smoothed_noise_it_is_what_pixels_do_not_share(self, radius):
        noise = np.random.default_rng(0).normal(0, 1, (600, 600))
        noise = ndimage.gaussian_filter(noise, radius)
        noise *= 8 / noise.std()
        full, half, *_ = in_levels(0.5 + noise / 255)
        halved = noise.reshape(300, 2, 300, 2).mean(axis=(1, 3))
        for found, grain in ((full, noise), (half, halved)):
            details = grain[::2] - grain[1::2]
            details = (details[:, ::2] - details[:, 1::2]) / 2
            assert found == pytest.approx(details.std(), rel=0.15)
        # It is coarser: more of it is left at half size than of white noise.
        assert half > 0.55 * full
        assert full < 8

    def test_sharp_texture_does_not_pass_for_noise(self, texture, photograph):
        found = of_8_bits(photograph)
        assert found[0] < 0.5
        assert found[1] < 1
        # Of edges alone, in an image that is hardly flat anywhere.
        for found in (in_levels(texture), of_8_bits(to_8_bits(texture))):
            assert found[0] < 1.5
            assert found[1] < 2.5

    @pytest.mark.parametrize("deviation", [3, 8])
    def test_noise_is_found_on_photographs(self, photograph, deviation):
        full, half, *_ = of_8_bits(with_noise(photograph, deviation))
        assert full == pytest.approx(deviation, rel=0.15)
        assert half == pytest.approx(deviation / 2, rel=0.2)

    def test_blur_before_the_noise_changes_nothing(self, photograph):
        noise = np.random.default_rng(0).normal(0, 5 / 255, photograph.shape)
        for sigma in (0.5, 1, 4):
            full, half, *_ = in_levels(0.1 + 0.7 * blur(photograph, sigma) + noise)
            assert full == pytest.approx(5, rel=0.1)
            assert half == pytest.approx(2.5, rel=0.15)

    def test_clipped_values_tell_no_noise(self):
        # Three quarters are white or black, where noise was cut off.
        light = np.repeat([0.0, 0.5, 1.0], [190, 120, 190])
        noise = np.random.default_rng(0).normal(0, 6 / 255, (400, 500))
        full, half, *_ = of_8_bits(to_8_bits(light + noise))
        assert full == pytest.approx(6, rel=0.15)
        assert half == pytest.approx(3, rel=0.2)


class TestRounding:
    @pytest.mark.parametrize("rounding", [1 / 255, 1 / 65535])
    def test_is_the_least_noise(self, rounding):
        for gray in (np.full((90, 90), 0.5), np.round(a_ramp() / rounding) * rounding):
            found = measure_conditions(gray.astype(np.float32), rounding)
            assert found[0] >= ROUNDING * rounding * (1 - 1e-6)
            assert found[1] >= ROUNDING * rounding / 2 * (1 - 1e-6)
        gray = np.full((90, 90), 0.5, np.float32)
        np.testing.assert_allclose(
            measure_conditions(gray, rounding)[:2],
            [ROUNDING * rounding, ROUNDING * rounding / 2],
            rtol=1e-6,
        )

    def test_of_floats_is_that_of_8_bits_of_their_span(self):
        found = measure_conditions(np.float32(0.25 * a_ramp()))
        span = found[3]
        assert span == pytest.approx(0.25 * 0.495, rel=5e-3)
        np.testing.assert_allclose(
            found[:2], [ROUNDING * span / 255, ROUNDING * span / 510], rtol=1e-5
        )

    @pytest.mark.parametrize("rounding", [-1, np.nan, "8"])
    def test_is_checked(self, rounding):
        message = "'rounding' parameter of measure_conditions must be"
        with pytest.raises(ValueError, match=message):
            measure_conditions(np.zeros((4, 4), np.float32), rounding)


@pytest.mark.parametrize(
    ("gray", "message"),
    [
        (np.zeros((4, 4), np.uint8), r"^gray must be float in \[0, 1\]; got dtype u"),
        (np.full((4, 4), np.nan), "^gray must be finite; it contains NaN or infinity"),
        (np.zeros((4, 4, 3)), r"^gray must have shape \(H, W\) and not be empty; got"),
        (np.zeros((0, 4)), r"^gray must have shape \(H, W\) and not be empty; got sha"),
    ],
)
def test_refuses_what_is_no_gray_image(gray, message):
    with pytest.raises(ValueError, match=message):
        measure_conditions(gray)


def spoilt(texture):
    """A photograph with noise, blocks of JPEG and a frame, as floats."""
    noise = np.random.default_rng(0).normal(0, 4, texture.shape)
    levels = through_jpeg(to_8_bits(0.1 + 0.7 * texture + noise / 255), 60)
    return np.pad(levels, 9, constant_values=30) / np.float32(255)


class TestScale:
    @pytest.mark.parametrize("factor", [1 / 2, 1 / 8, 1 / 64])
    @pytest.mark.parametrize("shift", [0.0, 0.25])
    def test_all_four_scale_with_the_photograph(
        self, texture, photograph, factor, shift
    ):
        for gray in (
            *(texture, np.float32(a_ramp()), photograph / np.float32(255)),
            spoilt(texture),
        ):
            # Between powers of 2, so that nothing but the last bits are lost.
            whole = measure_conditions(gray)
            changed = measure_conditions(factor * gray + np.float32(shift))
            np.testing.assert_allclose(
                changed, factor * whole, rtol=1e-3, atol=1e-7 * shift
            )
            if shift == 0:
                np.testing.assert_allclose(changed, factor * whole, rtol=1e-6)

    def test_smooth_rows_at_the_border_are_no_frame_at_low_contrast(self, texture):
        # Rows of a sky that span less than a level once contrast is low.
        rng = np.random.default_rng(0)
        sky = np.linspace(0.7, 0.72, 192) + rng.normal(0, 0.004, (100, 192))
        gray = np.concatenate([sky, texture]).astype(np.float32)
        whole = measure_conditions(gray)
        np.testing.assert_allclose(measure_conditions(gray / 16), whole / 16, rtol=1e-6)

    def test_negatives_have_the_same(self, texture):
        gray = spoilt(texture)
        np.testing.assert_allclose(
            measure_conditions(1 - gray), measure_conditions(gray), rtol=1e-3
        )

    def test_all_four_are_those_of_turned_photographs_but_for_blocks(self, photograph):
        whole = of_8_bits(photograph[:424])
        for turned in (photograph[:424].T, photograph[:424][::-1, ::-1]):
            found = of_8_bits(np.ascontiguousarray(turned))
            np.testing.assert_allclose(found[[0, 1, 3]], whole[[0, 1, 3]], rtol=0.1)


def with_noise(levels, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, levels.shape)
    return to_8_bits((levels + noise) / 255)


def with_caption(levels, ink, paper):
    captioned = levels.copy()
    if paper is not None:
        captioned[-60:-20, 100:500] = paper
    # Letters.
    captioned[-50:-30, 110:490:9] = ink
    captioned[-50:-48, 110:490] = ink
    return captioned


class TestFrames:
    """What is pasted around or over a photograph."""

    @pytest.mark.parametrize("value", [0, 128, 255])
    @pytest.mark.parametrize(
        "widths", [((53, 41), (0, 0)), ((0, 0), (91, 0)), ((300, 300), (300, 300))]
    )
    @pytest.mark.parametrize("deviation", [0, 5])
    def test_bars_and_frames_change_nothing(self, photograph, value, widths, deviation):
        noisy = with_noise(photograph, deviation)
        framed = np.pad(noisy, widths, constant_values=value)
        np.testing.assert_allclose(of_8_bits(framed), of_8_bits(noisy), rtol=1e-3)

    @pytest.mark.parametrize("value", [0, 128])
    @pytest.mark.parametrize("quality", [95, 75])
    def test_bars_that_were_compressed_change_little(self, photograph, value, quality):
        # Beside them ringing leaves no row of one value.
        framed = np.pad(photograph, ((48, 48), (0, 0)), constant_values=value)
        expected = of_8_bits(through_jpeg(photograph, quality))
        found = of_8_bits(through_jpeg(framed, quality))
        np.testing.assert_allclose(found[:2], expected[:2], atol=0.15)
        np.testing.assert_allclose(found[2:], expected[2:], rtol=0.2)

    # White on black, black on white, on the photograph itself, and on gray.
    @pytest.mark.parametrize("ink_and_paper", [(255, 0), (0, 255), (255, None)])
    @pytest.mark.parametrize("deviation", [0, 6])
    def test_a_caption_changes_little(self, photograph, deviation, ink_and_paper):
        noisy = with_noise(photograph, deviation)
        found = of_8_bits(with_caption(noisy, *ink_and_paper))
        expected = of_8_bits(noisy)
        np.testing.assert_allclose(found[:2], expected[:2], rtol=0.15, atol=0.1)
        np.testing.assert_allclose(found[2], expected[2], atol=0.1)
        np.testing.assert_allclose(found[3], expected[3], rtol=0.3)

    def test_a_caption_on_gray_hides_a_part_of_the_noise(self, photograph):
        clean = of_8_bits(photograph)
        found = of_8_bits(with_caption(photograph, 0, 200))
        np.testing.assert_allclose(found, clean, rtol=0.15, atol=0.1)
        # Blocks at the border of the paper hold less noise than others.
        found = of_8_bits(with_caption(with_noise(photograph, 6), 0, 200))
        assert 2 < found[0] < 7
        assert 2 < found[1] < 3.5

    def test_nearly_nothing_but_frame(self, texture):
        levels = to_8_bits(texture[:40, :40])
        framed = np.pad(levels, 200, constant_values=90)
        np.testing.assert_allclose(of_8_bits(framed), of_8_bits(levels), rtol=1e-5)


class TestBlocks:
    def test_stronger_compression_is_stronger(self, texture):
        levels = to_8_bits(texture)
        found = [
            block_edges(through_jpeg(levels, quality) / np.float32(255))
            for quality in (75, 50, 25, 10)
        ]
        assert found == sorted(found)
        for weak in (levels, through_jpeg(levels, 90)):
            assert block_edges(weak / np.float32(255)) < found[-1] / 4

    @pytest.mark.xfail(
        reason="where most steps are 0, as in smooth photographs under strong "
        "compression, so is their median, and every step is cut off at 0"
    )
    @pytest.mark.parametrize("deviation", [0, 1])
    def test_stronger_compression_of_smooth_photographs(self, photograph, deviation):
        levels = with_noise(photograph, deviation)
        found = [
            block_edges(through_jpeg(levels, quality) / np.float32(255))
            for quality in (90, 75, 50, 25, 10)
        ]
        assert found == sorted(found)
        assert found[-1] > 4 * found[0]

    def test_is_part_of_the_conditions(self, texture):
        noise = np.random.default_rng(0).normal(0, 3 / 255, texture.shape)
        levels = to_8_bits(texture + noise)
        for quality in (90, 10):
            gray = through_jpeg(levels, quality) / np.float32(255)
            assert measure_conditions(gray)[2] == np.float32(block_edges(gray))

    @pytest.mark.parametrize("across", range(8))
    def test_blocks_begin_anywhere(self, texture, across):
        gray = through_jpeg(to_8_bits(texture), 30) / np.float32(255)
        whole = block_edges(gray)
        cropped = block_edges(gray[5:, across:])
        assert cropped == pytest.approx(whole, rel=0.1)
        # And are no wider in the mirror.
        assert block_edges(gray[:, ::-1]) == pytest.approx(whole, rel=1e-3)

    @pytest.mark.parametrize("width", [17, 24, 63, 200])
    def test_ramps_and_flat_images_have_none(self, width):
        assert block_edges(a_ramp(9, width)) < 1e-9
        assert block_edges(np.full((9, width), 0.3)) == 0

    @pytest.mark.parametrize("width", [1, 8, 16])
    def test_narrow_images_have_none(self, width):
        assert block_edges(np.random.default_rng(0).random((50, width))) == 0

    def test_is_the_step_on_a_ramp(self):
        steps = 0.02 * (np.arange(200) // 8 % 2)
        # Smaller than what counts as an edge of the picture.
        found = block_edges(a_ramp(30, 200) * 4 + steps)
        assert found == pytest.approx(0.0, abs=0.02)
        assert found > 0

    def test_edges_of_the_picture_hardly_count(self, texture):
        gray = through_jpeg(to_8_bits(texture), 30) / np.float32(255)
        fence = gray.copy()
        # On the grid of the blocks.
        fence[:, 64] = 1
        fence[:, 128] = 0
        # Steps of half the range, over 2 of 23 borders.
        assert block_edges(fence) - block_edges(gray) < 0.01


@given(gray_images(np.float32), st.sampled_from([0.0, 1 / 255]))
def test_every_small_image_has_conditions(image, rounding):
    found = measure_conditions(image, rounding)
    assert found.shape == (4,)
    assert found.dtype == np.float32
    # As networks accept them.
    check_conditions(found[np.newaxis], 1)
    assert found[0] >= ROUNDING * rounding * (1 - 1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 300), (300, 17)])
@pytest.mark.parametrize("value", [None, 0.0, 0.5, 1.0])
def test_every_shape_has_conditions(shape, value):
    gray = np.random.default_rng(0).random(shape, dtype=np.float32)
    if value is not None:
        gray = np.full(shape, value, np.float32)
    found = measure_conditions(gray)
    check_conditions(found[np.newaxis], 1)
    if value is not None:
        assert found[2] == 0
        assert found[3] == np.float32(1 / 4095)


def test_the_image_stays_as_it_is(texture):
    gray = texture.copy()
    gray.flags.writeable = False
    measure_conditions(gray)
    np.testing.assert_array_equal(gray, texture)


class TestLargeImages:
    """Of which bands are looked at."""

    @pytest.fixture
    def large(self, photograph):
        rng = np.random.default_rng(0)
        tiled = np.tile(photograph, (3, 2))
        noise = rng.normal(0, 4, tiled.shape)
        return through_jpeg(to_8_bits((tiled + noise) / 255), 85)

    @pytest.mark.parametrize("share", [0.3, 0.7])
    def test_bands_agree_with_the_whole(self, large, monkeypatch, share):
        whole = of_8_bits(large)
        monkeypatch.setattr(conditions, "_MOST_PIXELS", int(share * large.size))
        bands = of_8_bits(large)
        assert (bands != whole).any()
        np.testing.assert_allclose(bands, whole, rtol=0.12)

    def test_rows_are_read_as_they_are_wanted(self, large, monkeypatch):
        read = []

        class Watched(GrayRows):
            def rows(self, first, last):
                read.append((first, last))
                return super().rows(first, last)

        gray = Watched(large)
        expected = measure_conditions(gray.whole(), gray.rounding)
        read.clear()
        found = measure_conditions(gray, gray.rounding)
        np.testing.assert_array_equal(found, expected)
        assert read == [(0, len(large))]

        read.clear()
        monkeypatch.setattr(conditions, "_MOST_PIXELS", large.size // 3)
        found = measure_conditions(gray, gray.rounding)
        np.testing.assert_allclose(found, expected, rtol=0.15)
        assert sum(last - first for first, last in read) <= len(large) / 3
        # From top to bottom, each beginning with a block.
        assert read[0][0] == 0
        assert len(large) - read[-1][1] < 8
        assert all(first % 8 == 0 for first, _ in read)
        assert all(a[1] <= b[0] for a, b in pairwise(read))

    def test_an_image_wider_than_a_band_allows(self, monkeypatch):
        monkeypatch.setattr(conditions, "_MOST_PIXELS", 1000)
        noise = np.random.default_rng(0).normal(0, 6 / 255, (300, 700))
        full, half, *_ = in_levels(0.5 + noise)
        assert full == pytest.approx(6, rel=0.15)
        assert half == pytest.approx(3, rel=0.3)


@pytest.mark.parametrize("radius", [0, 0.5, 0.8])
def test_the_noise_of_pixels_is_told_even_if_it_is_smooth(radius):
    noise = np.random.default_rng(0).normal(0, 1, (600, 600))
    noise = ndimage.gaussian_filter(noise, radius) if radius else noise
    full, half, *_ = in_levels(0.5 + 8 / 255 * noise / noise.std())
    found = pixel_noise(full, half)
    assert found == pytest.approx(8, rel=0.25)
    assert found >= full
    # Of many photographs at once, too.
    each = pixel_noise(np.array([full, 1]), np.array([half, 2]))
    np.testing.assert_allclose(each, [found, 3])


def test_spans_are_distances_of_quantiles():
    values = np.random.default_rng(0).permutation(10_000) / 10_000
    assert span_of(values.reshape(100, 100)) == pytest.approx(0.99, abs=1e-3)
    assert span_of(5 - 3 * values.reshape(50, 200)) == pytest.approx(2.97, abs=3e-3)
    assert span_of(np.full((3, 3), 7.0)) == 0
    # Few values do not count.
    values[:30] = 9
    assert span_of(values.reshape(100, 100)) == pytest.approx(0.99, abs=5e-3)


def test_spans_of_large_images_are_those_of_some_rows():
    tall = np.tile(np.linspace(0, 1, 5001)[:, np.newaxis], (1, 500))
    assert span_of(tall) == pytest.approx(0.99, abs=2e-3)


def test_clean_conditions_are_those_of_a_clean_photograph():
    found = clean_conditions(3)
    assert found.shape == (3, 4)
    assert found.dtype == np.float32
    assert clean_conditions(0).shape == (0, 4)
    np.testing.assert_array_equal(found, np.float32([CLEAN] * 3))
    # Nobody else's rows change with them.
    found[0] = 5
    np.testing.assert_array_equal(clean_conditions(1), np.float32([CLEAN]))
    # As they are measured: of all levels, without noise.
    ramp = np.tile(np.linspace(0, 1, 2000), (500, 1))
    measured = of_8_bits(to_8_bits(ramp)) / 255
    np.testing.assert_allclose(measured, CLEAN, rtol=0.02, atol=0.1 / 255)
