from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from skdefocus import DefocusSample
from skdefocus.batch import MEASURES, measure_map, sharpest_region, unknown_note

MAPS = st.tuples(st.integers(1, 90), st.integers(1, 90)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.floats(0, 16, width=16))
)


def sample(blur_map: np.ndarray, **fields) -> DefocusSample:
    return DefocusSample(np.zeros(blur_map.shape), blur_map, **fields)


@given(MAPS)
def test_figures_are_those_of_numpy(blur_map):
    measures = measure_map(sample(blur_map))
    assert tuple(measures) == MEASURES
    assert measures["sigma_mean"] == pytest.approx(blur_map.mean(dtype=float), abs=1e-4)
    for percent in (5, 25, 50, 75, 95):
        expected = np.percentile(blur_map, percent)
        assert measures[f"sigma_p{percent:02}"] == pytest.approx(expected, abs=1e-4)
    assert 0 <= measures["in_focus"] <= 1


@given(MAPS, st.data())
def test_the_region_is_the_best_of_its_grid(blur_map, data):
    shape = blur_map.shape
    subject = data.draw(arrays(bool, shape)) if data.draw(st.booleans()) else None
    if subject is not None and not subject.any():
        subject[0, 0] = True
    counts = np.ones(shape, bool) if subject is None else subject
    (left, top, width, height), mean = sharpest_region(blur_map, None, subject)
    assert width == height <= max(32, min(shape) // 8)

    def value(x, y):
        inside = counts[y : y + height, x : x + width]
        total = blur_map[y : y + height, x : x + width][inside].sum(dtype=float)
        return inside.sum(), total / max(1, inside.sum())

    rows, columns = (np.flatnonzero(counts.any(axis)) for axis in (1, 0))
    stride = max(1, width // 4)
    found = [
        value(x, y)
        for y in range(rows[0], rows[-1] + 2 - height, stride)
        for x in range(columns[0], columns[-1] + 2 - width, stride)
    ]
    most = max(n for n, _ in found)
    assert mean == pytest.approx(min(v for n, v in found if n >= most / 2))
    assert mean == pytest.approx(value(left, top)[1])


def test_the_region_is_where_it_is_sharp():
    blur_map = np.full((400, 600), 5.0)
    blur_map[200:260, 300:380] = 0.4
    (left, top, width, height), mean = sharpest_region(blur_map)
    assert (width, height) == (50, 50)
    assert mean == pytest.approx(0.4)
    assert 300 <= left <= 330
    assert 200 <= top <= 210


def test_what_is_not_known_is_not_the_sharpest():
    blur_map = np.full((64, 128), 3.0)
    blur_map[:, :64], blur_map[:, 96:] = 0.1, 0.6
    confidence = np.ones(blur_map.shape)
    confidence[:, :64] = 0.05
    assert sharpest_region(blur_map, confidence)[1] == pytest.approx(0.6)
    # Unless it need not be known.
    assert sharpest_region(blur_map, confidence, unknown_below=0.01)[1] < 0.11
    found = measure_map(sample(blur_map, confidence=confidence))
    assert found["sharpest_sigma"] == pytest.approx(0.6)
    nothing = np.zeros(blur_map.shape)
    assert sharpest_region(blur_map, nothing)[1] == pytest.approx(0.1)


def test_only_the_subject_counts():
    blur_map = np.full((64, 128), 3.0, np.float32)
    blur_map[:, :64] = 0.1
    subject = np.zeros(blur_map.shape, bool)
    subject[10:50, 70:120] = True
    measures = measure_map(sample(blur_map), subject)
    assert measures["sigma_mean"] == measures["sharpest_sigma"] == 3.0
    assert measures["in_focus"] == 0
    assert measures["sharpest_left"] >= 70
    assert measures["sharpest_top"] >= 10


def test_masks_of_one_s_own_decide_what_is_in_focus():
    blur_map = np.full((8, 8), 3.0)
    mask = np.zeros((8, 8), bool)
    mask[:2] = True
    assert measure_map(sample(blur_map), None, mask)["in_focus"] == 0.75


def test_scores_are_told_from_sigmas():
    score = np.full((64, 128), 0.9, np.float32)
    score[:, :64] = 0.1
    measures = measure_map(sample(score, unit="relative"))
    assert measures["unit"] == "relative"
    assert measures["in_focus"] == 0.5


def test_subjects_that_do_not_fit():
    blurred = sample(np.ones((8, 9)))
    with pytest.raises(
        ValueError, match=r"the photograph's shape \(8, 9\); got .*9, 8"
    ):
        measure_map(blurred, np.ones((9, 8), bool))
    with pytest.raises(ValueError, match="has no pixel"):
        measure_map(blurred, np.zeros((8, 9), bool))


class TestUnknown:
    BLUR_MAP = np.ones((10, 20), np.float32)
    CONFIDENCE = np.repeat([[0.1, 0.4, 0.9, 0.9]], 5, axis=1) * np.ones((10, 1))

    @pytest.mark.parametrize(
        ("below", "share"), [(0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0)]
    )
    def test_its_share_is_counted(self, below, share):
        item = sample(self.BLUR_MAP, confidence=self.CONFIDENCE)
        assert measure_map(item, unknown_below=below)["share_unknown"] == share
        # The default is the one constant.
        assert measure_map(item)["share_unknown"] == 0.25

    def test_within_the_subject_alone(self):
        subject = np.zeros(self.BLUR_MAP.shape, bool)
        subject[:, :10] = True
        item = sample(self.BLUR_MAP, confidence=self.CONFIDENCE)
        assert measure_map(item, subject)["share_unknown"] == 0.5

    @pytest.mark.parametrize("fields", [{}, {"unit": "relative"}])
    def test_where_nothing_can_be(self, fields):
        confidence = self.CONFIDENCE if fields else None
        item = sample(self.BLUR_MAP, confidence=confidence, **fields)
        assert measure_map(item, unknown_below=1.0)["share_unknown"] == 0
        assert unknown_note(item, 1.0) is None

    def test_a_note_where_nearly_nothing_is_known(self):
        item = sample(self.BLUR_MAP, confidence=self.CONFIDENCE)
        assert unknown_note(item) is None
        confidence = np.zeros(self.BLUR_MAP.shape)
        for n_known, told in ((10, None), (9, "96 %"), (0, "100 %")):
            confidence[:] = 0
            confidence.flat[:n_known] = 1
            note = unknown_note(sample(self.BLUR_MAP, confidence=confidence))
            if told is None:
                assert note is None
            else:
                assert note == (
                    f"nearly nothing can be judged: {told} of the map are a guess "
                    f"(unknown)."
                )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blur_map": np.full((40, 60), np.nan)}, "blur_map must be finite"),
        ({"confidence": np.ones((4, 4))}, "confidence must have the photograph's sh"),
        ({"confidence": np.full((40, 60), 2.0)}, r"confidence must be in \[0, 1\]"),
        ({"subject": np.ones((4, 4), bool)}, "subject must have the photograph's sh"),
        ({"subject": np.zeros((40, 60), bool)}, "the subject has no pixel in the ph"),
        ({"unknown_below": 2}, "'unknown_below' parameter of sharpest_region must be"),
    ],
)
def test_regions_refuse_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        sharpest_region(**{"blur_map": np.zeros((40, 60)), **changes})


@pytest.mark.parametrize("function", [measure_map, unknown_note])
def test_a_confidence_outside_its_range_is_refused(function):
    message = f"'unknown_below' parameter of {function.__name__} must be"
    with pytest.raises(ValueError, match=message):
        function(sample(np.ones((4, 4))), unknown_below=2)


class TestMotion:
    def test_a_photograph_that_moved(self):
        noise = np.random.default_rng(0).random((256, 320))
        image = ndimage.uniform_filter1d(noise, 15, axis=1)
        measures = measure_map(DefocusSample(image, np.ones(image.shape)))
        assert measures["share_motion"] > 0.9
        direction = measures["motion_direction"]
        assert min(direction, 180 - direction) < 5
        assert measures["motion_length"] == pytest.approx(15, abs=1)
        left = np.zeros(image.shape, bool)
        left[:, :100] = True
        of_subject = measure_map(DefocusSample(image, np.ones(image.shape)), left)
        assert of_subject["share_motion"] > 0.9

    def test_one_that_did_not_has_no_direction(self):
        noise = np.random.default_rng(0).random((256, 320))
        measures = measure_map(DefocusSample(noise, np.ones(noise.shape)))
        assert measures["share_motion"] == 0
        assert measures["motion_direction"] is None is measures["motion_length"]
