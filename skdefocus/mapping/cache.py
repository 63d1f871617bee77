"""A cache of blur maps on disk, one file per photograph, without pickle."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from .._shared.files import replace_file

__all__ = ["cached_maps", "content_key", "load_maps", "network_key", "store_maps"]

# Changes whenever the same input may give another map.
_VERSION = "7"
# What numpy and zipfile raise for files that were cut off or damaged.
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def network_key(classifier: Any, sigmas: np.ndarray | None = None) -> str:
    """Key of a classifier: its network and sigmas, or a hash of all that it holds.

    Parameters
    ----------
    classifier : classifier
        Fitted.
    sigmas : ndarray of shape (n_classes,), optional
        Sigma of each class, in pixels, if the classifier does not know it.

    Returns
    -------
    str
        The same for classifiers that give the same maps.
    """
    network = getattr(classifier, "network_", None)
    if network is None:
        key: str = joblib.hash(classifier)
        return key if sigmas is None else f"{key} {sigmas.tolist()}"
    reliability = getattr(classifier, "reliability_", None)
    trusted = "" if reliability is None else f" {reliability.tolist()}"
    return f"{network.sha256} {classifier.sigmas_.tolist()}{trusted}"


def content_key(image: np.ndarray, settings: Mapping[str, Any], network: str) -> str:
    """Key of a photograph's map: its pixels, the settings and the network.

    Parameters
    ----------
    image : ndarray
        The photograph.
    settings : mapping
        Parameters that the map depends on; their repr is their value.
    network : str
        From `network_key`.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    image = np.ascontiguousarray(image)
    head = f"{_VERSION} {image.dtype.str} {image.shape} {sorted(settings.items())}"
    digest = hashlib.sha256(f"{head} {network}".encode())
    digest.update(image.data)
    return digest.hexdigest()


def load_maps(folder: str | os.PathLike[str], key: str) -> dict[str, np.ndarray] | None:
    """Load what was stored under a key.

    Parameters
    ----------
    folder : path-like
        The cache.
    key : str
        From `content_key`.

    Returns
    -------
    dict of str to ndarray, or None
        None if nothing, or nothing readable, is there.
    """
    try:
        with (
            (Path(folder) / f"{key}.npz").open("rb") as opened,
            np.load(opened, allow_pickle=False) as file,
        ):
            return {name: file[name] for name in ("blur_map", "confidence")}
    except _UNREADABLE:
        return None


def store_maps(
    folder: str | os.PathLike[str], key: str, maps: Mapping[str, np.ndarray]
) -> None:
    """Store maps under a key; concurrent writers each leave a whole file.

    Parameters
    ----------
    folder : path-like
        The cache, made if needed.
    key : str
        From `content_key`.
    maps : mapping of str to ndarray
        What to store.
    """
    file = io.BytesIO()
    # Not of arrays to a type checker: NumPy has an option among the same keywords.
    arrays: dict[str, Any] = dict(maps)
    np.savez(file, **arrays)
    replace_file(Path(folder) / f"{key}.npz", file.getvalue())


def cached_maps(
    folder: str | os.PathLike[str] | None,
    image: np.ndarray,
    settings: Mapping[str, Any],
    network: str,
    measure: Callable[[], tuple[np.ndarray, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Give the maps of a photograph from the cache, or measure and store them.

    Parameters
    ----------
    folder : path-like or None
        The cache; None measures always.
    image, settings, network
        As in `content_key`.
    measure : callable
        Gives the blur map and the confidence.

    Returns
    -------
    dict of str to ndarray
        "blur_map" and "confidence".
    """
    key = "" if folder is None else content_key(image, settings, network)
    maps = None if folder is None else load_maps(folder, key)
    if maps is None:
        maps = dict(zip(("blur_map", "confidence"), measure(), strict=True))
        if folder is not None:
            store_maps(folder, key, maps)
    return maps
