"""From blur maps to masks of what is out of focus."""

from .segmenter import DefocusSegmenter
from .threshold import defocus_mask, photograph_threshold

__all__ = ["DefocusSegmenter", "defocus_mask", "photograph_threshold"]
