"""The blur classifier: networks, inference and the shipped weights."""

from .context_network import ContextNetwork
from .patch_blur_classifier import PatchBlurClassifier

__all__ = ["ContextNetwork", "PatchBlurClassifier"]
