"""Photographs from files to files."""

from .photograph import PRODUCTS, Outcome, process_photograph

__all__ = ["PRODUCTS", "Outcome", "process_photograph"]
