from __future__ import annotations

import importlib.metadata

import pytest

from skdefocus.classifier.training.model_card import installed_versions


def test_versions_are_those_of_the_installer():
    versions = installed_versions()
    del versions["python"]
    assert {*versions} == {"skdefocus", "numpy", "keras", "torch", "onnx"}
    for package, version in versions.items():
        assert version == importlib.metadata.version(package)


def test_versions_are_told_without_an_installation(monkeypatch):
    def not_installed(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata.Distribution, "from_name", not_installed)
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("skdefocus")
    assert installed_versions()["skdefocus"] == "0.1.0"


@pytest.mark.parametrize(
    ("architecture", "told"), [("blurnet_small", True), ("shufflenet_v2", False)]
)
def test_tells_whether_the_network_takes_conditions(
    small, make_classifier, architecture, told
):
    classifier = make_classifier(architecture=architecture, epochs=1)
    card = classifier.fit(small[0][:32], small[1][:32]).card_
    assert card["takes_conditions"] is told
