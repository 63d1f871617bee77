"""The blur classifier: networks, training, inference and the shipped weights."""

from .patch_blur_classifier import PatchBlurClassifier
from .train_photographs import train_on_photographs

__all__ = ["PatchBlurClassifier", "train_on_photographs"]
