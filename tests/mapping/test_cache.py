from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from skdefocus import PatchBlurClassifier, SlidingWindowMapper
from skdefocus.mapping import sliding_window_map
from skdefocus.mapping.cache import (
    cached_maps,
    content_key,
    load_maps,
    network_key,
    store_maps,
)
from tests.mapping.only_patches import OnlyPatches


class TestMemory:
    def count(self, monkeypatch):
        calls = []

        def record(*args, **kwargs):
            calls.append(1)
            return sliding_window_map(*args, **kwargs)

        monkeypatch.setattr(
            "skdefocus.mapping.sliding_window.sliding_window_map", record
        )
        return calls

    def test_every_photograph_is_mapped_once(self, tmp_path, small_photo, monkeypatch):
        calls = self.count(monkeypatch)
        mapper = SlidingWindowMapper(memory=tmp_path / "cache")
        first = mapper.transform([small_photo, small_photo[:50]])
        again = clone(mapper).transform([small_photo[:50].copy(), small_photo])
        assert len(calls) == 2
        np.testing.assert_array_equal(first[0].blur_map, again[1].blur_map)
        np.testing.assert_array_equal(first[1].confidence, again[0].confidence)

    def test_content_parameters_and_network_are_the_key(
        self, tmp_path, small_photo, monkeypatch, shipped
    ):
        calls = self.count(monkeypatch)
        SlidingWindowMapper(memory=tmp_path).transform([small_photo])
        changed = small_photo.copy()
        changed[0, 0, 0] += 1
        for mapper, image in [
            (SlidingWindowMapper(memory=tmp_path), changed),
            (SlidingWindowMapper(memory=tmp_path), small_photo / 255),
            (SlidingWindowMapper(memory=tmp_path, step=8), small_photo),
            (SlidingWindowMapper(memory=tmp_path, scale=0.5), small_photo),
            (SlidingWindowMapper(memory=tmp_path, estimate="mean"), small_photo),
            (SlidingWindowMapper(OnlyPatches(), memory=tmp_path), small_photo),
        ]:
            before = len(calls)
            mapper.transform([image])
            assert len(calls) == before + 1
        other = deepcopy(shipped)
        other.sigmas_ = other.sigmas_ * 2
        before = len(calls)
        SlidingWindowMapper(other, memory=tmp_path).transform([small_photo])
        assert len(calls) == before + 1
        before = len(calls)
        SlidingWindowMapper(shipped, memory=tmp_path).transform([small_photo])
        assert len(calls) == before

    def test_a_classifier_with_other_sigmas_is_mapped_anew(self, tmp_path, texture):
        dummy = DummyClassifier().fit(np.zeros((1, 1024)), [0])
        for sigma in (1.0, 2.0, 1.0):
            mapper = SlidingWindowMapper(dummy, sigmas=[sigma], memory=tmp_path)
            (sample,) = mapper.transform([texture])
            assert np.unique(sample.blur_map).tolist() == [sigma]
        assert len(list(tmp_path.iterdir())) == 2

    def test_files_damaged_anywhere_are_made_anew(self, tmp_path, small_photo):
        cached = SlidingWindowMapper(memory=tmp_path)
        (first,) = cached.transform([small_photo])
        (file,) = tmp_path.glob("*.npz")
        whole = bytearray(file.read_bytes())
        rng = np.random.default_rng(0)
        # Headers of the archive: its first bytes, and its directory at the end.
        places = [*range(48), *range(len(whole) - 160, len(whole))]
        for place in places:
            damaged = whole.copy()
            damaged[place] ^= int(rng.integers(1, 256))
            file.write_bytes(damaged)
            (again,) = cached.transform([small_photo])
            assert again.blur_map.shape == first.blur_map.shape

    def test_damaged_files_are_made_anew(self, tmp_path, small_photo):
        mapper = SlidingWindowMapper(memory=str(tmp_path))
        expected = mapper.transform([small_photo])[0].blur_map
        (path,) = tmp_path.iterdir()
        for damage in (b"", path.read_bytes()[:100], b"\x80\x04 a pickle"):
            path.write_bytes(damage)
            found = mapper.transform([small_photo])[0].blur_map
            np.testing.assert_array_equal(found, expected)

    def test_nothing_is_pickled(self, tmp_path, small_photo):
        SlidingWindowMapper(memory=tmp_path).transform([small_photo])
        (path,) = tmp_path.iterdir()
        with np.load(path, allow_pickle=False) as file:
            assert sorted(file) == ["blur_map", "confidence"]

    def test_concurrent_writers(self, tmp_path, small_photo):
        mapper = SlidingWindowMapper(memory=tmp_path, n_jobs=2)
        samples = mapper.transform([small_photo] * 6)
        for sample in samples[1:]:
            np.testing.assert_array_equal(sample.blur_map, samples[0].blur_map)
        assert len(list(tmp_path.iterdir())) == 1


IMAGE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
SETTINGS = {"step": 16, "scale": 1.0}
MAPS = {
    "blur_map": np.arange(6, dtype=np.float32).reshape(2, 3),
    "confidence": np.full((2, 3), 0.5, np.float32),
}


class TestKeys:
    def test_anything_that_may_change_a_map_changes_its_key(self):
        brighter = IMAGE.copy()
        brighter[-1, -1, -1] ^= 1
        inputs = [
            (IMAGE, SETTINGS, "network"),
            (brighter, SETTINGS, "network"),
            # The same bytes in another shape or of another kind.
            (IMAGE.reshape(7, 5, 3), SETTINGS, "network"),
            (IMAGE.view(np.int8), SETTINGS, "network"),
            (IMAGE, {**SETTINGS, "step": 8}, "network"),
            (IMAGE, {**SETTINGS, "scale": 1}, "network"),
            (IMAGE, {**SETTINGS, "scale": "auto"}, "network"),
            (IMAGE, {"step": 16}, "network"),
            (IMAGE, {"step": 1.0, "scale": 16}, "network"),
            (IMAGE, SETTINGS, "another network"),
        ]
        keys = [content_key(*each) for each in inputs]
        assert len(set(keys)) == len(inputs)

    def test_nothing_else_does(self):
        key = content_key(IMAGE, SETTINGS, "network")
        # A name that any file system takes.
        assert len(key) == 64
        assert set(key) <= set("0123456789abcdef")
        turned = dict(reversed(SETTINGS.items()))
        strided = np.zeros((5, 14, 3), np.uint8)[:, ::2]
        strided[:] = IMAGE
        for same in (IMAGE.copy(), np.asfortranarray(IMAGE), strided):
            assert content_key(same, turned, "network") == key

    def test_of_a_network_its_content_and_its_sigmas(self, shipped):
        key = network_key(shipped)
        assert network_key(PatchBlurClassifier.pretrained()) == key
        assert network_key(PatchBlurClassifier.pretrained("fast")) != key
        other = deepcopy(shipped)
        assert network_key(other) == key
        other.sigmas_ = other.sigmas_ + 1
        assert network_key(other) != key

    def test_of_any_other_classifier_all_that_it_holds(self):
        X, y = [[0.0], [1.0], [2.0]], [0, 0, 1]
        key = network_key(LogisticRegression().fit(X, y))
        assert network_key(LogisticRegression().fit(X, y)) == key
        assert network_key(LogisticRegression(C=0.5).fit(X, y)) != key
        assert network_key(LogisticRegression().fit(X, [0, 1, 1])) != key

    def test_and_the_sigmas_that_it_was_given(self):
        fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        given_ = (None, [0, 1], [0, 2], [0, 1 + 1e-6])
        keys = [
            network_key(fitted, None if sigmas is None else np.float32(sigmas))
            for sigmas in given_
        ]
        assert len(set(keys)) == len(given_)
        assert network_key(fitted, np.float32([0, 1])) == keys[1]


class TestStore:
    def test_what_was_stored_is_loaded_bit_by_bit(self, tmp_path):
        folder = tmp_path / "made" / "on demand"
        store_maps(folder, "key", MAPS)
        found = load_maps(str(folder), "key")
        assert list(found) == ["blur_map", "confidence"]
        for name, array in MAPS.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
        assert load_maps(folder, "another key") is None
        assert load_maps(tmp_path / "no folder", "key") is None

    def test_the_last_writer_s_file_is_whole(self, tmp_path):
        store_maps(tmp_path, "key", MAPS)
        store_maps(tmp_path, "key", {**MAPS, "blur_map": MAPS["blur_map"] + 1})
        found = load_maps(tmp_path, "key")
        np.testing.assert_array_equal(found["blur_map"], MAPS["blur_map"] + 1)
        assert [path.name for path in tmp_path.iterdir()] == ["key.npz"]

    def test_a_file_that_lacks_a_map_is_none(self, tmp_path):
        store_maps(tmp_path, "key", {"blur_map": MAPS["blur_map"]})
        assert load_maps(tmp_path, "key") is None
        (tmp_path / "folder.npz").mkdir()
        assert load_maps(tmp_path, "folder") is None

    def test_objects_are_never_unpickled(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return pytest.fail, ("a pickle was loaded",)

        trapped = {**MAPS, "confidence": np.array([Trap()], object)}
        np.savez(tmp_path / "key.npz", **trapped)
        assert load_maps(tmp_path, "key") is None


class TestCachedMaps:
    @pytest.fixture
    def measure(self):
        def measure():
            measure.n_calls += 1
            return MAPS["blur_map"] + measure.n_calls, MAPS["confidence"]

        measure.n_calls = 0
        return measure

    def test_measures_once_for_each_key(self, tmp_path, measure):
        first = cached_maps(tmp_path, IMAGE, SETTINGS, "network", measure)
        again = cached_maps(tmp_path, IMAGE.copy(), SETTINGS, "network", measure)
        assert measure.n_calls == 1
        for name, array in first.items():
            np.testing.assert_array_equal(again[name], array)
        cached_maps(tmp_path, IMAGE, SETTINGS, "another", measure)
        assert measure.n_calls == 2

    def test_without_a_folder_it_measures_always(self, tmp_path, monkeypatch, measure):
        monkeypatch.chdir(tmp_path)
        for n_calls in (1, 2):
            found = cached_maps(None, IMAGE, SETTINGS, "network", measure)
            expected = MAPS["blur_map"] + n_calls
            np.testing.assert_array_equal(found["blur_map"], expected)
        assert list(tmp_path.iterdir()) == []

    def test_an_error_leaves_no_file(self, tmp_path):
        def measure():
            raise ValueError("not a photograph")

        with pytest.raises(ValueError, match="not a photograph"):
            cached_maps(tmp_path, IMAGE, SETTINGS, "network", measure)
        assert list(tmp_path.iterdir()) == []
