"""Maps as means over the windows that cover each pixel (eq. 6)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .._shared.sigma_scale import from_log_sigma, to_log_sigma
from .._shared.threads import run_in_parts
from ..classifier.reliability import disagreement
from .confidence import final_confidence
from .windows import WindowMean

__all__ = ["MapMeans"]

_STRIP = 128
# Least detail of which a logarithm is taken.
_LEAST = np.float32(1e-9)


class MapMeans:
    """Sigma and confidence of every pixel, from windows that come row by row.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the photograph.
    patch_size, step : int
        Side of a window and distance between windows, in pixels.
    estimate : {"mode", "mean"}
        Whether sigma is averaged as it is, or on the scale ``log(sigma + 0.8)``.
    """

    def __init__(
        self, shape: tuple[int, int], patch_size: int, step: int, estimate: str
    ) -> None:
        self._estimate = estimate
        self._patch_size = patch_size
        self._sigma, self._trust, self._detail = (
            WindowMean(shape, patch_size, step) for _ in range(3)
        )

    def add(self, sigma: np.ndarray, trust: np.ndarray, detail: np.ndarray) -> None:
        """Add the next rows of windows.

        Parameters
        ----------
        sigma, trust, detail : ndarray of shape (n, n_across), float32
            As `classify_bands` gives them.
        """
        logarithmic = self._estimate == "mean"
        self._sigma.add(to_log_sigma(sigma) if logarithmic else sigma)
        self._trust.add(trust)
        self._detail.add(np.log(np.maximum(detail, _LEAST)))

    def evidence(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give means over the windows, once all of them have been added.

        Returns
        -------
        sigma, trust, detail : ndarray of shape (H, W), float32
            Means on the scales on which they are taken: sigma as it is or its
            ``log(sigma + 0.8)``, by the estimate, and the logarithm of the detail.
        """
        return self._sigma.means, self._trust.means, self._detail.means

    def finish(
        self, conditions: np.ndarray, classifier: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the maps once all windows have been added.

        Parameters
        ----------
        conditions : ndarray of shape (4,), float32
            Those of the photograph.
        classifier : classifier
            Whose windows they are.

        Returns
        -------
        sigma, confidence : ndarray of shape (H, W), float32
            Sigma in pixels; confidence in [0, 1].
        """
        sigma, confidence, detail = self.evidence()
        logarithmic = self._estimate == "mean"

        def varies(rows: slice) -> np.ndarray:
            top = max(0, rows.start - self._patch_size)
            around = sigma[top : rows.stop + self._patch_size]
            log_sigma = around if logarithmic else to_log_sigma(around)
            variance = disagreement(log_sigma, self._patch_size, 1)
            return variance[rows.start - top :][: rows.stop - rows.start]

        def judge(first: int, last: int) -> None:
            for start in range(first, last, _STRIP):
                rows = slice(start, min(start + _STRIP, last))
                confidence[rows] = final_confidence(
                    confidence[rows],
                    np.exp(detail[rows]),
                    conditions,
                    classifier,
                    partial(varies, rows),
                )

        def bring(first: int, last: int) -> None:
            from_log_sigma(sigma[first:last], out=sigma[first:last])

        # Strips look at the rows beside them, which must be as they were.
        run_in_parts(judge, len(sigma), _STRIP)
        if logarithmic:
            run_in_parts(bring, len(sigma), _STRIP)
        return sigma, confidence
