"""What a person has set on the page, checked, and the estimators that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import hypot, isfinite
from numbers import Real
from typing import Any, Self

from ..enhance import AdaptiveUnsharpMask
from ..render import SDoFRenderer
from ..render.weight import LARGEST_SHARE, LEAST_DISTANCE
from ..segment import DefocusSegmenter

__all__ = ["RANGES", "Settings"]

# Least and greatest value, and decimals, of every setting.
RANGES: dict[str, tuple[float, float, int]] = {
    "threshold": (0.0, 8.0, 2),
    "alpha1": (1.0, 400.0, 0),
    "beta1": (0.0, 1.0, 3),
    "alpha2": (1.0, 400.0, 0),
    "beta2": (0.0, 1.0, 3),
    "gain": (0.0, 5.0, 2),
    "c0": (0.0, 200.0, 2),
    "c1": (0.5, 250.0, 2),
    "strength": (0.2, 3.0, 2),
    "subject_gain": (0.0, 2.0, 2),
}


@dataclass(frozen=True)
class Settings:
    """Values of all sliders; sigma is in pixels of the full photograph.

    Attributes
    ----------
    threshold : float
        Of `DefocusSegmenter`: pixels of sigma above the photograph's sharpest parts.
    alpha1, beta1, alpha2, beta2, gain : float
        Of `AdaptiveUnsharpMask`.
    c0, c1 : float
        Of `SDoFRenderer`, at least half a pixel apart.
    strength : float
        Sigma of the background's disc in percent of the photograph's diagonal.
    subject_gain : float
        Gain by which `SDoFRenderer` sharpens the subject.
    """

    threshold: float = 0.5
    alpha1: float = 46.0
    beta1: float = 0.1
    alpha2: float = 183.0
    beta2: float = 0.27
    gain: float = 2.0
    c0: float = 1.0
    c1: float = 7.0
    strength: float = 1.0
    subject_gain: float = 0.25

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Change some values, rounded as the page shows them.

        Parameters
        ----------
        values : mapping of str to float
            New values.

        Returns
        -------
        Settings
            A copy.

        Raises
        ------
        ValueError
            For what is not a setting, or lies outside its range.
        """
        rounded = {}
        for name, value in values.items():
            if name not in RANGES:
                raise ValueError(f"there is no setting {name!r}.")
            low, high, decimals = RANGES[name]
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            if not (is_number and isfinite(value) and low <= value <= high):
                raise ValueError(
                    f"{name} must be a number from {low:g} to {high:g}; got {value!r}."
                )
            rounded[name] = round(float(value), decimals)
        settings = replace(self, **rounded)
        if settings.beta1 > settings.beta2:
            raise ValueError(
                f"beta1 must not be above beta2; got {settings.beta1:g} and "
                f"{settings.beta2:g}."
            )
        if round(settings.c1 - settings.c0, 2) < LEAST_DISTANCE:
            raise ValueError(
                f"c1 must be at least {LEAST_DISTANCE:g} px above c0; got "
                f"{settings.c0:g} and {settings.c1:g}."
            )
        return settings

    def focused_at(self, sigma: float) -> Self:
        """Put c0 at a sigma that was pointed at; c1 makes room.

        Parameters
        ----------
        sigma : float
            In pixels of the full photograph.

        Returns
        -------
        Settings
            A copy.
        """
        # Rounded up, so that the pixel pointed at is in focus.
        c0 = min(round(sigma + 0.005, 2), RANGES["c0"][1])
        c1 = max(self.c1, round(c0 + LEAST_DISTANCE, 2))
        return self.changed({"c0": c0, "c1": c1})

    @property
    def pivot(self) -> float:
        """Sigma, in pixels, from which nothing of the photograph is left."""
        return round(max(SDoFRenderer().pivot, self.c1 / LARGEST_SHARE), 2)

    def disc_sigma(self, shape: tuple[int, ...]) -> float:
        """Sigma of the disc that blurs the background.

        Parameters
        ----------
        shape : tuple of int
            Of the full photograph.

        Returns
        -------
        float
            In pixels of it.
        """
        return max(round(self.strength / 100 * hypot(*shape[:2]), 2), 0.01)

    @property
    def curve(self) -> dict[str, float]:
        """What is set of the sharpener: the curve of its gain."""
        names = ("alpha1", "beta1", "alpha2", "beta2", "gain")
        return {name: getattr(self, name) for name in names}

    def sharpener(self) -> AdaptiveUnsharpMask:
        """Make the sharpener that is set.

        Returns
        -------
        AdaptiveUnsharpMask
            With all that the page sets.
        """
        return AdaptiveUnsharpMask(
            alpha1=self.alpha1,
            beta1=self.beta1,
            alpha2=self.alpha2,
            beta2=self.beta2,
            gain=self.gain,
        )

    def renderer(self, shape: tuple[int, ...]) -> SDoFRenderer:
        """Make the renderer that is set.

        Parameters
        ----------
        shape : tuple of int
            Of the full photograph.

        Returns
        -------
        SDoFRenderer
            With all that the page sets.
        """
        return SDoFRenderer(
            self.c0,
            self.c1,
            pivot=self.pivot,
            smoothing="disc",
            disc_sigma=self.disc_sigma(shape),
            subject_gain=self.subject_gain,
        )

    def segmenter(self) -> DefocusSegmenter:
        """Make the segmenter that is set.

        Returns
        -------
        DefocusSegmenter
            With all that the page sets.
        """
        return DefocusSegmenter(self.threshold)

    def as_message(self) -> dict[str, float]:
        """Give all values by name.

        Returns
        -------
        dict of str to float
            For the page.
        """
        return asdict(self)
