"""The progress bars of a training."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

__all__ = ["TrainingBar", "progress_bar"]


def progress_bar(
    total: int, *, initial: int = 0, description: str = "", disable: bool = False
) -> Any:
    """Make a bar on standard error, no wider than the terminal.

    Parameters
    ----------
    total : int
        Steps in all.
    initial : int, default=0
        Steps done before.
    description : str, default=""
        Of what is done.
    disable : bool, default=False
        Show nothing.

    Returns
    -------
    tqdm.tqdm
        A context manager, whose ``update`` moves on by one step.
    """
    from tqdm import tqdm

    return tqdm(
        total=total,
        initial=initial,
        desc=description,
        bar_format="{desc} |{bar}| {remaining} left{postfix}",
        dynamic_ncols=True,
        disable=disable,
    )


class TrainingBar:
    """One bar for all epochs.

    Keras's own prints a line of up to 130 columns that starts anew in every epoch, and
    breaks up where the terminal is narrower.

    Parameters
    ----------
    n_epochs, n_batches : int
        Epochs in all, and batches of each.
    first_epoch : int, default=0
        Epochs done before.
    disable : bool, default=False
        Show nothing.
    """

    def __init__(
        self,
        n_epochs: int,
        n_batches: int,
        *,
        first_epoch: int = 0,
        disable: bool = False,
    ) -> None:
        self._n_epochs = n_epochs
        self._validation: dict[str, float] = {}
        self._bar = progress_bar(
            n_epochs * n_batches, initial=first_epoch * n_batches, disable=disable
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def begin_epoch(self, epoch: int, logs: Any = None) -> None:
        """Say which epoch has begun, counted from 0."""
        self._bar.set_description_str(f"epoch {epoch + 1}/{self._n_epochs}")

    def end_batch(self, batch: int, logs: Mapping[str, float]) -> None:
        """Move on by one batch."""
        # Logs may have to be fetched from a GPU: not more often than they are shown.
        if self._bar.update():
            self._tell(logs)

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Tell the loss and accuracy of an epoch."""
        self._validation = {
            name.removeprefix("val_"): value
            for name, value in logs.items()
            if name.startswith("val_")
        }
        self._tell(logs)
        self._bar.refresh()

    def _tell(self, logs: Mapping[str, float]) -> None:
        parts = []
        for name, form in (("loss", ".3f"), ("accuracy", ".0%")):
            if name in logs:
                part = f"{name} {logs[name]:{form}}"
                if name in self._validation:
                    part += f" (val {self._validation[name]:{form}})"
                parts.append(part)
        self._bar.set_postfix_str(", ".join(parts), refresh=False)
