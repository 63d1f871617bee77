"""Files of what is on the page, rendered at full size."""

from __future__ import annotations

from pathlib import Path

from .._shared.files import staged
from ..batch import write_confidence
from ..batch.pipeline import apply_step
from ..batch.products import write_map_files, write_pictures
from .opened import OpenedPhotograph
from .recipe import product_step
from .settings import Settings

__all__ = ["export_product"]

# What a batch calls the files of a map, where the page calls them otherwise.
_MAP_FILES = {"sigma": "data"}


def export_product(
    opened: OpenedPhotograph, settings: Settings, product: str, folder: Path
) -> Path:
    """Render a product at full size and write its file, as a batch does.

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
    step = product_step(opened, settings, product)
    stem = Path(opened.name).stem
    with staged(folder) as stage:
        if product == "confidence":
            write_confidence(stage(f"{stem}_confidence.png"), opened.sample)
        elif step is None:
            files = [_MAP_FILES.get(product, product)]
            write_map_files(stage, stem, opened.sample, files=files)
        else:
            made = {product: apply_step(step, opened.sample)}
            write_pictures(stage, stem, made, opened.original)
    (path,) = stage.targets
    return path
