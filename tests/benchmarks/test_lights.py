"""The benchmark of lights out of focus, on one small photograph."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import lights
from skdefocus.io import write_photograph


@pytest.mark.parametrize("ground", ["dark", "textured"])
def test_lights_are_clipped_discs_of_the_sigma_asked_for(photo, ground):
    image, masks = lights.out_of_focus(photo / np.float32(255), 6.0, 3, ground, seed=2)
    assert image.dtype == np.uint8
    assert len(masks) == 3
    for mask in masks:
        assert np.median(image[mask]) > 245
        rows, columns = np.nonzero(mask)
        # Of a disc, or an aperture, of which a rim may stay below white.
        assert 0.5 < np.sqrt((rows.var() + columns.var()) / 2) / 6.0 < 1.2
    if ground == "dark":
        elsewhere = ~np.any(masks, axis=0)
        assert np.median(image[elsewhere]) < 25


@pytest.mark.parametrize("kind", ["plates", "plates, dark", "row", "row, dark"])
def test_plates_are_white_and_sharp(photo, kind):
    image, masks = lights.in_focus(photo / np.float32(255), kind, seed=2)
    assert masks
    for mask in masks:
        assert np.median(image[mask]) > 245


@pytest.mark.slow
def test_prints_both_tables(tmp_path, photo, capsys):
    write_photograph(tmp_path / "a.png", photo)
    assert lights.main([str(tmp_path), "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    row = r"^(?:dark|textured), [15] +(\d+) +\d\.\d\d +\d\.\d\d +\d\.\d\d$"
    assert len(re.findall(row, text, flags=re.M)) == 4
    assert len(re.findall(r"^(?:plates|row).* \d\.\d{3}$", text, flags=re.M)) == 4
