"""Read and write photographs and maps safely."""

from .folders import list_photographs
from .photograph import Photograph
from .read import DEFAULT_MAX_PIXELS, read_image, read_photograph
from .write import SIGMA_STEPS, write_map, write_photograph

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "SIGMA_STEPS",
    "Photograph",
    "list_photographs",
    "read_image",
    "read_photograph",
    "write_map",
    "write_photograph",
]
