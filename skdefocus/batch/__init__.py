"""Photographs from files to files: one, or any number of them."""

from ._process import BatchSummary, process
from .jobs import is_result
from .keys import pipeline_key
from .measure import MEASURES, measure_map, sharpest_region
from .photograph import PRODUCTS, Outcome, process_photograph
from .report import COLUMNS
from .results import RESULT_SUFFIXES

__all__ = [
    "COLUMNS",
    "MEASURES",
    "PRODUCTS",
    "RESULT_SUFFIXES",
    "BatchSummary",
    "Outcome",
    "is_result",
    "measure_map",
    "pipeline_key",
    "process",
    "process_photograph",
    "sharpest_region",
]
