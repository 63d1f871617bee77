"""Fit the confidence of a network, on photographs that it did not learn from.

python benchmarks/fit_confidence.py --data DIR [--model FILE] [-o FILE]
    [--combined | --refined]

FILE is a network of `skdefocus train`, made with the photographs that
benchmarks/training_photographs.py lists; by default the one that ships. Those of them
that the training held out are reduced to half their size, since none is quite sharp,
and blurred by Gaussians and discs of known sigma, with noise or without; scenes are
composed of them, too. All are measured in windows 4 px apart by a scale of "auto": each
size counts in each pixel as far as it is what sigma is taken from. What is clean, what
is noisy and scenes count the same. The five numbers of the logistic regression are
printed, with the expected calibration error of the pixels they were fitted on, and
written with the network to the file of -o.

With --combined it is fitted how far `CombinedMapper` follows patches and how far their
surroundings, and its confidence: the numbers of skdefocus/mapping/combination.py.
Photographs blurred by the maps of benchmarks/known_maps.py count as much then. With
--refined it is the maps that the recommended steps refine whose confidence is fitted
(with FILE, its patches alone): the numbers of skdefocus/refine/_reliability.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

if __package__:
    from .common import parse_with_data
    from .confidence import noisy_levels, reliability
    from .known_maps import make_scenes
    from .robustness import make_steps
    from .training_photographs import photographs
else:
    from common import parse_with_data
    from confidence import noisy_levels, reliability
    from known_maps import make_scenes
    from robustness import make_steps
    from training_photographs import photographs

from skdefocus import ContextMapper, PatchBlurClassifier
from skdefocus._shared.gray_rows import GrayRows
from skdefocus._shared.sigma_scale import from_log_sigma
from skdefocus._shared.validation import to_float_image, to_gray
from skdefocus.classifier.reliability import (
    disagreement,
    fit_reliability,
    reliable_confidence,
    tolerance,
)
from skdefocus.classifier.training.training_set import draw_held_out
from skdefocus.filters import blur, measure_conditions, resize
from skdefocus.io import read_image
from skdefocus.mapping.classify_patches import classify_bands
from skdefocus.mapping.combination import (
    COMBINATION,
    combine_maps,
    fit_combination,
)
from skdefocus.mapping.confidence import final_confidence
from skdefocus.mapping.map_means import MapMeans
from skdefocus.mapping.scales import passed_over, resample_all
from skdefocus.recipes import recommended_steps
from skdefocus.refine._reliability import (
    RELIABILITY,
    Evidence,
    fit_refined,
    refined_confidence,
)
from skdefocus.refine.global_refiner import refine_and_judge
from skdefocus.synthesis import compose_scene

STEP = 4
SIGMAS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
NOISES = (0, 5, 10)
_LARGEST = (640, 800)
_SCENES, _SCENE_SHAPE = 4, (320, 480)
_SAMPLED = 8
_SHARE = 0.1
# Sizes that count less are left out.
_LEAST_WEIGHT = 0.02
# Maps of known_maps.py that say nothing of how much is blurred.
_NOTHING_KNOWN = ("uniform",)


def held_out_of_training(folder: Path, card: dict[str, Any]) -> list[Path]:
    """Photographs that judged every epoch of a network's training."""
    listed = photographs(folder)
    chosen = draw_held_out(len(listed), _SHARE, card["training"]["seed"])
    return [listed[i] for i in sorted(chosen)]


def measure_size(
    gray: GrayRows, conditions: np.ndarray, classifier: PatchBlurClassifier
) -> dict[str, Any]:
    """Sigma of every pixel at one size, and what its confidence hangs on."""
    size = classifier.patch_size_
    means = MapMeans(gray.shape, size, STEP, "mean")
    for windows in classify_bands(
        gray,
        classifier,
        patch_size=size,
        sigmas=classifier.sigmas_,
        step=STEP,
        estimate="mean",
        n_threads=None,
        conditions=conditions,
    ):
        means.add(*windows)
    log_sigma, trust, detail = means.evidence()
    return {
        "sigma": from_log_sigma(log_sigma),
        "trust": trust,
        "detail": np.exp(detail),
        "disagreement": disagreement(log_sigma, size, 1),
        "conditions": conditions,
    }


def measure(
    image: np.ndarray, classifier: PatchBlurClassifier
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Sigma of every pixel, and what each size, from the least on, says of it.

    The "weight" of a size is how far sigma is taken from it.
    """
    gray = GrayRows(image)
    smaller = resample_all(gray.whole, "auto", gray.shape, classifier.patch_size_)
    sizes: list[dict[str, Any]] = []
    # Of half the size, which the least has not.
    blur_map, known = np.zeros((2, 1, 1), np.float32)
    for factor in sorted({1.0, *smaller}):
        pixels = GrayRows(smaller[factor]) if factor < 1 else gray
        conditions = measure_conditions(pixels, gray.rounding * factor)
        found = measure_size(pixels, conditions, classifier)
        sure = final_confidence(
            found["trust"],
            found["detail"],
            conditions,
            classifier,
            lambda found=found: found["disagreement"],
        )
        sigma, passed = found["sigma"], np.zeros(pixels.shape, np.float32)
        if sizes:
            half, half_sure = resize(blur_map, sigma.shape), resize(known, sigma.shape)
            passed = passed_over(sigma, half, half_sure, max(blur_map.shape))
            sigma, sure = (
                own + passed * (other - own)
                for own, other in ((sigma, 2 * half), (sure, half_sure))
            )
        for size in sizes:
            size["weight"] = resize(size["weight"], pixels.shape) * passed
        sizes.append({**found, "weight": 1 - passed})
        blur_map, known = sigma, sure
    return blur_map, sizes


def judge(
    image: np.ndarray, truth: np.ndarray, classifier: PatchBlurClassifier
) -> tuple[np.ndarray, ...]:
    """Word, detail, conditions, disagreement, being right and weight of some pixels."""
    blur_map, sizes = measure(image, classifier)
    right = np.abs(blur_map - truth) <= tolerance(truth)
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    judged = []
    for size in sizes:
        names = "trust", "detail", "disagreement", "weight"
        planes = [resize(size[name], truth.shape) for name in names]
        word, detail, varies, weight = (plane[part].ravel() for plane in planes)
        conditions = np.tile(size["conditions"], (len(word), 1))
        columns = word, detail, conditions, varies, right[part].ravel(), weight
        counts = weight > _LEAST_WEIGHT
        judged.append([column[counts] for column in columns])
    return tuple(np.concatenate(column) for column in zip(*judged, strict=True))


def judge_combined(
    image: np.ndarray, truth: np.ndarray, mappers: tuple[Any, Any]
) -> tuple[np.ndarray, ...]:
    """Sigma and confidence of patches and of surroundings, truth and weight.

    Pixels whose truth is NaN are left out.
    """
    samples = [mapper.transform([image])[0] for mapper in mappers]
    planes = [plane for s in samples for plane in (s.blur_map, s.confidence)]
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    known = ~np.isnan(truth[part])
    columns = [plane[part][known] for plane in (*planes, truth)]
    # A small subject counts as much as a whole photograph.
    count = max(len(columns[0]), 1)
    return (*columns, np.full(len(columns[0]), 1 / count, np.float32))


def judge_refined(
    image: np.ndarray, truth: np.ndarray, model: Path | None
) -> tuple[np.ndarray, ...]:
    """Evidence, being right and weight, 1, of some pixels of a refined map."""
    (_, mapper), (_, refiner) = make_steps(model and str(model)).steps
    settings = refiner.get_params()
    del settings["n_jobs"]
    (sample,) = mapper.transform([image])
    refined, *evidence = refine_and_judge(
        sample.require_map(), sample.image, sample.confidence, np.stack, **settings
    )
    right = np.abs(refined - truth) <= tolerance(truth)
    part = np.s_[_SAMPLED // 2 :: _SAMPLED, _SAMPLED // 2 :: _SAMPLED]
    columns = [plane[part].ravel() for plane in (*evidence, right)]
    return (*columns, np.ones(len(columns[0]), np.float32))


def judge_photograph(
    path: Path,
    judge: Callable[..., tuple[np.ndarray, ...]],
    seed: list[int],
    maps: bool = False,
) -> dict[str, list[tuple[np.ndarray, ...]]]:
    """Judge a photograph blurred as a whole, and scenes that are composed of it.

    With ``maps`` also what is blurred by known maps.
    """
    rng = np.random.default_rng(seed)
    photograph = read_image(path)
    gray = to_gray(to_float_image(photograph))
    gray = resize(gray, (gray.shape[0] // 2, gray.shape[1] // 2))
    gray = gray[: _LARGEST[0], : _LARGEST[1]]
    found: dict[str, list] = {"clean": [], "noisy": [], "scenes": []}
    for noise in NOISES:
        for sigma in SIGMAS:
            psf = ("gaussian", "disc")[rng.integers(2)]
            image = noisy_levels(blur(gray, sigma, psf), noise, rng)
            truth = np.full(gray.shape, sigma, np.float32)
            kind = "noisy" if noise else "clean"
            found[kind].append(judge(image, truth))
    for _ in range(_SCENES):
        scene = compose_scene(photograph, _SCENE_SHAPE, rng)
        found["scenes"].append(judge(*scene))
    if maps:
        found["maps"] = [
            judge(one.image, np.where(one.judged, one.truth, np.float32(np.nan)))
            for kind, one in make_scenes(path, seed[-1]).items()
            if kind not in _NOTHING_KNOWN
        ]
    return found


def gather(
    paths: list[Path],
    judge: Callable[..., tuple[np.ndarray, ...]],
    seed: int,
    jobs: int,
    maps: bool = False,
) -> list[np.ndarray]:
    """Judge photographs; what is clean, what is noisy and scenes weigh the same."""
    tasks = (
        delayed(judge_photograph)(path, judge, [seed, number], maps)
        for number, path in enumerate(paths)
    )
    found = Parallel(n_jobs=jobs)(tasks)
    kinds = []
    for kind in found[0]:
        judged = [one for photograph in found for one in photograph[kind]]
        columns = [np.concatenate(column) for column in zip(*judged, strict=True)]
        columns[-1] /= columns[-1].sum()
        kinds.append(columns)
    *told, weight = (np.concatenate(column) for column in zip(*kinds, strict=True))
    return [*told, weight * len(weight) / len(kinds)]


def fit_measured(
    found: list[np.ndarray], classifier: PatchBlurClassifier
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Numbers before and fitted, with the confidence and what is right by them."""
    *told, varies, right, weight = found
    numbers = fit_reliability(*told, right, weight, varies).round(4)
    tried = {"before": classifier.reliability_, "fitted": numbers}
    return {
        name: (numbers, reliable_confidence(*told, numbers, varies), right)
        for name, numbers in tried.items()
        if numbers is not None
    }


def fit_both(
    found: list[np.ndarray],
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Numbers before and fitted, with the confidence and what is right by them."""
    *maps, truth, weight = found
    fitted = fit_combination(*maps, truth, weight)
    rounded = tuple(tuple(np.round(numbers, 2).tolist()) for numbers in fitted)
    fits = {}
    for name, numbers in (("before", COMBINATION), ("fitted", rounded)):
        sigma, confidence = combine_maps(*maps, numbers)
        right = np.abs(sigma - truth) <= tolerance(truth)
        fits[name] = np.ravel(numbers), confidence, right
    return fits


def fit_refinement(
    found: list[np.ndarray],
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Numbers before and fitted, with the confidence and what is right by them."""
    *planes, right, weight = found
    evidence = Evidence(*planes)
    fitted = np.round(fit_refined(evidence, right, weight), 2)
    return {
        name: (np.array(numbers), refined_confidence(evidence, tuple(numbers)), right)
        for name, numbers in (("before", RELIABILITY), ("fitted", fitted))
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the numbers, and write the network with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="model file")
    parser.add_argument("-o", "--output", type=Path, help="model file to write")
    parser.add_argument("--combined", action="store_true", help="of `CombinedMapper`")
    parser.add_argument("--refined", action="store_true", help="of refined maps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parse_with_data(parser, arguments)
    if (options.refined or options.combined) and options.output:
        parser.error("-o writes the confidence of a network; of others there is none.")
    classifier = (
        PatchBlurClassifier.load(options.model)
        if options.model
        else PatchBlurClassifier.pretrained()
    )
    paths = held_out_of_training(Path(options.data), classifier.card_)
    judging: Callable[..., tuple[np.ndarray, ...]]
    if options.combined:
        (_, patches), _ = recommended_steps(classifier)
        context = ContextMapper(scale=patches.scale, lights=patches.lights)
        judging = partial(judge_combined, mappers=(patches, context))
    elif options.refined:
        judging = partial(judge_refined, model=options.model)
    else:
        judging = partial(judge, classifier=classifier)
    found = gather(paths, judging, options.seed, options.jobs, options.combined)
    weight = found[-1]
    if options.combined:
        fits = fit_both(found)
    elif options.refined:
        fits = fit_refinement(found)
    else:
        fits = fit_measured(found, classifier)
    print(f"{len(paths)} photographs, {len(weight)} pixels")
    for name, (numbers, confidence, right) in fits.items():
        error = reliability(np.stack([confidence, right]), weight)[1]
        rounded = ", ".join(f"{number:g}" for number in np.round(numbers, 4))
        print(f"{name} {rounded}: expected calibration error {error:.3f}")
    if options.output:
        numbers, *_ = fits["fitted"]
        classifier.reliability_ = numbers
        classifier.card_["reliability"] = numbers.tolist()
        classifier.save(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
