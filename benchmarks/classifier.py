"""Train and compare the networks of the paper's Table 2 on its protocol.

python benchmarks/classifier.py --photos FOLDER... --work DIR [--div2k FOLDER]

Sharp patches (variance of the Laplacian of 1000 and more) are blurred, each alone, by
Gaussians of sigma 0 to 19; photographs are divided into training, validation and test.
Prints Table 1 (patches), Table 2 (loss, accuracy and size of each network), Table 3
(precision, recall and F1 of each level), and how the same networks fare on patches of
photographs that were blurred whole, where there is no padding to read. Draws Fig. 3 and
Fig. 4 into DIR.

Training goes on from the checkpoint in DIR, so a row is finished by the same command
with more ``--epochs`` where there is more time, or a GPU. Rows of earlier runs are kept
in the file ``--rows`` with their settings, and are printed again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skdefocus import PatchBlurClassifier
from skdefocus.classifier.architectures import ARCHITECTURES
from skdefocus.datasets import load_div2k
from skdefocus.io import list_photographs, read_image
from skdefocus.patches import PAPER_LADDER, PatchSet, make_blur_patches

PUBLISHED = {
    "mobilenet_v2": (0.0117, 0.9958, 0.1201, 0.9699, 0.161, 0.9704),
    "efficientnet_b0": (0.0075, 0.9975, 0.0944, 0.9793, 0.0794, 0.9798),
    "nasnet_mobile": (0.0073, 0.9976, 0.2717, 0.9585, 0.2243, 0.9582),
    "densenet121": (0.0124, 0.9957, 0.6755, 0.8996, 0.5359, 0.905),
    "shufflenet_v2": (0.114, 0.9563, 1.9462, 0.6818, 1.8099, 0.6902),
}
PUBLISHED_COUNTS = {"train": 392_240, "validation": 98_040, "test": 49_920}
SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def divide(paths: list[Path], seed: int) -> dict[str, list[Path]]:
    """Divide photographs, never the patches of one, into the three sets."""
    order = np.random.default_rng(seed).permutation(len(paths))
    ends = np.round(np.cumsum(list(SHARES.values())) * len(paths)).astype(int)
    parts = np.split(order, ends[:-1])
    return {
        name: [paths[i] for i in part] for name, part in zip(SHARES, parts, strict=True)
    }


def load_or_make(folder: Path, paths: list[Path], **settings: object) -> PatchSet:
    """Take a set from disk, or make it there."""
    if not (folder / "X.npy").is_file():
        make_blur_patches(
            paths, PAPER_LADDER, read=read_image, out=folder, n_jobs=2, **settings
        )
    return PatchSet.load(folder)


def make_sets(options: argparse.Namespace) -> dict[str, PatchSet]:
    """Make the three sets of the protocol, and the test set of whole photographs."""
    if options.div2k:
        source = sorted(Path(options.div2k).glob("*/*.png"))
    else:
        source = list_photographs(options.photos)
    # Never the sets of other photographs, or of another division of them.
    listed = "\n".join([str(options.seed), *map(str, source)])
    digest = hashlib.sha256(listed.encode()).hexdigest()[:12]
    folder = options.work / f"sets_{options.padding}_{digest}"
    if options.div2k:
        if not (folder / "test" / "X.npy").is_file():
            load_div2k(options.div2k, folder, padding=options.padding, n_jobs=2)
        sets = {name: PatchSet.load(folder / name) for name in SHARES}
        test = sorted(Path(options.div2k, "DIV2K_valid_HR").glob("*.png"))
    else:
        parts = divide(source, options.seed)
        patch = {"blur_domain": "patch", "padding": options.padding, "n_patches": None}
        sets = {
            name: load_or_make(folder / name, paths, **patch)
            for name, paths in parts.items()
        }
        test = parts["test"]
    sets["image"] = load_or_make(
        options.work / f"image_{digest}",
        test,
        n_patches=len(sets["test"].y),
        psf="gaussian",
        augment=False,
        min_sharpness=1000.0,
    )
    return sets


def evaluate(
    classifier: PatchBlurClassifier, patches: PatchSet
) -> tuple[float, float, np.ndarray]:
    """Loss and accuracy of a network on a set, and the levels it answers."""
    answers, loss = [], 0.0
    for first in range(0, len(patches.y), 4096):
        rows = np.arange(first, min(first + 4096, len(patches.y)))
        found = classifier.predict_proba(patches.X[rows])
        right = found[np.arange(len(rows)), patches.y[rows]]
        loss -= float(np.log(np.maximum(right, 1e-7)).sum())
        answers.append(found.argmax(axis=1))
    answers = np.concatenate(answers)
    return loss / len(answers), float((answers == patches.y).mean()), answers


def kind(name: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell a run from others: it has a checkpoint and a row of its own."""
    flips = ("flips",) if settings["random_flips"] else ()
    return name, settings["padding"], settings["schedule"], *flips


def file_name(name: str, options: argparse.Namespace) -> str:
    """Name the files of a run, without their ending."""
    return "_".join(kind(name, vars(options)))


def train(
    name: str, sets: dict[str, PatchSet], options: argparse.Namespace
) -> PatchBlurClassifier:
    """Train a network with the paper's settings, or go on training it."""
    checkpoint = options.work / f"{file_name(name, options)}.checkpoint"
    classifier = PatchBlurClassifier(
        name,
        PAPER_LADDER,
        epochs=options.epochs,
        schedule=options.schedule,
        random_flips=options.random_flips,
        checkpoint=checkpoint,
        random_state=options.seed,
        verbose=1,
    )
    return classifier.fit(sets["train"], validation_data=sets["validation"])


def make_row(
    name: str, sets: dict[str, PatchSet], options: argparse.Namespace
) -> tuple[dict, np.ndarray, PatchBlurClassifier]:
    """Train a network and measure it."""
    classifier = train(name, sets, options)
    model = options.work / f"{file_name(name, options)}.zip"
    classifier.save(model)
    history = classifier.history_
    test_loss, test_accuracy, answers = evaluate(classifier, sets["test"])
    row = {
        "network": name,
        "padding": options.padding,
        "epochs": len(history["loss"]),
        "seed": options.seed,
        "batch_size": classifier.batch_size,
        "learning_rate": classifier.learning_rate,
        "schedule": classifier.schedule,
        "random_flips": classifier.random_flips,
        "patches": {name: len(sets[name].y) for name in SHARES},
        "train": (history["loss"][-1], history["accuracy"][-1]),
        "validation": (history["val_loss"][-1], history["val_accuracy"][-1]),
        "test": (test_loss, test_accuracy),
        "image": evaluate(classifier, sets["image"])[1],
        "megabytes": model.stat().st_size / 1e6,
        "sha256": classifier.network_.sha256,
    }
    return row, answers, classifier


def print_networks(rows: list[dict]) -> None:
    """Print Table 2."""
    print("\nTable 2. Networks: loss and accuracy, and accuracy on whole photographs;")
    print("after each its padding of patches, schedule of the learning rate and flips")
    print(
        f"{'network':32} {'epochs':>6} {'train':>15} {'validation':>15} {'test':>15} "
        f"{'image':>7} {'MB':>6}"
    )
    for name, values in PUBLISHED.items():
        pairs = zip(values[::2], values[1::2], strict=True)
        cells = " ".join(f"{loss:7.4f} {share:7.4f}" for loss, share in pairs)
        print(f"{name + ' (published)':32} {100:6d} {cells}")
    for row in rows:
        cells = " ".join(
            f"{row[part][0]:7.4f} {row[part][1]:7.4f}"
            for part in ("train", "validation", "test")
        )
        name = ", ".join(kind(row["network"], row))
        print(
            f"{name:32} {row['epochs']:6d} {cells} {row['image']:7.4f} "
            f"{row['megabytes']:6.2f}"
        )


def draw_levels(path: Path, patches: PatchSet) -> None:
    """Draw one patch at every level (Fig. 3)."""
    from matplotlib.figure import Figure

    # One photograph's patches stand level by level, or patch by patch.
    first = np.flatnonzero(patches.groups == patches.groups[0])
    levels = patches.y[first]
    figure = Figure(figsize=(7.5, 6.6), layout="constrained")
    for level, axes in enumerate(figure.subplots(4, 5).flat):
        row = first[np.flatnonzero(levels == level)[0]]
        patch = patches.X[np.array([row])][0]
        axes.imshow(patch, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{level} px", fontsize="small")
        axes.set_axis_off()
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables and draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", choices=("paper",), default="paper")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--photos", nargs="+", help="sharp photographs, or folders")
    source.add_argument("--div2k", help="folder of DIV2K as its authors publish it")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--networks", nargs="*", choices=ARCHITECTURES, default=[*ARCHITECTURES]
    )
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument(
        "--padding", choices=("nearest", "reflect", "constant"), default="nearest"
    )
    parser.add_argument(
        "--schedule",
        choices=("constant", "cosine", "one_cycle"),
        default="constant",
        help="of the learning rate; the paper's is constant, which more epochs go on",
    )
    parser.add_argument(
        "--random-flips",
        action="store_true",
        help="mirror and turn patches in training; not in the paper",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=Path, help="JSON file of rows to add to")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    sets = make_sets(options)
    print(f"Table 1. Patches of 32 px, blurred alone, padding {options.padding}")
    for name, published in PUBLISHED_COUNTS.items():
        print(f"{name:12} {len(sets[name].y):8d}   (published {published})")
    draw_levels(options.work / f"levels_{options.padding}.png", sets["test"])
    rows = []
    if options.rows and options.rows.is_file():
        rows = json.loads(options.rows.read_text())
    for name in options.networks:
        row, answers, classifier = make_row(name, sets, options)
        same = kind(name, row)
        rows = [other for other in rows if kind(other["network"], other) != same]
        rows.append(row)
        if options.rows:
            options.rows.write_text(json.dumps(rows, indent=1) + "\n")
        print_report(name, sets["test"].y, answers)
        picture = f"history_{file_name(name, options)}.png"
        draw_history(options.work / picture, classifier.history_)
    print_networks(rows)
    return 0


def print_report(name: str, truth: np.ndarray, answers: np.ndarray) -> None:
    """Print Table 3."""
    from sklearn.metrics import classification_report

    print(f"\nTable 3. {name}, test set")
    print(classification_report(truth, answers, digits=2, zero_division=0))


def draw_history(path: Path, history: dict[str, list[float]]) -> None:
    """Draw accuracy and loss over epochs (Fig. 4)."""
    from skdefocus.figures import training_figure

    training_figure(history).savefig(path, dpi=120)


if __name__ == "__main__":
    sys.exit(main())
