from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skdefocus import PatchBlurClassifier
from skdefocus.classifier import ContextNetwork


def test_runs_on_any_number_of_cells(context_network):
    n_features = context_network.card["n_features"]
    for shape in ((1, 1), (17, 5), (16, 32)):
        features = np.zeros((n_features, *shape), np.float32)
        found = context_network.run(features)
        assert found.shape == (18, *shape)
        np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-5)


def test_what_is_saved_is_loaded_again(context_network, tmp_path):
    context_network.save(tmp_path / "context.zip")
    loaded = ContextNetwork.load(tmp_path / "context.zip")
    assert loaded.key == context_network.key
    assert repr(loaded) == f"<ContextNetwork {loaded.sha256[:12]}>"


def test_kinds_of_files_are_told_apart(context_network, tmp_path):
    context_network.save(tmp_path / "context.zip")
    PatchBlurClassifier.pretrained().save(tmp_path / "patches.zip")
    with pytest.raises(ValueError, match=r"holds a context network; .* ContextNetwork"):
        PatchBlurClassifier.load(tmp_path / "context.zip")
    with pytest.raises(ValueError, match=r"holds a patch network; .* PatchBlurClassi"):
        ContextNetwork.load(tmp_path / "patches.zip")


def test_needs_a_patch_network_that_is_fitted(context_network):
    with pytest.raises(NotFittedError):
        ContextNetwork(b"", context_network.card, PatchBlurClassifier())


def test_refuses_another_patch_network(context_network, trained):
    with pytest.raises(ValueError, match="has learned with the patch network"):
        ContextNetwork(b"", context_network.card, trained)


@pytest.mark.parametrize(
    "changes",
    [{"n_features": 7}, {"multiple": 32}, {"classes": [0, 1]}, {"ladder": [0, 1]}],
)
def test_refuses_what_does_not_fit_its_patch_network(context_network, changes):
    card = {**context_network.card, **changes}
    with pytest.raises(ValueError, match="must give the levels of its patch netw"):
        ContextNetwork(b"", card, context_network.classifier)


def test_missing_cells_go_on_mirrored(context_network):
    features = np.random.default_rng(0).normal(
        size=(context_network.card["n_features"], 13, 18)
    )
    features = features.astype(np.float32)
    padded = np.pad(features, [(0, 0), (0, 3), (0, 14)], mode="reflect")
    np.testing.assert_array_equal(
        context_network.run(features), context_network.run(padded)[:, :13, :18]
    )


def test_the_key_tells_both_networks(context_network):
    own, fed_by = context_network.key.split()
    assert own == context_network.sha256
    assert fed_by == context_network.classifier.network_.sha256


def test_cards_of_the_shipped_network_are_the_caller_s_own():
    ContextNetwork.pretrained().card["data"] = "overwritten"
    assert ContextNetwork.pretrained().card["data"] != "overwritten"


@pytest.mark.parametrize("missing", ["feature", "axis"])
def test_refuses_features_that_it_does_not_take(context_network, missing):
    n_features = context_network.card["n_features"]
    shape = (n_features - 1, 4, 4) if missing == "feature" else (n_features, 4)
    with pytest.raises(
        ValueError, match=rf"^features must have shape \({n_features}, h, w\); got sha"
    ):
        context_network.run(np.zeros(shape, np.float32))
