"""The network that ships with the package."""

from __future__ import annotations

import pytest

from skdefocus import PatchBlurClassifier


@pytest.fixture(scope="module")
def shipped():
    return PatchBlurClassifier.pretrained()
