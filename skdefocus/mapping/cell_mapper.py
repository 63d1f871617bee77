"""What mappers that see the surroundings of patches have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from .._base import ImageTransformer
from .._shared.parameters import N_JOBS, StrOptions, unchecked
from ..classifier.context_network import ContextNetwork
from ..sample import DefocusSample
from .cache import cached_maps, network_key
from .scales import SCALE, check_scale

__all__ = ["CELL_CONSTRAINTS", "CellMapper"]

CELL_CONSTRAINTS: dict[str, list[Any]] = {
    "network": [StrOptions({"default"}), ContextNetwork],
    "scale": SCALE,
    "lights": ["boolean"],
}


class CellMapper(ImageTransformer):
    """Map the blur of photographs by a `ContextNetwork`.

    A subclass names its function on one image, and what its maps depend on beside its
    parameters and the network.
    """

    _constraints: ClassVar[dict[str, list[Any]]] = {
        **CELL_CONSTRAINTS,
        "memory": [str, os.PathLike, None],
        "n_jobs": N_JOBS,
    }
    _function: ClassVar[Callable[..., tuple[np.ndarray, np.ndarray]]]
    _constants: ClassVar[object] = ()

    network: str | ContextNetwork
    scale: float | str | Sequence[float]
    lights: bool
    memory: str | os.PathLike[str] | None

    def _check(self) -> None:
        super()._check()
        check_scale(type(self).__name__, self._settings())

    def transform(self, X: Iterable[Any]) -> list[DefocusSample]:
        """Map the blur of photographs.

        Parameters
        ----------
        X : list, or ndarray of shape (n, H, W), (n, H, W, 3) or (n, H, W, 4)
            Photographs or samples of them: pixels (uint8, uint16 or float in [0, 1]),
            paths of files, pictures of Pillow as they lie, or what
            `skdefocus.io.read_photograph` returns; alpha is left out.

        Returns
        -------
        list of DefocusSample
            With ``blur_map`` in pixels of sigma and ``confidence``.

        Raises
        ------
        ValueError
            For parameters or photographs that are not accepted; a photograph is named
            by its index.
        FileNotFoundError
            If a file is not there.
        """
        self._check()
        network = self.network
        if isinstance(network, str):
            network = ContextNetwork.pretrained(network)
        # Which mapper, which networks, and how far each is to be trusted.
        parts = (network.key, network_key(network.classifier), self._constants)
        key = " ".join(map(str, (type(self).__name__, *parts)))
        return self._map(X, network=network, key=key)

    def _is_calibrated(self, network: ContextNetwork) -> bool:
        """Tell whether what the network says of itself was compared with the truth."""
        return network.card.get("reliability") is not None

    def _transform_one(
        self,
        sample: DefocusSample,
        n_threads: int | None,
        network: ContextNetwork,
        key: str,
    ) -> DefocusSample:
        settings = {"scale": self.scale, "lights": self.lights}

        def measure() -> tuple[np.ndarray, np.ndarray]:
            return unchecked(self._function)(
                sample.image, network, n_threads=n_threads, **settings
            )

        maps = cached_maps(self.memory, sample.image, settings, key, measure)
        kind = "probability" if self._is_calibrated(network) else "weight"
        return sample.replace(**maps, unit="px", confidence_kind=kind)
