"""Photographs to start with."""

from .samples import FLOWER_CREDIT, load_sample_photograph, sample_photograph_path

__all__ = ["FLOWER_CREDIT", "load_sample_photograph", "sample_photograph_path"]
