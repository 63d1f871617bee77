"""Photographs of known blur: defocus by a map, scenes, and an imitation of cameras."""

from ._defocus import defocus
from .camera import through_jpeg
from .scenes import compose_scene, random_scene

__all__ = ["compose_scene", "defocus", "random_scene", "through_jpeg"]
