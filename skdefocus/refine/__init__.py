"""Refinement of blur maps along the edges of their photographs."""

from .wgif import WGIFRefiner, refine_wgif

__all__ = ["WGIFRefiner", "refine_wgif"]
