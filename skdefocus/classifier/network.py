"""Running a network: patches, images and channels to probabilities."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np

from .._shared.threads import available_threads
from ..filters.conditions import clean_conditions
from .sessions import open_session

__all__ = ["Network"]

# Patches per call: enough to fill the matrix products, few enough for the cache. The
# networks for single patches are larger: a patch holds up to 4 MB in densenet121.
_BATCH = 1024
_BATCH_OF_SINGLE_PATCHES = 64


@lru_cache(maxsize=16)
def _hash(onnx: bytes) -> str:
    # Asked for at every call of a network. Shipped ones are the same bytes each time.
    return hashlib.sha256(onnx).hexdigest()


class Network:
    """An ONNX network from gray patches to probabilities of blur levels.

    Parameters
    ----------
    onnx : bytes
        Serialized model: input ``patches`` of shape (n, 1, h, w), float32 in [0, 1], or
        of as many channels as a context network takes; perhaps a second one,
        ``conditions`` of shape (n, 4, 1, 1); output ``probabilities`` of shape
        (n, n_levels, h', w'). Where h and w are numbers, it judges single patches only.

    Notes
    -----
    Its sessions are those of the process (`open_session`): copies share them, and a
    pickle has none.
    """

    def __init__(self, onnx: bytes) -> None:
        self.onnx = onnx

    @property
    def sha256(self) -> str:
        """SHA-256 of the serialized model that is run, in hexadecimal.

        A model file that stores float16 holds other bytes than those that are run;
        the hash in its card is theirs.
        """
        return _hash(self.onnx)

    def _session(self, n_threads: int | None) -> Any:
        n_threads = available_threads() if n_threads is None else n_threads
        return open_session(self.onnx, self.sha256, n_threads)

    def run_patches(
        self,
        patches: np.ndarray,
        n_threads: int | None = None,
        conditions: np.ndarray | None = None,
    ) -> np.ndarray:
        """Probabilities of a stack of patches.

        Parameters
        ----------
        patches : ndarray of shape (n, size, size), float32
            Gray patches in [0, 1].
        n_threads : int, optional
            Threads to use; by default those available to this process.
        conditions : ndarray of shape (n, 4), float32, optional
            What is told of each patch; by default that it is of a clean photograph. A
            network that takes no conditions leaves them alone.

        Returns
        -------
        ndarray of shape (n, n_levels), float32
            Probability of each level.
        """
        session = self._session(n_threads)
        slides = not isinstance(session.get_inputs()[0].shape[2], int)
        batch = _BATCH if slides else _BATCH_OF_SINGLE_PATCHES
        parts = []
        for first in range(0, len(patches), batch):
            rows = slice(first, first + batch)
            told = None if conditions is None else conditions[rows]
            parts.append(_run(session, patches[rows, np.newaxis], told))
        return np.concatenate(parts)[:, :, 0, 0]

    def run_image(
        self,
        gray: np.ndarray,
        n_threads: int | None = None,
        conditions: np.ndarray | None = None,
    ) -> np.ndarray:
        """Probabilities at every stride position of one image.

        Parameters
        ----------
        gray : ndarray of shape (H, W), float32
            Gray image in [0, 1], at least one patch large.
        n_threads : int, optional
            Threads to use; by default those available to this process.
        conditions : ndarray of shape (4,), float32, optional
            What is told of the image, as in `run_patches`.

        Returns
        -------
        ndarray of shape (h', w', n_levels), float32
            Probability of each level for the patch that begins at each position.
        """
        probabilities = self.run_channels(gray[np.newaxis], n_threads, conditions)
        return np.moveaxis(probabilities, 0, -1)

    def run_channels(
        self,
        channels: np.ndarray,
        n_threads: int | None = None,
        conditions: np.ndarray | None = None,
    ) -> np.ndarray:
        """Probabilities at every position of one image of several channels.

        Parameters
        ----------
        channels : ndarray of shape (C, H, W), float32
            As many channels as the network takes.
        n_threads : int, optional
            Threads to use; by default those available to this process.
        conditions : ndarray of shape (4,), float32, optional
            What is told of the image, as in `run_patches`.

        Returns
        -------
        ndarray of shape (n_levels, h', w'), float32
            Probability of each level.
        """
        told = None if conditions is None else conditions[np.newaxis]
        session = self._session(n_threads)
        given = np.ascontiguousarray(channels)[np.newaxis]
        probabilities: np.ndarray = _run(session, given, told)[0]
        return probabilities


def _run(
    session: Any, patches: np.ndarray, conditions: np.ndarray | None
) -> np.ndarray:
    """Run a session on patches, told their conditions if it wants to know them."""
    inputs = {"patches": patches}
    if len(session.get_inputs()) > 1:
        if conditions is None:
            conditions = clean_conditions(len(patches))
        told = conditions[:, :, np.newaxis, np.newaxis]
        inputs["conditions"] = told.astype(np.float32, copy=False)
    probabilities: np.ndarray = session.run(None, inputs)[0]
    return probabilities
