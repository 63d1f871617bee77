"""Edges, and how blurred they are by how steep they look at two scales."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..._shared.parameters import POSITIVE_REAL, checked, unchecked
from ..._shared.validation import to_float_image, to_gray

__all__ = ["canny_edges", "edge_sigma", "known_edge_sigma"]

# Scale of Canny's gradients and of those whose ratio is taken, in pixels.
_GRADIENT_SCALE = 1.0
# The lower threshold of hysteresis as a share of the higher, as commonly set.
_LOW = 0.4
# The automatic threshold: share of pixels that are no edges, and the least share of the
# strongest gradient, one of 64 steps.
_NO_EDGES = 0.7
_LEAST_SHARE = 1 / 64
# Gradients below this are rounding, whatever the strongest of the photograph.
_LEAST_GRADIENT = 1e-4


def canny_edges(
    gray: np.ndarray, sigma: float, threshold: float | None, caller: str
) -> np.ndarray:
    """Canny's edges, with a threshold that depends on the photograph's gradients.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        Gray photograph in [0, 1].
    sigma : float
        Scale of the gradients, in pixels.
    threshold : float or None
        Gradient from which an edge starts, as a share of the strongest; edges go on
        down to 0.4 of it. None takes what 70 % of the gradients lie below, and at least
        1/64.
    caller : str
        What needs scikit-image, for the message.

    Returns
    -------
    ndarray of shape (H, W), bool
        True on edges, one pixel wide.

    Raises
    ------
    ImportError
        Without scikit-image.
    """
    try:
        from skimage.feature import canny
    except ImportError as error:
        raise ImportError(
            f"{caller} needs scikit-image: pip install 'skdefocus[compare]'."
        ) from error
    smooth = ndimage.gaussian_filter(gray, sigma, mode="reflect")
    across, down = (ndimage.sobel(smooth, axis, mode="reflect") for axis in (1, 0))
    gradient = np.hypot(across, down)
    strongest = float(gradient.max())
    if threshold is None:
        high = max(float(np.quantile(gradient, _NO_EDGES)), strongest * _LEAST_SHARE)
    else:
        high = threshold * strongest
    high = max(high, _LEAST_GRADIENT)
    edges: np.ndarray = canny(gray, sigma, _LOW * high, high, mode="reflect")
    return edges


@checked(fine_scale=[POSITIVE_REAL])
def edge_sigma(
    image: np.ndarray,
    edges: np.ndarray,
    fine_scale: float = 1.0,
    coarse_scale: float | np.ndarray = 2**0.5,
) -> np.ndarray:
    """Blur of edges, from how much less steep they are at a coarser scale.

    Parameters
    ----------
    image : array-like of shape (H, W) or (H, W, 3)
        uint8, uint16, or float in [0, 1]; of a color image the gray is used.
    edges : array-like of shape (H, W), bool
        True on edges.
    fine_scale : float, default=1.0
        Standard deviation of the Gaussian whose derivatives are the gradient, in
        pixels, above 0.
    coarse_scale : float or ndarray of shape (n_edges,), default=sqrt(2)
        The same at the coarser scale, above ``fine_scale``: one for all, or one for
        each edge pixel in the order of ``image[edges]``. To blur the image again by
        sigma0 before taking its gradient is to take it at
        ``sqrt(fine_scale**2 + sigma0**2)``.

    Returns
    -------
    ndarray of shape (n_edges,), float32
        Sigma of each edge pixel in pixels, in the order of ``image[edges]``: 0 where
        the ratio of gradients is that of a sharp step or more, NaN where it is 1 or
        less, as no blurred step makes it.

    Raises
    ------
    ValueError
        For scales or edges that are not accepted, or an image that is not one.

    Notes
    -----
    The gradient of a step blurred by sigma is a Gaussian bump of height proportional to
    ``1 / sqrt(sigma^2 + s^2)`` at scale s, so the ratio R of heights at scales s1 and
    s2 gives ``sigma^2 = (s2^2 - R^2 s1^2) / (R^2 - 1)`` (Zhuo and Sim, eqs. 5 to 7).
    Steps lie between pixels as often as on them, and beside its middle a bump is lower
    at the finer scale first. The height is therefore taken at the vertex of the
    parabola through the logarithms at the edge pixel and its two neighbors across the
    edge, which for a Gaussian is exact.

    References
    ----------
    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition
    44(9), 2011, eqs. 5 to 7.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.mapping.peers import edge_sigma
    >>> step = np.repeat([[0.2, 0.8]], 32, axis=1) * np.ones((8, 1))
    >>> edges = np.zeros((8, 64), bool)
    >>> edges[:, 32] = True
    >>> sigma = edge_sigma(blur(step, 2.0), edges)
    >>> sigma.shape, round(float(sigma.mean()), 1)
    ((8,), 2.0)
    """
    gray = to_gray(to_float_image(image))
    edges = np.asarray(edges)
    if edges.shape != gray.shape or edges.dtype != bool:
        raise ValueError(
            f"edges must be a bool array of the image's shape {gray.shape}; got "
            f"{edges.dtype} of shape {edges.shape}."
        )
    rows, columns = np.nonzero(edges)
    coarse = np.broadcast_to(np.asarray(coarse_scale, np.float64), rows.shape)
    if not (coarse > fine_scale).all():
        raise ValueError(
            f"coarse_scale must be above fine_scale, {fine_scale}; its least value is "
            f"{coarse.min()}."
        )
    # In float64: at a large sigma all depends on how little the ratio exceeds 1.
    gray = gray.astype(np.float64)
    fine = _steepness(gray, fine_scale, rows, columns)
    steep = np.empty_like(fine)
    for scale in np.unique(coarse):
        chosen = coarse == scale
        steep[chosen] = _steepness(gray, scale, rows[chosen], columns[chosen])
    ratio2 = np.exp(2 * (fine - steep))
    above = ratio2 > 1
    ratio2 = np.where(above, ratio2, 2)
    variance = (coarse**2 - ratio2 * fine_scale**2) / (ratio2 - 1)
    sigma = np.sqrt(np.maximum(variance, 0))
    return np.where(above, sigma, np.nan).astype(np.float32)


def known_edge_sigma(
    gray: np.ndarray,
    *,
    edge_threshold: float,
    reblur_sigma: float,
    max_sigma: float,
    caller: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Find edges and their sigma, without those whose gradients tell none.

    Parameters
    ----------
    gray : ndarray of shape (H, W), float32
        Gray photograph in [0, 1].
    edge_threshold : float
        As in `canny_edges`.
    reblur_sigma : float
        Sigma0 of the Gaussian by which the photograph is blurred again, in pixels.
    max_sigma : float
        Cut of sigma, in pixels.
    caller : str
        What needs scikit-image, for the message.

    Returns
    -------
    edges : ndarray of shape (H, W), bool
        True on edges of known sigma.
    sigma : ndarray of shape (n_edges,), float32
        Of each, in the order of ``gray[edges]``.
    """
    edges = canny_edges(gray, _GRADIENT_SCALE, edge_threshold, caller)
    coarse_scale = np.hypot(_GRADIENT_SCALE, reblur_sigma)
    sigma = unchecked(edge_sigma)(gray, edges, _GRADIENT_SCALE, coarse_scale)
    known = np.isfinite(sigma)
    edges[edges] = known
    return edges, np.minimum(sigma[known], np.float32(max_sigma))


def _steepness(
    gray: np.ndarray, scale: float, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Logarithm of the gradient's height at the edges through some pixels."""
    gradient = [
        ndimage.gaussian_filter(gray, scale, order=order, mode="reflect")
        for order in ((1, 0), (0, 1))
    ]
    # A gradient of 0 has no logarithm; nothing this small is an edge.
    magnitude = np.maximum(np.hypot(*gradient), np.finfo(np.float64).tiny)
    steepness = np.log(np.pad(magnitude, 1, mode="edge"))
    down, across = (np.abs(part[rows, columns]) for part in gradient)
    # Along a straight edge nothing changes, so the line through the pixel that crosses
    # it need not be perpendicular: a row or a column will do, without interpolation.
    is_row = across >= down
    row, column = rows + 1, columns + 1
    middle = steepness[row, column]
    before = steepness[row - ~is_row, column - is_row]
    after = steepness[row + ~is_row, column + is_row]
    curvature = after + before - 2 * middle
    is_bump = curvature < 0
    curvature = np.where(is_bump, curvature, -1)
    slope = (after - before) / 2
    # A vertex beyond the neighbors belongs to something else than this edge.
    is_near = is_bump & (np.abs(slope) <= -curvature)
    vertex: np.ndarray = np.where(is_near, middle - slope**2 / (2 * curvature), middle)
    return vertex
