"""Draw the picture of the README: a photograph, its map, and crops at 100 %.

    python docs/front_page.py

writes docs/front_page.jpg.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage.data import astronaut

from skdefocus import estimate_blur_map, shallow_focus, sharpen
from skdefocus.figures import color_map

_TARGET = Path(__file__).parent / "front_page.jpg"
_WIDTH, _GAP, _LABEL = 880, 12, 24
# Left and top of the crops: hair and face for sharpening, the flag behind for shallow
# focus.
_FACE, _BEHIND = (140, 10), (40, 60)
_CREDIT = "Eileen Collins, NASA, public domain; as distributed with scikit-image"
_CROP = ((_WIDTH - 3 * _GAP) // 4, 230)


def to_image(pixels: np.ndarray) -> Image.Image:
    """Turn an array into a picture of 8 bits."""
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels * 255).astype(np.uint8)
    return Image.fromarray(pixels)


def crop(picture: Image.Image, corner: tuple[int, int]) -> Image.Image:
    """Cut a piece out, pixel by pixel."""
    left, top = corner
    return picture.crop((left, top, left + _CROP[0], top + _CROP[1]))


def main() -> None:
    """Draw and write the picture."""
    photo = astronaut()
    blur_map = estimate_blur_map(photo)
    before = to_image(photo)
    sharpened = to_image(sharpen(photo, blur_map))
    # The flag is hardly out of focus; told what is, it becomes so.
    shallow = to_image(shallow_focus(photo, blur_map, c0=0.6, c1=1.3))
    half = (_WIDTH - _GAP) // 2
    size = (half, round(before.height * half / before.width))
    rows = [
        [
            ("photograph", before.resize(size, Image.Resampling.LANCZOS)),
            (
                "blur map: dark is sharp",
                to_image(color_map(blur_map)).resize(size, Image.Resampling.LANCZOS),
            ),
        ],
        [
            ("before", crop(before, _FACE)),
            ("sharpened", crop(sharpened, _FACE)),
            ("before", crop(before, _BEHIND)),
            ("shallow focus", crop(shallow, _BEHIND)),
        ],
    ]
    height = sum(row[0][1].height + _LABEL for row in rows) + _GAP + _LABEL
    sheet = Image.new("RGB", (_WIDTH, height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    top = 0
    for row in rows:
        left = 0
        for label, picture in row:
            draw.text((left, top + 2), label, "black", font)
            sheet.paste(picture, (left, top + _LABEL))
            left += picture.width + _GAP
        top += row[0][1].height + _LABEL + _GAP
    draw.text((0, top - _GAP + 6), _CREDIT, (96, 96, 96), ImageFont.load_default(12))
    sheet.save(_TARGET, quality=88)


if __name__ == "__main__":
    main()
