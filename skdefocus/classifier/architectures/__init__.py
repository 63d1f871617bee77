"""Network architectures, written for Keras 3 on torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .blurnet import BLURNET_SMALL, build_blurnet
from .keras_applications import (
    build_densenet121,
    build_efficientnet_b0,
    build_mobilenet_v2,
)
from .nasnet_mobile import build_nasnet_mobile
from .shufflenet_v2 import build_shufflenet_v2

__all__ = ["ARCHITECTURES", "Architecture"]


@dataclass(frozen=True)
class Architecture:
    """How to build a network, and how its output covers an image.

    Attributes
    ----------
    build : callable
        ``build(n_levels)`` returns a Keras model from gray images of shape
        (n, 1, h, w), float32 in [0, 1], to logits of shape (n, n_levels, h', w'). If
        it takes conditions, they are a second input of shape (n, 4, 1, 1).
    patch_size : int
        Side of the patch that one output cell sees, in pixels.
    stride : int or None
        Distance between the patches of neighboring cells, in pixels. None where the
        network only judges single patches: h and w are ``patch_size``, h' and w' 1.
    """

    build: Callable[[int], Any]
    patch_size: int
    stride: int | None
    takes_conditions: bool = False


# Those after the first two are the paper's (table 2). They pad their convolutions, so
# over an image a cell would see other values than in its patch: one patch at a time.
ARCHITECTURES = {
    "blurnet": Architecture(
        build_blurnet, patch_size=32, stride=4, takes_conditions=True
    ),
    "blurnet_small": Architecture(
        partial(build_blurnet, widths=BLURNET_SMALL),
        patch_size=32,
        stride=4,
        takes_conditions=True,
    ),
    "mobilenet_v2": Architecture(build_mobilenet_v2, patch_size=32, stride=None),
    "efficientnet_b0": Architecture(build_efficientnet_b0, patch_size=32, stride=None),
    "densenet121": Architecture(build_densenet121, patch_size=32, stride=None),
    "nasnet_mobile": Architecture(build_nasnet_mobile, patch_size=32, stride=None),
    "shufflenet_v2": Architecture(build_shufflenet_v2, patch_size=32, stride=None),
}
