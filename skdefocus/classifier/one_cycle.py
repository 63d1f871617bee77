"""The learning rate of one cycle: up for a quarter of the steps, then down to 0."""

from __future__ import annotations

from typing import Any

__all__ = ["one_cycle"]


def one_cycle(keras: Any, peak: float, n_steps: int) -> Any:
    """Give the learning rate of every step of a run.

    Parameters
    ----------
    keras : module
        Keras.
    peak : float
        The highest rate. The first is a 25th of it, the last a 10,000th.
    n_steps : int
        Steps of the run.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule
        From a step to its rate: linear up, a cosine down.
    """
    schedules = keras.optimizers.schedules
    n_rising = n_steps // 4
    fall = schedules.CosineDecay(peak, max(1, n_steps - n_rising), alpha=1e-4)

    # Keras's own warm-up branches on the step, which a recorded step cannot.
    class OneCycle(schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            step = keras.ops.cast(step, "float32")
            rise = peak / 25 + (peak - peak / 25) * (step / max(1, n_rising))
            return keras.ops.where(step < n_rising, rise, fall(step - n_rising))

    return OneCycle()
