from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from skdefocus import CombinedMapper, ContextMapper
from skdefocus.classifier import ContextNetwork

MAPPERS = [ContextMapper, CombinedMapper]


@pytest.mark.parametrize("mapper", MAPPERS)
def test_the_cache_is_keyed_by_all_that_a_map_depends_on(
    mapper, tmp_path, small_photo, monkeypatch
):
    calls = []

    def measure(image, network, *, n_threads, **settings):
        calls.append(settings)
        return np.ones((2, *image.shape[:2]), np.float32)

    monkeypatch.setattr(mapper, "_function", staticmethod(measure))
    given = mapper(memory=tmp_path, scale=1.0, lights=False)
    for _ in range(2):
        clone(given).transform([small_photo])
    assert calls == [{"scale": 1.0, "lights": False}]
    clone(given).set_params(lights=True).transform([small_photo])
    clone(given).set_params(scale="auto").transform([small_photo])
    given.transform([small_photo[:, ::-1]])
    assert len(calls) == 4
    monkeypatch.setattr(mapper, "_constants", ("others",))
    given.transform([small_photo])
    assert len(calls) == 5


def test_mappers_do_not_share_maps(tmp_path, small_photo):
    settings = {"memory": tmp_path, "scale": 1.0, "lights": False}
    maps = [kind(**settings).transform([small_photo])[0] for kind in MAPPERS]
    assert len(list(tmp_path.glob("*.npz"))) == 2
    assert np.abs(maps[0].blur_map - maps[1].blur_map).max() > 0.1


@pytest.mark.parametrize("mapper", MAPPERS)
def test_the_name_stands_for_the_shipped_network(mapper, small_photo):
    named, given = (
        mapper(network, scale=1.0).transform([small_photo])[0]
        for network in ("default", ContextNetwork.pretrained())
    )
    np.testing.assert_array_equal(named.blur_map, given.blur_map)
