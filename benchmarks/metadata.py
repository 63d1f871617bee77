"""What of a photograph's metadata reaches the pictures that are made of it.

python benchmarks/metadata.py FOLDER [--all]

Compares, tag by tag with exiftool, every JPEG of the folder with the JPEG and the TIFF
that skdefocus writes of it; then a PNG, a TIFF and a WebP of its first megapixel, to
which exiftool has copied all tags, with the same that skdefocus writes of them. Prints
one table, and every tag that differs with the number of files. What the guide lists
under "What a photograph carries" is counted apart; with --all it is printed too.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from PIL import Image

from skdefocus.io import read_photograph, write_photograph

# Groups of exiftool that describe a file, not a photograph.
LAYOUT = frozenset({"ExifTool", "File", "System", "Composite", "RIFF", "Adobe"})
# Tags that are about the layout of pixels or the place of other tags in a file.
PLACE = re.compile(
    r"(IFD0:(ImageWidth|ImageHeight|BitsPerSample|Compression|PhotometricInterpretation"
    r"|Strip.*|RowsPerStrip|SamplesPerPixel|PlanarConfiguration|Predictor"
    r"|SampleFormat|ExtraSamples|FillOrder|YCbCrSubSampling))"
    r"|PNG:(ImageWidth|ImageHeight|BitDepth|ColorType|Compression|Filter|Interlace)"
    r"|.*:(\w*Offset|\w*Start|Padding)$"
)
# What the guide says of differences.
LISTED = re.compile(
    r"IFD1:.*|MPF\d*:.*|MPImage\d*:.*|.*:Thumbnail\w*|JFXX:.*|Samsung:Trailer\w*"
    r"|(ExifIFD:Exif|IFD0:|XMP-tiff:|XMP-exif:Exif)Image(Width|Height)|.*:Orientation"
    r"|JFIF:.*|PNG-pHYs:.*|PNG:ProfileName"
    r"|.*:PreviewImage\w*|PrintIM:.*|Photoshop:\w*Thumbnail\w*"
)
SIZE = (1024, 1024)


def tags(path: Path) -> dict[str, list[str]]:
    """Read all tags that are about the photograph, each with all its values."""
    options = ("-a", "-u", "-G1", "-n", "-S")
    result = subprocess.run(["exiftool", *options, str(path)], capture_output=True)
    found: dict[str, list[str]] = {}
    for line in result.stdout.decode(errors="replace").splitlines():
        match = re.match(r"\[(\S+)\] +([^:]+): ?(.*)", line)
        if (
            match
            and match[1] not in LAYOUT
            and not PLACE.match(f"{match[1]}:{match[2]}")
        ):
            found.setdefault(f"{match[1]}:{match[2]}", []).append(match[3])
    return {key: sorted(values) for key, values in found.items()}


def compare(before: Path, after: Path) -> tuple[int, Counter[str], Counter[str]]:
    """Count the tags of a file, and those that differ in another."""
    old, new = tags(before), tags(after)
    listed, others = Counter[str](), Counter[str]()
    for key in sorted(set(old) | set(new)):
        if old.get(key) == new.get(key):
            continue
        kind = "lost" if key not in new else "added" if key not in old else "changed"
        counts = listed if LISTED.match(key) else others
        counts[f"{key} {kind}"] += 1
    return len(old), listed, others


def make_carrier(source: Path, ending: str, folder: Path) -> Path:
    """Make a smaller file of another format with all tags of a photograph."""
    path = folder / f"{source.stem}_carrier{ending}"
    with Image.open(source) as picture:
        picture.convert("RGB").crop((0, 0, *SIZE)).save(path)
    command = ["exiftool", "-q", "-q", "-m", "-overwrite_original", "-tagsFromFile"]
    copied = ["-all:all", "-unsafe", "-icc_profile", str(path)]
    subprocess.run([*command, str(source), *copied], check=False)
    return path


def rewrite(source: Path, ending: str, folder: Path) -> Path:
    """Write a photograph as the command writes pictures of it."""
    photograph = read_photograph(source)
    path = folder / f"{source.stem}_written{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_photograph(path, photograph.image, photograph)
    return path


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    sources = sorted(
        path
        for path in options.folder.rglob("*")
        if path.suffix.lower() in (".jpg", ".jpeg")
    )
    print(f"{'from':6}{'to':6}{'files':>7}{'tags':>8}{'listed':>8}{'others':>8}")
    differing: list[tuple[str, Counter[str]]] = []
    n_others = 0
    for before, after in (
        *((".jpg", ".jpg"), (".jpg", ".tif")),
        *((ending, ending) for ending in (".png", ".tif", ".webp")),
    ):
        total, listed, others = 0, Counter[str](), Counter[str]()
        for source in sources:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                carrier = source
                if before != ".jpg":
                    carrier = make_carrier(source, before, folder)
                result = compare(carrier, rewrite(carrier, after, folder))
            total += result[0]
            listed.update(result[1])
            others.update(result[2])
        counts = (len(sources), total, listed.total(), others.total())
        figures = "".join(f"{n:8}" for n in counts[1:])
        print(f"{before[1:]:6}{after[1:]:6}{counts[0]:7}{figures}")
        n_others += others.total()
        shown = others + listed if options.all else others
        differing.append((f"{before[1:]} to {after[1:]}", shown))
    for title, counts in differing:
        for tag, n in sorted(counts.items()):
            print(f"{title}: {tag}, {n} file{'s' * (n > 1)}")
    return int(n_others > 0)


if __name__ == "__main__":
    sys.exit(main())
