"""Photographs from files to files."""

from .photograph import PRODUCTS, RESULT_SUFFIXES, Outcome, process_photograph

__all__ = ["PRODUCTS", "RESULT_SUFFIXES", "Outcome", "process_photograph"]
