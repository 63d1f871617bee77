"""Lights: what is brighter than white before the lens blurs it, and clipped after."""

from __future__ import annotations

import numpy as np

from .camera import log_uniform

__all__ = ["add_lights"]

# Light of pixels from which a photograph is taken to have been clipped there.
_WHITE = 0.85
# Below this sigma a light is in focus, and as large as it looks.
_IN_FOCUS = 1.0
_MOST_LIGHTS = 9


def add_lights(light: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Make parts of a photograph brighter than white.

    Either what is nearly white becomes as bright as it may have been before it was
    clipped, or small lights are put over the photograph, which may be at night: points
    that a blur of ``sigma`` spreads to something visible, or, of what is in focus,
    round things of any size.

    Parameters
    ----------
    light : ndarray of shape (H, W), float32
        Linear light in [0, 1], not blurred yet.
    sigma : float
        By which it will be blurred.
    rng : numpy.random.Generator
        Draws what is done.

    Returns
    -------
    ndarray of shape (H, W), float32
        Light of at least 0, where 1 is white.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.synthesis.lights import add_lights
    >>> dim = np.full((64, 64), 0.2, np.float32)
    >>> rngs = [np.random.default_rng(seed) for seed in range(9)]
    >>> max(float(add_lights(dim, 4.0, rng).max()) for rng in rngs) > 1
    True
    """
    if rng.random() < 0.3:
        above = np.clip((light - _WHITE) / (1 - _WHITE), 0, 1)
        bright: np.ndarray = light + above * np.float32(log_uniform(rng, 1, 50))
        return bright
    lit = light * np.float32(log_uniform(rng, 0.03, 1))
    rows, columns = np.ogrid[: light.shape[0], : light.shape[1]]
    in_focus = sigma < _IN_FOCUS
    # Lights of one lamp are alike; their brightness differs.
    size = log_uniform(rng, 2, 40) if in_focus else rng.uniform(0.7, 3)
    for _ in range(int(rng.integers(1, _MOST_LIGHTS + 1))):
        row, column = rng.uniform(0, light.shape[0]), rng.uniform(0, light.shape[1])
        radius = size * (log_uniform(rng, 0.5, 2) if rng.random() < 0.4 else 1)
        if not in_focus:
            # Smaller than what they become.
            radius = min(radius, max(1.0, 0.5 * sigma))
        distance = np.hypot(rows - row, columns - column)
        cover = np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)
        level = log_uniform(rng, 0.7, 20)
        if not in_focus:
            # So bright that its image, of the area 4 pi sigma^2, has this level.
            level *= max(1.0, 4 * (sigma / radius) ** 2)
        lit += cover * (np.float32(level) - lit)
    return lit
