from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdefocus import (
    AdaptiveUnsharpMask,
    CalibratedMapper,
    ContextMapper,
    DefocusSegmenter,
    GlobalRefiner,
    LaplacianVarianceMapper,
    PatchBlurClassifier,
    SlidingWindowMapper,
)
from skdefocus.batch.keys import file_key, pipeline_key, product_keys
from skdefocus.batch.products import Form
from skdefocus.classifier import ContextNetwork


def key(pipeline, pictures=(), **options):
    return pipeline_key(pipeline, dict(pictures), options)


def test_whatever_changes_results_changes_the_key():
    found = [
        key(SlidingWindowMapper()),
        key(SlidingWindowMapper(step=8)),
        key(SlidingWindowMapper(scale=(1.0, 0.5))),
        key(LaplacianVarianceMapper()),
        key(ContextMapper()),
        key(SlidingWindowMapper(), overview=True),
        key(SlidingWindowMapper(), {"mask": DefocusSegmenter()}),
        key(SlidingWindowMapper(), {"mask": DefocusSegmenter(np.float64(0.7))}),
        key(make_pipeline(SlidingWindowMapper(), GlobalRefiner())),
        key(make_pipeline(SlidingWindowMapper(), GlobalRefiner(400))),
    ]
    assert len(set(found)) == len(found)


def test_format_and_metadata_change_the_keys_of_pictures_alone():
    forms = [Form(), Form(picture_format="png"), Form(strip="gps"), Form(strip="all")]
    options = {"with_map": True, "overview": True, "figures": True}
    pictures = {"sharpened": AdaptiveUnsharpMask()}
    keys = [
        product_keys(SlidingWindowMapper(), pictures, form, **options) for form in forms
    ]
    for product in ("map", "overview", "figures"):
        assert len({each[product] for each in keys}) == 1
    assert len({each["sharpened"] for each in keys}) == len(forms)


def test_only_what_a_pipeline_makes_itself_has_a_key_of_the_pipeline():
    steps = SlidingWindowMapper(), GlobalRefiner()
    options = {"with_map": True, "overview": False, "figures": False}
    forms = [Form(), Form(strip="gps")]
    for last in (AdaptiveUnsharpMask(), DefocusSegmenter(), StandardScaler()):
        pipeline = make_pipeline(*steps, last)
        keys = [product_keys(pipeline, {}, form, **options) for form in forms]
        assert len({each["pipeline"] for each in keys}) == len(forms)
    assert set(product_keys(make_pipeline(*steps), {}, Form(), **options)) == {"map"}
    # A photograph is worked on even where nothing is asked for.
    options["with_map"] = False
    assert set(product_keys(steps[0], {}, Form(), **options)) == {"pipeline"}


def test_what_changes_no_result_changes_no_key(tmp_path):
    plain = key(SlidingWindowMapper())
    assert key(SlidingWindowMapper(n_jobs=2, memory=tmp_path)) == plain
    assert key(make_pipeline(SlidingWindowMapper(), verbose=True)) == key(
        make_pipeline(SlidingWindowMapper())
    )


def test_networks_count_by_their_hash(monkeypatch):
    shipped, other = PatchBlurClassifier.pretrained(), PatchBlurClassifier.pretrained()
    own = key(SlidingWindowMapper(shipped))
    shipped.predict_proba(np.zeros((1, 32, 32), np.float32))
    assert key(SlidingWindowMapper(shipped)) == own
    frozen = key(SlidingWindowMapper(FrozenEstimator(shipped)))
    other.network_.onnx += b"\0"
    assert key(SlidingWindowMapper(other)) != own
    assert key(SlidingWindowMapper(FrozenEstimator(other))) != frozen
    context = ContextNetwork.pretrained()
    before = key(ContextMapper(context))
    assert key(ContextMapper(ContextNetwork.pretrained())) == before
    monkeypatch.setattr(ContextNetwork, "key", "another")
    assert key(ContextMapper(context)) != before


def test_another_shipped_network_changes_the_key(monkeypatch):
    before = key(SlidingWindowMapper())
    monkeypatch.setitem(sys.modules["skdefocus.batch.keys"].PRETRAINED, "default", "0")
    assert key(SlidingWindowMapper()) != before


def test_what_a_step_has_learned_changes_the_key(small_photo):
    unit = np.linspace(0, 3, small_photo[..., 0].size).reshape(small_photo.shape[:2])
    mapper = CalibratedMapper(LaplacianVarianceMapper())
    keys = [key(mapper)]
    for factor in (1, 1, 2):
        keys.append(key(mapper.fit([small_photo], [unit * factor])))
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3


def test_the_key_is_the_same_in_another_process():
    code = (
        "from skdefocus import SlidingWindowMapper as M, PatchBlurClassifier as P\n"
        "from skdefocus.batch import pipeline_key\n"
        "print(pipeline_key(M(P.pretrained()), {}, {'a': (1, 2.5, None)}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    mapper = SlidingWindowMapper(PatchBlurClassifier.pretrained())
    assert done.stdout.strip() == key(mapper, a=(1, 2.5, None))


def test_files_count_by_their_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content" * 100_000)
    assert file_key(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(FileNotFoundError):
        file_key(tmp_path / "none")


def test_what_counts_as_unknown_is_part_of_what_shows_it():
    products = {}
    for below in (0.25, 0.5):
        products[below] = product_keys(
            SlidingWindowMapper(),
            {},
            Form(unknown_below=below),
            with_map=True,
            overview=True,
            figures=True,
            confidence=True,
        )
    same = {name for name, key in products[0.25].items() if products[0.5][name] == key}
    assert set(products[0.25]) - same == {"map", "overview", "figures"}
    assert same == {"confidence"}
