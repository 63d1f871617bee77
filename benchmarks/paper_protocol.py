"""Whether the paper's protocol gives 97 % and works on photographs, factor by factor.

python benchmarks/paper_protocol.py --data DIR --reference DIR --rows FILE

Trains a network of 0.1 million parameters on sharp patches that are each blurred alone
by the paper's 20 sigmas, their edge pixels repeated as MATLAB's ``imgaussfilt`` does,
then changes one thing at a time. Prints for each what it scores on its own test, which
are patches made likewise from photographs that were held out; the rank correlation of
its map with that of the paper's authors, raw and after the weighted guided filter; and
its accuracy on CUHK, raw and after that filter. Maps have a step of 8 px, and the
threshold of each photograph of CUHK is the best for its mask, as in the paper.

The last rows are of networks that were trained before: MobileNetV2 as it ships, and
model files of ``--networks``, each tested by the border that its card tells, or zeros
if it tells none. Rows that are in FILE are not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

if __package__:
    from .common import parse_with_data
    from .cuhk import interval
    from .training_photographs import held_out, photographs
else:
    from common import parse_with_data
    from cuhk import interval
    from training_photographs import held_out, photographs

from skdefocus import PatchBlurClassifier, SlidingWindowMapper, WGIFRefiner
from skdefocus.classifier.architectures import Architecture
from skdefocus.classifier.training.keras_backend import import_keras
from skdefocus.classifier.training.loop import train_network
from skdefocus.classifier.training.model_card import make_card
from skdefocus.classifier.training.run_state import TrainingSettings
from skdefocus.classifier.training.training_set import make_training_set
from skdefocus.datasets import load_cuhk
from skdefocus.io import read_image
from skdefocus.metrics import best_threshold
from skdefocus.patches import PAPER_LADDER, PatchSet, make_blur_patches

STEP = 8
PATCHES = {"blur_domain": "patch", "padding": "nearest", "dtype": "float32"}
# Photographs with few sharp patches give fewer than they are asked for.
FEW, MANY = 54_000, 400_000
START = {"n_patches": FEW, "epochs": 10, "random_flips": False}
WHOLE = {
    "blur_domain": "image",
    "psf": "gaussian",
    "augment": False,
    "min_sharpness": 1000.0,
    "n_patches": 30_000,
}
# What differs from the first row, in the order of what it tells.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "replicated": {},
    "zeros": {"padding": "constant"},
    "reflected": {"padding": "reflect"},
    "whole photographs blurred": WHOLE,
    "8 bits": {"dtype": "uint8"},
    "2 epochs": {"epochs": 2},
    "30 epochs": {"epochs": 30},
    "120,000 patches": {"n_patches": MANY},
    "zeros, 120,000 patches": {"padding": "constant", "n_patches": MANY},
    "flips": {"random_flips": True},
}
SHIPPED = "paper, as it ships"


def build_small(n_levels: int) -> Any:
    """Build a network of unpadded convolutions that sees 32 x 32 px."""
    keras = import_keras()
    layers = keras.layers
    first = {"data_format": "channels_first"}
    inputs = keras.Input((1, None, None))
    x = layers.Rescaling(2.0, offset=-1.0)(inputs)
    for filters, size, step in (
        (32, 4, 4),
        (64, 3, 1),
        (64, 3, 1),
        (64, 3, 1),
        (96, 2, 1),
    ):
        x = layers.Conv2D(filters, size, step, use_bias=False, **first)(x)
        x = layers.BatchNormalization(axis=1, momentum=0.9)(x)
        x = layers.ReLU()(x)
    return keras.Model(inputs, layers.Conv2D(n_levels, 1, **first)(x))


def train_small(
    patches: PatchSet, epochs: int, random_flips: bool, seed: int
) -> PatchBlurClassifier:
    """Train it as `skdefocus train` does, in minutes."""
    architecture = Architecture(build_small, patch_size=32, stride=4)
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=512,
        learning_rate=0.003,
        schedule="one_cycle",
        weight_decay=0.0,
        random_flips=random_flips,
        early_stopping=False,
        n_iter_no_change=1,
        seed=seed,
    )
    data = make_training_set(
        *patches,
        None,
        patch_size=32,
        n_levels=len(PAPER_LADDER),
        validation_fraction=0.0,
        seed=seed,
    )
    onnx, history = train_network(architecture, data, settings)
    ladder = np.array(PAPER_LADDER)
    card = make_card("small", architecture, ladder, data, settings, history)
    return PatchBlurClassifier()._adopt(onnx, card, history)


def own_test(folder: Path, given: dict[str, Any], seed: int) -> PatchSet:
    """Make patches of the photographs that were held out, as those of the training."""
    n_patches = 20_000 if given["blur_domain"] == "image" else None
    paths = [path for path in held_out(folder) if path.is_file()]
    settings = {**given, "n_patches": n_patches, "random_state": seed}
    return make_blur_patches(paths, PAPER_LADDER, read=read_image, **settings)


def accuracy(classifier: PatchBlurClassifier, patches: PatchSet) -> float:
    """Share of the patches whose level is right."""
    return float((classifier.predict(patches.X) == patches.y).mean())


def judge(
    classifier: PatchBlurClassifier, options: argparse.Namespace
) -> dict[str, Any]:
    """Compare its maps with the authors' and with the masks of CUHK."""
    mapper, refiner = SlidingWindowMapper(classifier, step=STEP), WGIFRefiner()

    def maps(image: Any) -> list[np.ndarray]:
        raw = mapper.transform([image])
        return [raw[0].blur_map, refiner.transform(raw)[0].blur_map]

    found: dict[str, Any] = {}
    ours = maps(read_image(options.reference / "bird.png"))
    for name, file, blur_map in zip(
        ("raw", "refined"), ("b_map", "b_map_refined"), ours, strict=True
    ):
        theirs = np.squeeze(read_image(options.reference / f"{file}.png"))
        found[f"bird_{name}"] = float(spearmanr(blur_map, theirs, axis=None).statistic)
    cuhk = load_cuhk(options.data, options.split)
    every = slice(None, None, options.every)
    scores = np.array(
        [
            [best_threshold(mask, blur_map)[0] for blur_map in maps(image)]
            for image, mask in zip(cuhk.images[every], cuhk.masks[every], strict=True)
        ]
    )
    for name, column in zip(("raw", "refined"), scores.T, strict=True):
        found[f"cuhk_{name}"] = [float(column.mean()), *interval(column)]
    return {**found, "split": options.split, "photographs": len(scores)}


def run_experiment(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train the small network with one thing changed, and judge it."""
    settings = {**PATCHES, **START, **EXPERIMENTS[name]}
    training = {key: settings.pop(key) for key in ("epochs", "random_flips")}
    patches = make_blur_patches(
        photographs(Path(options.data)),
        PAPER_LADDER,
        read=read_image,
        random_state=options.seed,
        **settings,
    )
    start = time.perf_counter()
    classifier = train_small(patches, seed=options.seed, **training)
    return {
        "name": name,
        "seed": options.seed,
        "patches": len(patches),
        "epochs": training["epochs"],
        "seconds": time.perf_counter() - start,
        "train": classifier.history_["accuracy"][-1],
        "own": accuracy(
            classifier, own_test(Path(options.data), settings, options.seed)
        ),
        **judge(classifier, options),
    }


def run_network(
    name: str, classifier: PatchBlurClassifier, options: argparse.Namespace
) -> dict[str, Any]:
    """Judge a network that was trained before."""
    training = classifier.card_["training"]
    made = {
        "padding": training.get("padding", "constant"),
        "dtype": training.get("dtype", "uint8"),
    }
    return {
        "name": name,
        "sha256": classifier.network_.sha256,
        **made,
        "patches": training["n_patches"],
        "epochs": len(training["history"]["loss"]),
        "train": training["history"]["accuracy"][-1],
        "own": accuracy(
            classifier, own_test(Path(options.data), {**PATCHES, **made}, 0)
        ),
        **judge(classifier, options),
    }


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print all rows."""
    print(
        f"{'':28} {'patches':>8} {'epochs':>6} {'train':>7} {'own test':>8}  "
        f"{'bird raw':>8} {'wgif':>7}  {'CUHK raw':>8} {'':7} {'wgif':>7}"
    )
    for row in rows:
        cells = []
        for column in ("cuhk_raw", "cuhk_refined"):
            mean, low, high = row[column]
            cells.append(f"{mean:.4f} ±{(high - low) / 2:.4f}")
        print(
            f"{row['name']:28} {row['patches']:8d} {row['epochs']:6d} "
            f"{row['train']:7.4f} {row['own']:8.4f}  {row['bird_raw']:8.3f} "
            f"{row['bird_refined']:7.3f}   {'  '.join(cells)}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--reference", type=Path, required=True, help="folder of the authors' bird"
    )
    parser.add_argument(
        "--experiments", nargs="*", choices=EXPERIMENTS, default=[*EXPERIMENTS]
    )
    parser.add_argument("--networks", nargs="*", type=Path, default=[])
    parser.add_argument("--rows", type=Path, help="JSON file of rows to add to")
    parser.add_argument(
        "--every", type=int, default=1, help="every n-th photograph of CUHK"
    )
    parser.add_argument("--split", choices=("test", "validation"), default="validation")
    parser.add_argument("--seed", type=int, default=0)
    options = parse_with_data(parser, arguments)
    rows: dict[str, dict[str, Any]] = {}
    if options.rows and options.rows.is_file():
        rows = {row["name"]: row for row in json.loads(options.rows.read_text())}
    tasks = {
        name: lambda name=name: run_experiment(name, options)
        for name in options.experiments
    }
    networks = {path.stem: PatchBlurClassifier.load(path) for path in options.networks}
    networks[SHIPPED] = PatchBlurClassifier.pretrained("paper")
    for name, network in networks.items():
        tasks[name] = lambda name=name, network=network: run_network(
            name, network, options
        )
        if rows.get(name, {}).get("sha256") != network.network_.sha256:
            rows.pop(name, None)
    for name, task in tasks.items():
        if name not in rows:
            rows[name] = task()
            if options.rows:
                options.rows.write_text(json.dumps([*rows.values()], indent=1) + "\n")
    order = [*EXPERIMENTS, *sorted({*rows} - {*EXPERIMENTS, SHIPPED}), SHIPPED]
    print_table([rows[name] for name in order if name in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
