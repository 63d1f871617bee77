"""How near photographs come to a reference that is known: PSNR and SSIM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["psnr", "ssim"]

# The window of Wang et al.: 11 pixels, a Gaussian of 1.5 px cut off at 3.5 of them.
_WINDOW = 11
_WINDOW_SIGMA = 1.5


def psnr(images: Sequence[np.ndarray], restored: Sequence[np.ndarray]) -> float:
    """Mean peak signal-to-noise ratio of photographs, in decibels.

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    images : list of array-like of shape (H, W) or (H, W, 3)
        The references: uint8, uint16, or float in [0, 1].
    restored : list of array-like
        One photograph for every reference, of its shape, likewise.

    Returns
    -------
    float
        Mean over photographs; larger is better, infinite where one is equal to its
        reference. The peak is 1, white.

    Raises
    ------
    ValueError
        If there are no photographs, not as many restored ones, or one is not an image
        of the shape of its reference.
    ImportError
        Without scikit-image.

    See Also
    --------
    ssim : Nearer to what eyes see.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.metrics import psnr
    >>> gray = np.full((16, 16), 0.5)
    >>> round(psnr([gray], [gray + 0.1]), 2)
    20.0
    """
    metrics = _scikit_image("psnr")
    scores = []
    for image, answer, _ in _image_pairs(images, restored):
        if np.array_equal(image, answer):
            scores.append(np.inf)
        else:
            scores.append(metrics.peak_signal_noise_ratio(image, answer, data_range=1))
    return float(np.mean(scores))


def ssim(images: Sequence[np.ndarray], restored: Sequence[np.ndarray]) -> float:
    """Mean structural similarity of photographs (Wang et al. 2004).

    It needs scikit-image: ``pip install 'skdefocus[compare]'``.

    Parameters
    ----------
    images : list of array-like of shape (H, W) or (H, W, 3)
        The references, each side at least 11 pixels: uint8, uint16, or float in [0, 1].
    restored : list of array-like
        One photograph for every reference, of its shape, likewise.

    Returns
    -------
    float
        Mean over photographs and their channels; larger is better, 1 where all are
        equal to their references.

    Raises
    ------
    ValueError
        If there are no photographs, not as many restored ones, or one is not an image
        of the shape of its reference, or too small.
    ImportError
        Without scikit-image.

    See Also
    --------
    psnr : The squared error, in decibels.

    References
    ----------
    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility
    to structural similarity", TIP 13(4), 2004: their window and constants.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus.filters import blur
    >>> from skdefocus.metrics import ssim
    >>> photo = np.random.default_rng(0).random((32, 32))
    >>> ssim([photo], [photo]), ssim([photo], [blur(photo, 1.0)]) < 0.5
    (1.0, True)
    """
    metrics = _scikit_image("ssim")
    scores = []
    for image, answer, index in _image_pairs(images, restored):
        if min(image.shape[:2]) < _WINDOW:
            raise ValueError(
                f"images[{index}] must be at least {_WINDOW} pixels high and wide for "
                f"ssim; got shape {image.shape}."
            )
        scores.append(
            metrics.structural_similarity(
                image,
                answer,
                data_range=1.0,
                channel_axis=None if image.ndim == 2 else -1,
                gaussian_weights=True,
                sigma=_WINDOW_SIGMA,
                use_sample_covariance=False,
            )
        )
    return float(np.mean(scores))


def _scikit_image(caller: str) -> Any:
    # Imported on first use: it is an extra.
    try:
        from skimage import metrics
    except ImportError as error:
        raise ImportError(
            f"{caller} needs scikit-image: pip install 'skdefocus[compare]'."
        ) from error
    return metrics


def _image_pairs(
    images: Any, restored: Any
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Pair references and photographs, float64 in [0, 1], with their index."""
    # Not at the top: metrics of masks need neither it nor scikit-learn.
    from .._shared.validation import image_batch, to_float_image

    images = image_batch(images, "images")
    restored = image_batch(restored, "restored")
    if len(images) != len(restored):
        raise ValueError(
            f"restored must hold one photograph for every reference; got "
            f"{len(restored)} for {len(images)} references."
        )
    for index, (image, answer) in enumerate(zip(images, restored, strict=True)):
        image = to_float_image(image, f"images[{index}]").astype(np.float64)
        answer = to_float_image(answer, f"restored[{index}]").astype(np.float64)
        if image.shape != answer.shape:
            raise ValueError(
                f"restored[{index}] must have the shape of its reference, "
                f"{image.shape}; got shape {answer.shape}."
            )
        yield image, answer, index
