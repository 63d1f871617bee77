"""PatchBlurClassifier: the blur level of a patch (sec. 3.1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state

from .._shared.parameters import (
    NON_NEGATIVE_INTEGER,
    NON_NEGATIVE_REAL,
    POSITIVE_INTEGER,
    POSITIVE_REAL,
    Interval,
    StrOptions,
    check_parameters,
)
from ..patches import PatchSet
from ..patches.ladders import check_ladder
from .architectures import ARCHITECTURES
from .fitted_network import FittedNetworkMixin
from .patch_input import separate_ladder

__all__ = ["PatchBlurClassifier"]


class PatchBlurClassifier(FittedNetworkMixin, ClassifierMixin, BaseEstimator):
    """Classify gray patches into levels of blur with a convolutional network.

    Parameters
    ----------
    architecture : str, default="blurnet"
        Network to train: "blurnet", made of unpadded convolutions only, so that it can
        be run over a whole image at once, "blurnet_small", the same with fewer
        filters, or one of the paper's, which judge a patch at a time: "mobilenet_v2",
        "efficientnet_b0", "densenet121", "nasnet_mobile" or "shufflenet_v2".
    ladder : sequence of float, optional
        Sigma of each level, in pixels, ascending from 0 or more. ``y`` holds levels,
        that is, indices into it. By default the ladder of the `PatchSet` that `fit` is
        given. `fit` with arrays ``X, y`` needs it, and so do `GridSearchCV` and
        `cross_val_predict`, which call it that way.
    epochs : int, default=100
        Passes over the training patches.
    batch_size : int, default=128
        Patches per step.
    learning_rate : float, default=0.001
        Learning rate of Adam; the highest of the run with a schedule.
    schedule : {"constant", "one_cycle", "cosine"}, default="constant"
        Course of the learning rate: the same throughout; up for a quarter of the steps
        and down to almost 0; or down to 0 along a cosine.
    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW).
    random_flips : bool, default=False
        Mirror and turn every training patch at random, by quarters, anew in every
        epoch: the blur of a disc or Gaussian has no direction, so its level stays.
    validation_fraction : float, default=0.0
        Share of the photographs, or of the patches if `fit` gets no ``groups``, that
        is held out to judge every epoch by; in [0, 1), and at least one if above 0.
    early_stopping : bool, default=False
        Stop when the validation loss no longer falls, and keep the network of the
        epoch at which it was lowest.
    n_iter_no_change : int, default=10
        Epochs in a row without a lower validation loss after which that is so.
    checkpoint : path-like, optional
        File that is written after every epoch. `fit` goes on from it if it is there,
        and comes to the network that it would have come to without an interruption. A
        finished run is not run again; with the constant schedule, more ``epochs``
        extend it. The file of other settings or other patches is refused.
    random_state : int, RandomState instance or None, default=None
        Seed of the weights, of shuffling, of flips and of what is held out; an int
        makes training repeatable. With None a checkpoint's own seed is gone on with.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), int64
        The levels seen in training, ascending.
    ladder_ : tuple of float
        Sigma of each level, in pixels, also of levels that training did not see.
    sigmas_ : ndarray of shape (n_classes,), float32
        Sigma of each class, in pixels.
    history_ : dict of str to list of float
        ``loss`` and ``accuracy`` of every epoch, and with validation ``val_loss`` and
        ``val_accuracy``; empty for a loaded network, whose card tells them.
    takes_conditions_ : bool
        Whether the network is told noise, compression and span of the photograph: it
        has learned from a `PatchSet` that tells them.
    reliability_ : ndarray of shape (4,) or (5,), or None
        How often the network is right where it says so, from
        `skdefocus.classifier.reliability.fit_reliability`; None if that is not known.
    validation_groups_ : ndarray or None
        The groups, or without them the rows, that ``validation_fraction`` held out.
    card_ : dict
        What is known of the network: settings, versions, data.
    n_features_in_ : int
        Pixels of a patch: 1024.
    patch_size_ : int
        Side of a patch, in pixels: 32.
    dense_stride_ : int or None
        Distance between the patches that one run over an image classifies, in pixels;
        None where the network judges single patches only.

    See Also
    --------
    skdefocus.patches.make_blur_patches : Makes a `PatchSet` to train on.
    skdefocus.figures.training_figure : Draws ``history_``.
    skdefocus.SlidingWindowMapper : Applies it to every patch of a photograph.

    Notes
    -----
    Training needs the extra ``train`` (Keras on torch) and runs on a GPU where torch
    finds one; on a CUDA device a step is recorded once and replayed. On a CPU the same
    seed, data and number of threads give the same network, bit for bit, interrupted or
    not. The fitted network is held as ONNX bytes and run by ONNX Runtime. Pickle is
    Python's own, for trusted files only; `save` and `load` are safe for files from
    elsewhere.

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
        "ladder": ["array-like", None],
        "epochs": [POSITIVE_INTEGER],
        "batch_size": [POSITIVE_INTEGER],
        "learning_rate": [POSITIVE_REAL],
        "schedule": [StrOptions({"constant", "one_cycle", "cosine"})],
        "weight_decay": [NON_NEGATIVE_REAL],
        "random_flips": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean"],
        "n_iter_no_change": [POSITIVE_INTEGER],
        "checkpoint": [str, os.PathLike, None],
        "random_state": ["random_state"],
        "verbose": [NON_NEGATIVE_INTEGER, "boolean"],
    }

    def __init__(
        self,
        architecture: str = "blurnet",
        ladder: Sequence[float] | None = None,
        *,
        epochs: int = 100,
        batch_size: int = 128,
        learning_rate: float = 0.001,
        schedule: str = "constant",
        weight_decay: float = 0.0,
        random_flips: bool = False,
        validation_fraction: float = 0.0,
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        checkpoint: str | os.PathLike[str] | None = None,
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
        self.random_flips = random_flips
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        tags.non_deterministic = self.random_state is None
        return tags

    def fit(
        self,
        X: Any,
        y: Any = None,
        groups: Any = None,
        validation_data: PatchSet | tuple[Any, Any] | None = None,
    ) -> Self:
        """Train the network; needs the extra ``train``.

        Parameters
        ----------
        X : PatchSet, or array-like of shape (n, 32, 32) or (n, 1024)
            A set with its levels, groups and ladder, or gray patches alone, uint8 or
            float in [0, 1]. Memory-mapped arrays, and objects with ``shape``,
            ``dtype``, ``len`` and ``X[integer_array]``, are read one batch at a time
            and never held as a whole.
        y : array-like of shape (n,), int, optional
            Level of each patch, an index into ``ladder``. Left out with a `PatchSet`.
        groups : array-like of shape (n,), optional
            Photograph that each patch came from, as a number or name, so that
            ``validation_fraction`` holds out whole photographs. Without it, patches
            are held out one by one, and score better than those of new photographs.
            Left out with a `PatchSet`.
        validation_data : PatchSet or tuple (X, y), optional
            Patches to validate on, instead of ``validation_fraction``.

        Returns
        -------
        PatchBlurClassifier
            Itself.

        Raises
        ------
        ValueError
            For parameters, patches, levels or groups that are not accepted, for arrays
            without a ``ladder``, for a `PatchSet` of another ladder than ``ladder``,
            for a level that is held out whole, for a loss that is not finite, or for a
            checkpoint that is damaged or of another training.
        ImportError
            If the extra ``train`` is not installed.
        """
        from .training.loop import train_network
        from .training.model_card import make_card
        from .training.run_state import TrainingSettings
        from .training.training_set import make_training_set

        X, y, groups, validation_data, sigmas, conditions = separate_ladder(
            X, y, groups, validation_data, self.check_settings()
        )
        ladder = np.array(sigmas)
        judged = self.validation_fraction > 0 or validation_data is not None
        if self.early_stopping and not judged:
            raise ValueError(
                "early_stopping=True needs patches to validate on; set "
                "'validation_fraction' above 0 or give validation_data."
            )
        architecture = ARCHITECTURES[self.architecture]
        names = (field.name for field in fields(TrainingSettings))
        settings = TrainingSettings(
            seed=self._draw_seed(),
            **{name: _plain(getattr(self, name)) for name in names if name != "seed"},
        )
        data = make_training_set(
            X,
            y,
            groups,
            validation_data,
            conditions=conditions,
            patch_size=architecture.patch_size,
            n_levels=len(ladder),
            validation_fraction=self.validation_fraction,
            seed=settings.seed,
        )
        onnx, history = train_network(
            architecture,
            data,
            settings,
            run={
                "architecture": self.architecture,
                "ladder": ladder.tolist(),
                "levels": data.levels.tolist(),
            },
            checkpoint=self.checkpoint,
            verbose=int(self.verbose),
        )
        card = make_card(
            self.architecture, architecture, ladder, data, settings, history
        )
        self._adopt(onnx, card, history)
        self.validation_groups_ = data.validation_groups
        return self

    def _draw_seed(self) -> int:
        """Draw the seed; without ``random_state`` a checkpoint goes on with its own."""
        if self.random_state is None and self.checkpoint is not None:
            from .training.checkpoint import read_checkpoint

            state = read_checkpoint(self.checkpoint)
            if state is not None and "seed" in state.run:
                seed: int = state.run["seed"]
                return seed
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def check_settings(self) -> tuple[float, ...] | None:
        """Check the parameters, and that training is installed, before any work.

        Returns
        -------
        tuple of float or None
            Sigma of each level, in pixels; None if the patches are to tell.

        Raises
        ------
        ValueError
            For parameters outside their range.
        ImportError
            If the extra ``train`` is not installed.
        """
        from .training.keras_backend import import_keras

        check_parameters(self._constraints, self.get_params(), type(self).__name__)
        import_keras()
        if self.ladder is None:
            return None
        return check_ladder(self.ladder, "PatchBlurClassifier", least=2)


def _plain(value: Any) -> Any:
    """Turn a NumPy number, as a search over parameters sets it, into Python's."""
    return value.item() if isinstance(value, np.generic) else value
