"""Photographs from files to files: one, or any number of them."""

from .photograph import PRODUCTS, Outcome, process_photograph
from .results import RESULT_SUFFIXES

__all__ = ["PRODUCTS", "RESULT_SUFFIXES", "Outcome", "process_photograph"]
