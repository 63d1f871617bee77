"""Files of what is on the page, rendered at full size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..figures import color_map
from ..io import write_map, write_photograph
from .opened import OpenedPhotograph
from .recipe import product_file, product_step
from .settings import Settings

__all__ = ["export_product"]


def export_product(
    opened: OpenedPhotograph, settings: Settings, product: str, folder: Path
) -> Path:
    """Render a product at full size and write its file, as the command line does.

    Parameters
    ----------
    opened : OpenedPhotograph
        The photograph; its map is not computed again.
    settings : Settings
        What is set.
    product : str
        A key of `PRODUCTS`.
    folder : Path
        Where the file goes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If there is no such product, or the settings do not fit.
    OSError
        If it cannot be written.
    """
    path = folder / product_file(opened, product)
    step = product_step(opened, settings, product)
    if product == "mask":
        (mask,) = step.predict([opened.sample])
        write_photograph(path, mask.astype(np.uint8) * 255)
    elif step is not None:
        (picture,) = step.transform([opened.sample])
        write_photograph(path, picture, like=opened.original)
    elif product == "map":
        write_photograph(path, color_map(opened.sample.require_map()))
    else:
        write_map(path, opened.sample.require_map())
    return path
