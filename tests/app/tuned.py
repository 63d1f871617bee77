"""Settings as a person leaves them: none is the default."""

from __future__ import annotations

from skdefocus.app.settings import Settings

__all__ = ["settings"]

TUNED = {
    "threshold": 1.05,
    "alpha1": 60,
    "beta1": 0.055,
    "alpha2": 150,
    "beta2": 0.315,
    "gain": 1.15,
    "c0": 0.61,
    "c1": 8.23,
    "strength": 1.35,
    "subject_gain": 0.4,
}


def settings() -> Settings:
    return Settings().changed(TUNED)
