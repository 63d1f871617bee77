from __future__ import annotations

import math

import pytest

from skdefocus import AdaptiveUnsharpMask, DefocusSegmenter
from skdefocus.app.settings import RANGES, Settings


def test_defaults_are_those_of_the_estimators():
    settings = Settings()
    assert settings.sharpener().get_params() == AdaptiveUnsharpMask().get_params()
    # In pixels of the photograph that is open, not as a share of its diagonal.
    assert settings.segmenter().get_params() == DefocusSegmenter(0.5).get_params()
    assert set(settings.as_message()) == set(RANGES)


def test_values_are_rounded_as_they_are_shown():
    settings = Settings().changed({"gain": 1.23456, "alpha1": 40.4, "beta1": 0.12345})
    assert (settings.gain, settings.alpha1, settings.beta1) == (1.23, 40.0, 0.123)
    assert Settings().gain == 2.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 6, "2", None, True, [2]])
def test_values_out_of_range(value):
    with pytest.raises(ValueError, match=r"gain must be a number from 0 to 5; got"):
        Settings().changed({"gain": value})


def test_what_is_no_setting():
    with pytest.raises(ValueError, match="there is no setting 'color'"):
        Settings().changed({"color": 1})


def test_values_that_must_keep_their_order():
    with pytest.raises(ValueError, match=r"beta1 must not be above beta2; got 0.5"):
        Settings().changed({"beta1": 0.5})
    with pytest.raises(ValueError, match=r"at least 0.5 px above c0; got 6.8 and 7"):
        Settings().changed({"c0": 6.8})
    assert Settings().changed({"c0": 6.5}).c0 == 6.5


def test_the_renderer_takes_what_is_set():
    settings = Settings().changed({"c0": 3, "c1": 20, "strength": 2})
    renderer = settings.renderer((300, 400, 3)).fit([])
    assert (renderer.c0, renderer.c1, renderer.pivot) == (3, 20, 28.57)
    assert renderer.disc_sigma == 10.0
    assert renderer.smoothing == "disc"
    assert settings.disc_sigma((1, 1)) > 0


def test_focus_where_it_was_pointed():
    assert Settings().focused_at(2.341).c0 >= 2.341
    near = Settings().focused_at(9.0)
    assert near.c1 - near.c0 == pytest.approx(0.5, abs=0.011)
    assert Settings().focused_at(0.0).c1 == 7.0
    assert Settings().focused_at(500.0).c0 == RANGES["c0"][1]
