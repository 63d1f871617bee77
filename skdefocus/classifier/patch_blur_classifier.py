"""PatchBlurClassifier: the blur level of a patch (sec. 3.1)."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._validation import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    StrOptions,
    check_parameters,
    to_float_image,
)
from .architectures import ARCHITECTURES
from .model_file import read_model, write_model
from .network import Network
from .patch_input import check_ladder, check_levels, check_patches
from .pretrained import read_pretrained

__all__ = ["PatchBlurClassifier"]


class PatchBlurClassifier(ClassifierMixin, BaseEstimator):
    """Classify grey patches into levels of blur with a convolutional network.

    Parameters
    ----------
    architecture : {"blurnet"}, default="blurnet"
        Network to train. ``blurnet`` is made of unpadded convolutions only, so that
        it can be run over a whole image at once.
    ladder : sequence of float, default=(0, 1, ..., 19)
        Sigma of each level, in pixels, ascending from 0 or more. ``y`` holds levels,
        that is, indices into it.
    epochs : int, default=100
        Passes over the training patches.
    batch_size : int, default=128
        Patches per step.
    learning_rate : float, default=0.001
        Learning rate of Adam; the peak of the cycle with ``schedule="one_cycle"``.
    schedule : {"constant", "one_cycle"}, default="constant"
        Course of the learning rate.
    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW).
    random_state : int, RandomState instance or None, default=None
        Seed of the weights and of shuffling; an int makes training repeatable.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), int64
        The levels seen in training, ascending.
    sigmas_ : ndarray of shape (n_classes,), float32
        Sigma of each class, in pixels.
    history_ : dict of str to list of float
        Loss and accuracy of every training epoch; empty for a loaded network.
    card_ : dict
        What is known of the network: settings, versions, data.
    n_features_in_ : int
        Pixels of a patch: 1024.
    patch_size_ : int
        Side of a patch, in pixels: 32.
    dense_stride_ : int
        Distance between the patches that one run over an image classifies, in pixels.

    See Also
    --------
    skdefocus.SlidingWindowMapper : Applies it to every patch of a photograph.

    Notes
    -----
    Training needs the extra ``train`` (Keras on torch). The fitted network is held as
    ONNX bytes and run by ONNX Runtime. Pickle is Python's own, for trusted files
    only; `save` and `load` are safe for files from elsewhere.

    References
    ----------
    Galetto and Deng (2022), sec. 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skdefocus import PatchBlurClassifier
    >>> from skdefocus.filters import blur
    >>> classifier = PatchBlurClassifier.pretrained()
    >>> sharp = np.random.default_rng(0).random((32, 32))
    >>> sigma = classifier.expected_sigma([sharp, blur(sharp, 2.0)])
    >>> bool(sigma[0] < 0.6 < 1.2 < sigma[1] < 3.0)
    True
    """

    _constraints = {  # noqa: RUF012
        "architecture": [StrOptions(set(ARCHITECTURES))],
        "ladder": ["array-like"],
        "epochs": [POSITIVE_INTEGER],
        "batch_size": [POSITIVE_INTEGER],
        "learning_rate": [POSITIVE_REAL],
        "schedule": [StrOptions({"constant", "one_cycle"})],
        "weight_decay": [NON_NEGATIVE_REAL],
        "random_state": ["random_state"],
        "verbose": [NON_NEGATIVE_INTEGER, "boolean"],
    }

    def __init__(
        self,
        architecture: str = "blurnet",
        ladder: Sequence[float] = tuple(range(20)),
        *,
        epochs: int = 100,
        batch_size: int = 128,
        learning_rate: float = 0.001,
        schedule: str = "constant",
        weight_decay: float = 0.0,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.architecture = architecture
        self.ladder = ladder
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        tags.non_deterministic = self.random_state is None
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network; needs the extra ``train``.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Grey patches, uint8 or float in [0, 1].
        y : array-like of shape (n,)
            Integer level of each patch, an index into ``ladder``.

        Returns
        -------
        PatchBlurClassifier
            Itself.

        Raises
        ------
        ValueError
            For parameters, patches or levels that are not accepted.
        ImportError
            If the extra ``train`` is not installed.
        """
        from .training import train_network

        ladder = self.check_settings()
        architecture = ARCHITECTURES[self.architecture]
        patches = check_patches(X, architecture.patch_size, keep_uint8=True)
        levels = check_levels(y, len(patches), len(ladder))
        classes, indices = np.unique(levels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y must hold at least 2 levels to tell apart; got one class, "
                f"{classes[0]}."
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        onnx, history = train_network(
            architecture,
            patches,
            indices,
            len(classes),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            weight_decay=self.weight_decay,
            seed=seed,
            verbose=int(self.verbose),
        )
        settings = self.get_params(deep=False)
        card = {
            "architecture": self.architecture,
            "patch_size": architecture.patch_size,
            "stride": architecture.stride,
            "ladder": ladder.tolist(),
            "classes": classes.tolist(),
            "training": {
                **{
                    name: _plain(settings[name])
                    for name in (
                        *("epochs", "batch_size", "learning_rate"),
                        *("schedule", "weight_decay"),
                    )
                },
                "seed": seed,
                "n_patches": len(patches),
                "history": history,
            },
            "versions": _versions(),
        }
        return self._adopt(onnx, card, history)

    def check_settings(self) -> np.ndarray:
        """Check the parameters, and that training is installed, before any work.

        Returns
        -------
        ndarray of shape (n_levels,), float64
            Sigma of each level, in pixels.

        Raises
        ------
        ValueError
            For parameters outside their range.
        ImportError
            If the extra ``train`` is not installed.
        """
        from .training import import_keras

        check_parameters(self._constraints, self.get_params(), type(self).__name__)
        import_keras()
        return check_ladder(self.ladder)

    def _adopt(
        self, onnx: bytes, card: dict[str, Any], history: dict[str, list[float]]
    ) -> Self:
        """Become fitted with a network and its card."""
        self.network_ = Network(onnx)
        self.card_ = card
        self.history_ = history
        self.classes_ = np.array(card["classes"], dtype=np.int64)
        self.sigmas_ = np.array(card["ladder"], dtype=np.float32)[self.classes_]
        self.patch_size_ = card["patch_size"]
        self.dense_stride_ = card["stride"]
        self.n_features_in_ = self.patch_size_**2
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Grey patches, uint8 or float in [0, 1].

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Rows sum to 1; columns are in the order of ``classes_``.

        Raises
        ------
        ValueError
            For patches that are not accepted.
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self, "network_")
        return self.network_.run_patches(check_patches(X, self.patch_size_))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Grey patches, uint8 or float in [0, 1].

        Returns
        -------
        ndarray of shape (n,), int64
            Levels, entries of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_sigma(self, X: Any) -> np.ndarray:
        """Sigma of the most probable level.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Grey patches, uint8 or float in [0, 1].

        Returns
        -------
        ndarray of shape (n,), float32
            Sigma in pixels.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.sigmas_[best]

    def expected_sigma(self, X: Any) -> np.ndarray:
        """Mean of sigma over the probabilities of the levels.

        Parameters
        ----------
        X : array-like of shape (n, 32, 32) or (n, 1024)
            Grey patches, uint8 or float in [0, 1].

        Returns
        -------
        ndarray of shape (n,), float32
            Sigma in pixels.
        """
        return self.predict_proba(X) @ self.sigmas_

    def predict_proba_image(
        self, grey: np.ndarray, n_threads: int | None = None
    ) -> np.ndarray:
        """Probabilities of the patches of a whole image in one run.

        Parameters
        ----------
        grey : array-like of shape (H, W)
            Grey image, uint8, uint16 or float in [0, 1], at least 32 x 32.
        n_threads : int, optional
            Threads to use; by default those available to this process.

        Returns
        -------
        ndarray of shape (h', w', n_classes), float32
            Entry (i, j) belongs to the patch that begins at row ``i * dense_stride_``
            and column ``j * dense_stride_``.

        Raises
        ------
        ValueError
            If the image is not grey or smaller than a patch.

        Examples
        --------
        >>> import numpy as np
        >>> from skdefocus import PatchBlurClassifier
        >>> classifier = PatchBlurClassifier.pretrained()
        >>> classifier.predict_proba_image(np.zeros((40, 48), np.float32)).shape
        (3, 5, 18)
        """
        check_is_fitted(self, "network_")
        grey = to_float_image(grey, "grey")
        if grey.ndim != 2 or min(grey.shape) < self.patch_size_:
            raise ValueError(
                f"grey must have shape (H, W), at least {self.patch_size_} each; got "
                f"shape {grey.shape}."
            )
        return self.network_.run_image(grey, n_threads)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted network and its card to one file.

        Parameters
        ----------
        path : path-like
            Where the file goes; it is written beside and moved into place.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self, "network_")
        write_model(path, self.network_.onnx, self.card_)

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
        name : {"default"}, default="default"
            Which network; its card is in ``card_``.

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


def _plain(value: Any) -> Any:
    """Turn a NumPy number, as a search over parameters sets it, into Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _versions() -> dict[str, str]:
    """Versions of what took part in training."""
    from importlib.metadata import version

    packages = ("skdefocus", "numpy", "keras", "torch", "onnx", "onnxscript")
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }
