from __future__ import annotations

import numpy as np
import pytest

from skdefocus._shared.map_range import DEFAULT_LIMITS
from skdefocus.figures import (
    color_map,
    draw_overview,
    hatch_unknown,
    training_figure,
)
from skdefocus.filters import resize


def test_colors_mean_the_same_in_every_map():
    one = color_map(np.array([[0.0, 1.0, 19.0]]))
    two = color_map(np.array([[1.0, 1.0, 40.0]]))
    np.testing.assert_array_equal(one[0, 1], two[0, 0])
    np.testing.assert_array_equal(one[0, 2], two[0, 2])


def test_lightness_rises_with_blur():
    gray = color_map(np.linspace(0, 19, 200)[np.newaxis]) @ [0.299, 0.587, 0.114]
    assert (np.diff(gray[0]) > -1).all()
    assert gray[0, -1] - gray[0, 0] > 150


def test_refuses_what_is_no_map():
    with pytest.raises(ValueError, match="non-negative"):
        color_map(np.full((3, 3), -1.0))


class TestHatching:
    @staticmethod
    def half_unknown(shape, sigma):
        unknown = np.zeros(shape, bool)
        unknown[:, shape[1] // 2 :] = True
        return color_map(np.full(shape, sigma)), unknown

    @pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 19.0])
    @pytest.mark.parametrize("shape", [(40, 60), (427, 640), (900, 300), (3000, 2000)])
    def test_is_seen_on_every_color_at_every_size(self, shape, sigma):
        picture, unknown = self.half_unknown(shape, sigma)
        hatched = hatch_unknown(picture, unknown)
        assert hatched.shape == picture.shape
        # As a person sees it: in gray, and no larger than a screen.
        scale = min(1.0, 640 / max(shape))
        seen = tuple(max(1, round(side * scale)) for side in shape)
        gray = resize(hatched @ np.array([0.299, 0.587, 0.114]) / 255, seen)
        middle = seen[1] // 2
        assert np.ptp(gray[:, middle + 2 :]) > 0.45
        assert np.ptp(gray[:, : middle - 2]) < 0.01
        # Between the lines the color stays, on most of the pixels.
        kept = (hatched == picture).all(axis=-1)
        assert 0.5 < kept[unknown].mean() < 0.85

    def test_leaves_the_rest_and_what_it_was_given(self):
        picture, unknown = self.half_unknown((50, 90), 2.0)
        before = picture.copy()
        hatched = hatch_unknown(picture, unknown)
        np.testing.assert_array_equal(picture, before)
        np.testing.assert_array_equal(hatched[~unknown], picture[~unknown])
        nothing = hatch_unknown(picture, np.zeros((50, 90), bool))
        np.testing.assert_array_equal(nothing, picture)

    def test_lines_are_as_far_apart_as_the_picture_is_large(self):
        n_lines = {}
        for side in (16, 600, 3000):
            black = np.zeros((side, side, 3), np.uint8)
            row = hatch_unknown(black, np.ones((side, side), bool))[0, :, 0]
            n_lines[side] = (np.diff(row.astype(int)) < 0).sum()
        assert 1 <= n_lines[16] <= 3
        assert n_lines[600] == n_lines[3000] == pytest.approx(60, abs=1)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
    def test_the_smallest_pictures(self, shape):
        picture, _ = self.half_unknown(shape, 2.0)
        assert hatch_unknown(picture, np.ones(shape, bool)).shape == picture.shape

    @pytest.mark.parametrize("unknown", [np.ones((4, 5), bool), np.ones((5, 4))])
    def test_refuses_what_is_no_mask_of_it(self, unknown):
        picture, _ = self.half_unknown((5, 4), 2.0)
        message = r"unknown must be a mask of bool of shape \(5, 4\); got dtype"
        with pytest.raises(ValueError, match=message):
            hatch_unknown(picture, unknown)


@pytest.mark.parametrize("n_panels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(40, 60, 3), (900, 300), (5, 5, 3)])
def test_overview_shows_every_panel(n_panels, shape):
    panels = [(f"panel {i}", np.full(shape, 0.2 * i)) for i in range(n_panels)]
    sheet = draw_overview(panels, credit="somebody")
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    for i in range(n_panels):
        color = round(0.2 * i * 255)
        assert (sheet == color).all(axis=-1).any()


class TestTrainingFigure:
    history = {  # noqa: RUF012
        "loss": [2.0, 1.0, 0.5],
        "accuracy": [0.1, 0.4, 0.7],
        "val_loss": [2.1, 1.5, 1.6],
        "val_accuracy": [0.2, 0.3, 0.3],
    }

    def test_shows_all_four_curves(self, tmp_path):
        figure = training_figure(self.history)
        for axes, quantity in zip(figure.axes, ("accuracy", "loss"), strict=True):
            lines = {line.get_label(): line for line in axes.get_lines()}
            assert axes.get_xlabel() == "epoch"
            assert axes.get_ylabel() == quantity
            for label, name in (
                ("training", quantity),
                ("validation", f"val_{quantity}"),
            ):
                assert lines[label].get_xdata().tolist() == [1, 2, 3]
                assert lines[label].get_ydata().tolist() == self.history[name]
        figure.savefig(tmp_path / "figure.png")
        assert (tmp_path / "figure.png").stat().st_size > 5000

    def test_without_validation_and_with_one_epoch(self):
        figure = training_figure({"loss": [2.0], "accuracy": [0.1]})
        for axes in figure.axes:
            (line,) = axes.get_lines()
            assert line.get_marker() == "o"

    @pytest.mark.parametrize(
        ("history", "found"),
        [
            ({}, "nothing"),
            ({"loss": [], "accuracy": []}, "'loss': 0"),
            ({"loss": [1.0]}, "'loss': 1"),
            ({"loss": [1.0, 2.0], "accuracy": [1.0]}, "'accuracy': 1"),
        ],
    )
    def test_refuses_what_is_no_history(self, history, found):
        with pytest.raises(ValueError, match=f"at least one epoch, .*{found}"):
            training_figure(history)

    def test_says_what_is_missing(self, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        with pytest.raises(ImportError, match="needs matplotlib: pip install"):
            training_figure(self.history)


class TestRange:
    def test_the_first_and_the_last_color_are_at_its_ends(self):
        sigma = np.array([[0.0, 2.0, 4.0, 8.0, 12.0]])
        found = color_map(sigma, limits=(2, 8))
        whole = color_map(np.array([[0.0, 19.0]]))
        np.testing.assert_array_equal(found[0, [0, 1]], whole[0, [0, 0]])
        np.testing.assert_array_equal(found[0, [3, 4]], whole[0, [1, 1]])
        assert (found[0, 2] != found[0, 1]).any()

    def test_the_default_is_that_of_all_photographs(self):
        sigma = np.linspace(0, 25, 60).reshape(6, 10)
        expected = color_map(sigma, limits=DEFAULT_LIMITS)
        np.testing.assert_array_equal(color_map(sigma), expected)
        assert DEFAULT_LIMITS == (0, 19)

    def test_the_legend_changes_with_the_range(self):
        panels = [("photograph", np.zeros((40, 60)))]
        usual = draw_overview(panels)
        own = draw_overview(panels, limits=(1.5, 6.25))
        assert usual.shape == own.shape
        assert (usual != own).any()
        np.testing.assert_array_equal(usual, draw_overview(panels, limits=(0, 19)))

    @pytest.mark.parametrize(
        "limits", [(5, 5), (8, 2), (-1, 3), (0, np.inf), (0, np.nan), (1,), 4, None]
    )
    def test_is_checked(self, limits):
        message = "'limits' parameter of {} must be two numbers, at least 0 and the s"
        with pytest.raises(ValueError, match=message.format("color_map")):
            color_map(np.zeros((3, 3)), limits=limits)
        with pytest.raises(ValueError, match=message.format("draw_overview")):
            draw_overview([("photograph", np.zeros((4, 6)))], limits=limits)
