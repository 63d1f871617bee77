"""ContextNetwork: levels of blur from what patches say, cell by cell."""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .context_features import count_features
from .model_file import read_model, write_model
from .network import Network
from .patch_blur_classifier import PatchBlurClassifier
from .pretrained import read_pretrained

__all__ = ["MULTIPLE", "ContextNetwork"]

# Heights and widths are multiples of this: what the network reduces cells by.
MULTIPLE = 16


class ContextNetwork:
    """A network over cells of 4 x 4 pixels, and the patch network that feeds it.

    `pretrained` gives the one that ships with the package, `load` one from a file,
    `skdefocus.classifier.training.train_context` a new one.

    Parameters
    ----------
    onnx : bytes
        Serialized network: input ``patches`` of shape (n, n_features, h, w), output
        ``probabilities`` of shape (n, n_levels, h, w), with h and w multiples of 16.
    card : dict
        What is known of it.
    classifier : PatchBlurClassifier
        The patch network that it has learned with.

    Attributes
    ----------
    card : dict
        As given.
    classifier : PatchBlurClassifier
        As given.

    Raises
    ------
    ValueError
        If the classifier is not the one that the card names, or levels, features or
        sizes do not fit.
    NotFittedError
        If the classifier is not fitted.

    See Also
    --------
    skdefocus.ContextMapper : Maps photographs with it.

    Examples
    --------
    >>> from skdefocus.classifier import ContextNetwork
    >>> ContextNetwork.pretrained().card["architecture"]
    'context'
    """

    def __init__(
        self, onnx: bytes, card: dict[str, Any], classifier: PatchBlurClassifier
    ) -> None:
        check_is_fitted(classifier, "network_")
        found = classifier.network_.sha256
        if found != card["classifier"]:
            raise ValueError(
                f"this context network has learned with the patch network "
                f"{card['classifier'][:12]}..., not with {found[:12]}...; give that "
                f"classifier."
            )
        known = classifier.card_
        n_features = count_features(len(card["classes"]))
        if (
            (card["ladder"], card["classes"]) != (known["ladder"], known["classes"])
            or card["n_features"] != n_features
            or MULTIPLE % card["multiple"]
        ):
            raise ValueError(
                f"a context network must give the levels of its patch network from "
                f"{n_features} features of sizes that are multiples of {MULTIPLE} or "
                f"of a divisor of it; its card tells otherwise."
            )
        self.card = card
        self.classifier = classifier
        self._network = Network(onnx)

    @property
    def sha256(self) -> str:
        """SHA-256 of the serialized network, in hexadecimal."""
        return self._network.sha256

    @property
    def key(self) -> str:
        """What tells two such networks, with their patch networks, apart."""
        return f"{self.sha256} {self.classifier.network_.sha256}"

    def __repr__(self) -> str:
        return f"<ContextNetwork {self.sha256[:12]}>"

    def run(self, features: np.ndarray, n_threads: int | None = None) -> np.ndarray:
        """Probabilities of the levels of every cell.

        Parameters
        ----------
        features : ndarray of shape (n_features, h, w), float32
            From `skdefocus.classifier.context_features`, of any size.
        n_threads : int, optional
            Threads to use; by default those available to this process.

        Returns
        -------
        ndarray of shape (n_levels, h, w), float32
            They sum to 1.

        Raises
        ------
        ValueError
            If the features are not as many as the network takes.
        """
        n_features = self.card["n_features"]
        if features.ndim != 3 or len(features) != n_features:
            raise ValueError(
                f"features must have shape ({n_features}, h, w); got shape "
                f"{features.shape}."
            )
        _, height, width = features.shape
        missing = [(0, 0), (0, -height % MULTIPLE), (0, -width % MULTIPLE)]
        # Cells that are repeated would look like a smooth surface.
        padded = np.pad(features, missing, mode="reflect")
        return self._network.run_channels(padded, n_threads)[:, :height, :width]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network and its card to one file, without the patch network.

        Parameters
        ----------
        path : path-like
            Where the file goes; it is written beside and moved into place.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_model(path, self._network.onnx, self.card)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        classifier: PatchBlurClassifier | None = None,
    ) -> Self:
        """Read a file that `save` wrote; safe for files from elsewhere.

        Parameters
        ----------
        path : path-like
            The model file.
        classifier : PatchBlurClassifier, optional
            The patch network that it has learned with; by default the shipped one.

        Returns
        -------
        ContextNetwork
            Ready to be used.

        Raises
        ------
        ValueError
            If the file is not such a model file, holds a graph that is not accepted, or
            has learned with another classifier.
        OSError
            If the file cannot be read.
        """
        onnx, card = read_model(path, kind="context")
        if classifier is None:
            classifier = PatchBlurClassifier.pretrained()
        return cls(onnx, card, classifier)

    @classmethod
    def pretrained(cls, name: str = "default") -> Self:
        """Give the network that ships with the package.

        Parameters
        ----------
        name : {"default"}, default="default"
            Which network.

        Returns
        -------
        ContextNetwork
            Ready to be used.

        Raises
        ------
        ValueError
            For an unknown name, or if the shipped file is not what was shipped.
        """
        onnx, card = read_pretrained(name, "context")
        return cls(onnx, deepcopy(card), PatchBlurClassifier.pretrained(name))
