"""The blur classifier: networks, training, inference and the shipped weights."""

from .context_network import ContextNetwork
from .context_training import train_context
from .patch_blur_classifier import PatchBlurClassifier
from .train_photographs import train_on_photographs

__all__ = [
    "ContextNetwork",
    "PatchBlurClassifier",
    "train_context",
    "train_on_photographs",
]
