"""Read and write photographs and maps safely."""

from .folders import list_photographs
from .formats import MAP_ENDINGS
from .map_files import read_map
from .photograph import Photograph
from .read import DEFAULT_MAX_PIXELS, read_image, read_photograph
from .write import SIGMA_STEPS, write_map, write_mask, write_photograph

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "MAP_ENDINGS",
    "SIGMA_STEPS",
    "Photograph",
    "list_photographs",
    "read_image",
    "read_map",
    "read_photograph",
    "write_map",
    "write_mask",
    "write_photograph",
]
