"""A sharp scene, and the same moved along a straight path."""

import numpy as np

from skdefocus.filters import blur
from skdefocus.synthesis.motion import LENGTH_OF_SIGMA

__all__ = ["make_scene", "moved"]


def make_scene():
    """Sharp texture of many directions, as large as a photograph."""
    rng = np.random.default_rng(0)
    noise = rng.random((384, 512))
    return np.clip(noise + 0.5 * blur(rng.random(noise.shape), 2.0), 0, 1) / 1.5


def line(degrees, length=40):
    """Image of a straight path."""
    psf = np.zeros((61, 61))
    along = np.linspace(-length / 2, length / 2, 500)
    rows = 30 - along * np.sin(np.radians(degrees))
    columns = 30 + along * np.cos(np.radians(degrees))
    np.add.at(psf, (np.rint(rows).astype(int), np.rint(columns).astype(int)), 1)
    return psf


def moved(scene, degrees, length):
    return blur(scene, length / LENGTH_OF_SIGMA, line(degrees))
