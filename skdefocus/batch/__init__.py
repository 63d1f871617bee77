"""Photographs from files to files: one, or any number of them."""

from ._process import BatchSummary, process
from .jobs import is_result
from .keys import pipeline_key
from .map_picture import write_confidence, write_map_picture
from .measure import MEASURES, measure_map, sharpest_region, unknown_note
from .products import RESULT_SUFFIXES
from .report import COLUMNS

__all__ = [
    "COLUMNS",
    "MEASURES",
    "RESULT_SUFFIXES",
    "BatchSummary",
    "is_result",
    "measure_map",
    "pipeline_key",
    "process",
    "sharpest_region",
    "unknown_note",
    "write_confidence",
    "write_map_picture",
]
