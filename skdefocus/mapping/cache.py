"""A cache of blur maps on disk, one file per photograph, without pickle."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from .._files import replace_file

__all__ = ["content_key", "load_maps", "network_key", "store_maps"]

# Changes whenever the same input may give another map.
_VERSION = "2"


def network_key(classifier: Any) -> str:
    """Key of a classifier: its network and sigmas, or a hash of all that it holds.

    Parameters
    ----------
    classifier : classifier
        Fitted.

    Returns
    -------
    str
        The same for classifiers that give the same maps.
    """
    network = getattr(classifier, "network_", None)
    if network is None:
        return joblib.hash(classifier)
    return f"{network.sha256} {classifier.sigmas_.tolist()}"


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
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
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
    np.savez(file, **maps)
    replace_file(Path(folder) / f"{key}.npz", file.getvalue())
