"""From blur maps to masks of what is out of focus, or of what is not the subject."""

from .automatic import FocusAnswer, automatic_mask, judge_focus
from .segmenter import DefocusSegmenter
from .subject import subject_mask
from .threshold import defocus_mask, photograph_threshold

__all__ = [
    "DefocusSegmenter",
    "FocusAnswer",
    "automatic_mask",
    "defocus_mask",
    "judge_focus",
    "photograph_threshold",
    "subject_mask",
]
