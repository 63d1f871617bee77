"""Running a network: ONNX Runtime, threads under our control."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from .._shared.threads import available_threads

__all__ = ["Network"]

# Patches per call: enough to fill the matrix products, few enough for the cache. The
# networks for single patches are larger: a patch holds up to 4 MB in densenet121.
_BATCH = 1024
_BATCH_OF_SINGLE_PATCHES = 64


def _pads_a_pool(serialized: bytes) -> bool:
    """Tell whether zeros are put around what a pool sees."""
    # Most networks have none, and need not import onnx for it.
    if b"Pad" not in serialized:
        return False
    import onnx

    nodes = onnx.load_from_string(serialized).graph.node
    padded = {name for node in nodes if node.op_type == "Pad" for name in node.output}
    return any(
        node.op_type in ("AveragePool", "MaxPool") and node.input[0] in padded
        for node in nodes
    )


class Network:
    """An ONNX network from gray patches to probabilities of blur levels.

    Parameters
    ----------
    onnx : bytes
        Serialized model: input ``patches`` of shape (n, 1, h, w), float32 in [0, 1], or
        of as many channels as a context network takes; output ``probabilities`` of
        shape (n, n_levels, h', w'). Where h and w are numbers, it judges single patches
        only.

    Notes
    -----
    Sessions are made on first use, one for each number of threads, and are left out
    of a pickle.
    """

    def __init__(self, onnx: bytes) -> None:
        self.onnx = onnx
        self._sessions: dict[int, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"onnx": self.onnx, "_sessions": {}}

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return Network(self.onnx)

    @property
    def sha256(self) -> str:
        """SHA-256 of the serialized model that is run, in hexadecimal.

        A model file that stores float16 holds other bytes than those that are run;
        the hash in its card is theirs.
        """
        return hashlib.sha256(self.onnx).hexdigest()

    def _session(self, n_threads: int | None) -> Any:
        n_threads = available_threads() if n_threads is None else n_threads
        if n_threads not in self._sessions:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = n_threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            # Idle threads that spin would take the cores from the filters.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._sessions[n_threads] = onnxruntime.InferenceSession(
                self.onnx,
                options,
                providers=["CPUExecutionProvider"],
                # Versions before 1.32 turn zeros around what a pool sees into padding
                # of the pool, which passes over it, and answer wrongly.
                disabled_optimizers=["Pad_Fusion"] if _pads_a_pool(self.onnx) else [],
            )
        return self._sessions[n_threads]

    def run_patches(
        self, patches: np.ndarray, n_threads: int | None = None
    ) -> np.ndarray:
        """Probabilities of a stack of patches.

        Parameters
        ----------
        patches : ndarray of shape (n, size, size), float32
            Gray patches in [0, 1].
        n_threads : int, optional
            Threads to use; by default those available to this process.

        Returns
        -------
        ndarray of shape (n, n_levels), float32
            Probability of each level.
        """
        session = self._session(n_threads)
        slides = not isinstance(session.get_inputs()[0].shape[2], int)
        batch = _BATCH if slides else _BATCH_OF_SINGLE_PATCHES
        parts = [
            session.run(None, {"patches": patches[i : i + batch, np.newaxis]})[0]
            for i in range(0, len(patches), batch)
        ]
        return np.concatenate(parts)[:, :, 0, 0]

    def run_image(self, gray: np.ndarray, n_threads: int | None = None) -> np.ndarray:
        """Probabilities at every stride position of one image.

        Parameters
        ----------
        gray : ndarray of shape (H, W), float32
            Gray image in [0, 1], at least one patch large.
        n_threads : int, optional
            Threads to use; by default those available to this process.

        Returns
        -------
        ndarray of shape (h', w', n_levels), float32
            Probability of each level for the patch that begins at each position.
        """
        return np.moveaxis(self.run_channels(gray[np.newaxis], n_threads), 0, -1)

    def run_channels(
        self, channels: np.ndarray, n_threads: int | None = None
    ) -> np.ndarray:
        """Probabilities at every position of one image of several channels.

        Parameters
        ----------
        channels : ndarray of shape (C, H, W), float32
            As many channels as the network takes.
        n_threads : int, optional
            Threads to use; by default those available to this process.

        Returns
        -------
        ndarray of shape (n_levels, h', w'), float32
            Probability of each level.
        """
        inputs = {"patches": np.ascontiguousarray(channels)[np.newaxis]}
        probabilities: np.ndarray = self._session(n_threads).run(None, inputs)[0][0]
        return probabilities
