"""Photographs to start with, to train on, and with masks to evaluate on."""

from .cuhk import load_cuhk
from .div2k import load_div2k
from .samples import FLOWER_CREDIT, load_sample_photograph, sample_photograph_path

__all__ = [
    "FLOWER_CREDIT",
    "load_cuhk",
    "load_div2k",
    "load_sample_photograph",
    "sample_photograph_path",
]
