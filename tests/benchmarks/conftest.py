"""A folder that is laid out as CUHK."""

from __future__ import annotations

import numpy as np
import pytest

from skdefocus.io import write_photograph
from skdefocus.synthesis import defocus


@pytest.fixture
def small_folder(tmp_path, texture):
    for number, ending in ((1, ".jpg"), (2, ".JPG"), (201, ".jpg"), (202, ".jpg")):
        mask = np.zeros(texture.shape, bool)
        mask[:, 60 + number % 7 :] = True
        image = defocus(texture, mask * 5.0)
        stem = f"out_of_focus{number:04d}"
        write_photograph(tmp_path / "cuhk" / "images" / f"{stem}{ending}", image)
        gt = np.where(mask, 255, 0).astype(np.uint8)
        write_photograph(tmp_path / "cuhk" / "masks" / f"{stem}.png", gt)
    return tmp_path
