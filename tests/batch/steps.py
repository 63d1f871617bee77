"""Quick steps for batches, also for those that go wrong; workers import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator

from skdefocus import DefocusSample
from skdefocus.batch.products import Form
from skdefocus.batch.run_folder import RunFolder
from skdefocus.batch.work import Task

# The first pixel of a photograph says what happens to it.
CALM, DEADLY, DEADLY_ONCE, WRONG, BLOCKING = 0, 1, 2, 3, 4


def picture(kind: int, level: int) -> np.ndarray:
    """A photograph of 40 x 48 pixels whose map is `level` / 10 px."""
    image = np.full((40, 48, 3), level, np.uint8)
    image[0, 0] = kind
    return image


class Mapper(BaseEstimator):
    """Map a photograph by its gray level, and log that it was worked on.

    `log` gets a line for each. A photograph of kind BLOCKING leaves the number of its
    process in a file "pid" beside the log and waits until a file "go" is there; one of
    kind DEADLY_ONCE kills its worker once.
    """

    def __init__(self, log="", pause=0.0, factor=1.0):
        self.log = log
        self.pause = pause
        self.factor = factor

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return [self._map(image) for image in X]

    def _map(self, image):
        kind, level = int(image[0, 0, 0]), int(image[-1, -1, 0])
        with open(self.log, "a") as file:
            file.write(f"{level}\n")
        folder = Path(self.log).parent
        if kind == DEADLY or (kind == DEADLY_ONCE and not (folder / "died").exists()):
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == WRONG:
            raise RuntimeError("the lens cap was on")
        if kind == BLOCKING:
            (folder / "pid").write_text(str(os.getpid()))
        while kind == BLOCKING and not (folder / "go").exists():
            time.sleep(0.02)
        time.sleep(self.pause)
        sigma = np.full(image.shape[:2], level * self.factor / 10, np.float32)
        return DefocusSample(image, sigma)


class Inverter(BaseEstimator):
    """Make a picture of a sample."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return [1 - np.float32(sample.image) / 255 for sample in X]


def make_task(
    folder: RunFolder,
    pipeline: object,
    pictures: dict[str, object] | None = None,
    *,
    key: str = "key",
    overview: bool = False,
    **changes: object,
) -> Task:
    """What is done with every photograph: map and figures, and what is asked for."""
    pictures = {} if pictures is None else pictures
    products = ["map", "pipeline", *pictures, *["overview"] * overview, "figures"]
    settings = {"subject": None, "form": Form(), "max_pixels": 10_000, "resume": True}
    keys = {product: f"{key} {product}" for product in products}
    return Task(folder, pipeline, pictures, keys, **(settings | changes))
