from __future__ import annotations

import numpy as np
import pytest

from skdefocus.classifier.architectures.context import build_context_network
from skdefocus.classifier.training.keras_backend import import_keras


@pytest.mark.parametrize("shape", [(16, 16), (32, 48)])
def test_the_network_gives_levels_for_every_cell(shape):
    import_keras()
    network = build_context_network(3, 5)
    found = network(np.zeros((2, 3, *shape), np.float32), training=False)
    assert tuple(found.shape) == (2, 5, *shape)
