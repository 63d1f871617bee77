"""What a classifier can do once it holds a network: predict, save, load."""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Self, TypeVar

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._shared.validation import to_float_image
from ..patches.patch_set import check_conditions
from .model_file import read_model, write_model
from .network import Network
from .patch_input import check_patches, chunks
from .pretrained import read_pretrained

__all__ = ["FittedNetworkMixin"]

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _is_dense(classifier: Any) -> bool:
    """Tell whether the network slides over images; before fit it may yet."""
    if getattr(classifier, "dense_stride_", 1) is None:
        raise AttributeError(
            f"the network {classifier.card_['architecture']!r} judges single patches "
            f"only and does not slide over images."
        )
    return True


# scikit-learn gives its decorator no type.
_if_dense: Callable[[_Method], _Method] = available_if(_is_dense)


class FittedNetworkMixin:
    """Inference of a network that `_adopt` was given, and its model file."""

    def _adopt(
        self, onnx: bytes, card: dict[str, Any], history: dict[str, list[float]]
    ) -> Self:
        """Become fitted with a network and its card."""
        self.network_ = Network(onnx)
        self.card_ = card
        self.history_ = history
        self.validation_groups_: np.ndarray | None = None
        self.classes_ = np.array(card["classes"], dtype=np.int64)
        self.ladder_ = tuple(float(sigma) for sigma in card["ladder"])
        self.sigmas_ = np.array(self.ladder_, dtype=np.float32)[self.classes_]
        self.patch_size_ = card["patch_size"]
        self.dense_stride_ = card["stride"]
        self.n_features_in_ = self.patch_size_**2
        # A network that learned from patches alone takes all photographs for clean.
        self.takes_conditions_: bool = card.get("takes_conditions", False) and card.get(
            "learned_conditions", True
        )
        self.reliability_: np.ndarray | None = None
        if "reliability" in card:
            self.reliability_ = np.array(card["reliability"], dtype=np.float64)
        return self

    def predict_proba(self, X: Any, conditions: Any = None) -> np.ndarray:
        """Probability of each level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Gray patches, uint8 or float in [0, 1].
        conditions : array-like of shape (n, 4), optional
            Noise, compression and span of the photograph of each, as in `PatchSet`; by
            default those of a clean photograph. A network that takes none leaves them
            alone.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Rows sum to 1; columns are in the order of ``classes_``.

        Raises
        ------
        ValueError
            For patches or conditions that are not accepted.
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self, "network_")
        patches = check_patches(X, self.patch_size_)
        told = check_conditions(conditions, len(patches))
        return np.concatenate(
            [
                self.network_.run_patches(patches[rows], conditions=told[rows])
                for rows in chunks(len(patches), patches.chunk)
            ]
        )

    def predict(self, X: Any, conditions: Any = None) -> np.ndarray:
        """Most probable level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Gray patches, uint8 or float in [0, 1].
        conditions : array-like of shape (n, 4), optional
            Noise, compression and span of the photograph of each, as in `PatchSet`; by
            default those of a clean photograph. A network that takes none leaves them
            alone.

        Returns
        -------
        ndarray of shape (n,), int64
            Levels, entries of ``classes_``.
        """
        best = self.predict_proba(X, conditions).argmax(axis=1)
        levels: np.ndarray = self.classes_[best]
        return levels

    def predict_sigma(self, X: Any, conditions: Any = None) -> np.ndarray:
        """Sigma of the most probable level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Gray patches, uint8 or float in [0, 1].
        conditions : array-like of shape (n, 4), optional
            Noise, compression and span of the photograph of each, as in `PatchSet`; by
            default those of a clean photograph. A network that takes none leaves them
            alone.

        Returns
        -------
        ndarray of shape (n,), float32
            Sigma in pixels.
        """
        best = self.predict_proba(X, conditions).argmax(axis=1)
        sigma: np.ndarray = self.sigmas_[best]
        return sigma

    def expected_sigma(self, X: Any, conditions: Any = None) -> np.ndarray:
        """Mean of sigma over the probabilities of the levels.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Gray patches, uint8 or float in [0, 1].
        conditions : array-like of shape (n, 4), optional
            Noise, compression and span of the photograph of each, as in `PatchSet`; by
            default those of a clean photograph. A network that takes none leaves them
            alone.

        Returns
        -------
        ndarray of shape (n,), float32
            Sigma in pixels.
        """
        return self.predict_proba(X, conditions) @ self.sigmas_

    @_if_dense
    def predict_proba_image(
        self,
        gray: np.ndarray,
        n_threads: int | None = None,
        conditions: Any = None,
    ) -> np.ndarray:
        """Probabilities of the patches of a whole image in one run.

        A classifier whose network judges single patches only has no such method.

        Parameters
        ----------
        gray : array-like of shape (H, W)
            Gray image, uint8, uint16 or float in [0, 1], at least 32 x 32.
        n_threads : int, optional
            Threads to use; by default those available to this process.
        conditions : array-like of shape (4,), optional
            Noise, compression and span of the image, from
            `skdefocus.filters.measure_conditions`; by default those of a clean one.

        Returns
        -------
        ndarray of shape (h', w', n_classes), float32
            Entry (i, j) belongs to the patch that begins at row ``i * dense_stride_``
            and column ``j * dense_stride_``.

        Raises
        ------
        ValueError
            If the image is not gray or smaller than a patch, or for conditions that
            are not accepted.
        AttributeError
            If the network does not slide over images.

        Examples
        --------
        >>> import numpy as np
        >>> from skdefocus import PatchBlurClassifier
        >>> classifier = PatchBlurClassifier.pretrained()
        >>> classifier.predict_proba_image(np.zeros((40, 48), np.float32)).shape
        (3, 5, 18)
        """
        check_is_fitted(self, "network_")
        gray = to_float_image(gray, "gray")
        if gray.ndim != 2 or min(gray.shape) < self.patch_size_:
            raise ValueError(
                f"gray must have shape (H, W), at least {self.patch_size_} each; got "
                f"shape {gray.shape}."
            )
        told = None if conditions is None else np.asarray(conditions)[np.newaxis]
        return self.network_.run_image(gray, n_threads, check_conditions(told, 1)[0])

    def save(self, path: str | os.PathLike[str], dtype: str = "float32") -> None:
        """Write the fitted network and its card to one file.

        Parameters
        ----------
        path : path-like
            Where the file goes; it is written beside and moved into place.
        dtype : {"float32", "float16"}, default="float32"
            How the weights are stored. float16 halves the file and rounds them.

        Raises
        ------
        ValueError
            For another dtype, or weights that do not fit it.
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self, "network_")
        card = dict(self.card_)
        if self.reliability_ is not None:
            card["reliability"] = np.asarray(self.reliability_, np.float64).tolist()
        write_model(path, self.network_.onnx, card, dtype=dtype)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote; safe for files from elsewhere.

        Parameters
        ----------
        path : path-like
            The model file.

        Returns
        -------
        PatchBlurClassifier
            Fitted.

        Raises
        ------
        ValueError
            If the file is not a model file, or holds a graph that is not accepted.
        OSError
            If the file cannot be read.
        """
        return cls._from_card(*read_model(path))

    @classmethod
    def pretrained(cls, name: str = "default") -> Self:
        """Give a network that ships with the package.

        Parameters
        ----------
        name : {"default", "fast", "paper"}, default="default"
            "default" is a `blurnet`, "fast" a smaller one that takes about a third
            of the time and is less accurate. "paper" is MobileNetV2, trained on the
            paper's protocol for ten epochs: on patches that were blurred each alone,
            with their edge pixels repeated beyond their border. It gets 56 % of
            their levels right, and its maps of photographs resemble those of the
            paper's authors. The paper reports 97 %, which a network with zeros beyond
            the border reaches too, but that one is of no use on photographs. Their
            cards are in ``card_``.

        Returns
        -------
        PatchBlurClassifier
            Fitted.

        Raises
        ------
        ValueError
            For an unknown name, or if the shipped file is not what was shipped.

        Examples
        --------
        >>> from skdefocus import PatchBlurClassifier
        >>> PatchBlurClassifier.pretrained().sigmas_[:3]
        array([0. , 0.4, 0.6], dtype=float32)
        """
        onnx, card = read_pretrained(name)
        return cls._from_card(onnx, deepcopy(card))

    @classmethod
    def _from_card(cls, onnx: bytes, card: dict[str, Any]) -> Self:
        known = {
            name: card[name] for name in ("architecture", "ladder") if name in card
        }
        return cls(**known)._adopt(onnx, card, {})
