"""Photographs to start with, and photographs with masks to evaluate on."""

from .cuhk import load_cuhk
from .samples import FLOWER_CREDIT, load_sample_photograph, sample_photograph_path

__all__ = [
    "FLOWER_CREDIT",
    "load_cuhk",
    "load_sample_photograph",
    "sample_photograph_path",
]
