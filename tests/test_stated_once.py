"""What an estimator and the function behind it share is stated alike in both.

Readers meet a parameter in two places, the class and the function, and each docstring
says all of it. This holds descriptions, defaults and constraints of both together.
"""

from __future__ import annotations

import ast
import inspect
import re

import pytest

import skdefocus
from skdefocus import (
    AdaptiveScaleEdgeMapper,
    AdaptiveUnsharpMask,
    CombinedMapper,
    ContextMapper,
    ContrastAdaptiveSharpening,
    DefocusSegmenter,
    EdgeRatioMapper,
    EntropyMapper,
    FastDefocusMapper,
    GeneralizedUnsharpMask,
    GlobalRefiner,
    GuidedRefiner,
    HiFSTMapper,
    JustNoticeableMapper,
    LaplacianVarianceMapper,
    LBPMapper,
    MattingRefiner,
    MotionDetector,
    MutualGuidedRefiner,
    PrecomputedMapper,
    SDoFRenderer,
    SlidingWindowMapper,
    StandardDeviationMapper,
    UnsharpMask,
    WGIFRefiner,
    enhance,
    filters,
    mapping,
    refine,
    render,
    segment,
)
from skdefocus._shared.parameters import N_JOBS
from skdefocus.datasets import load_div2k
from skdefocus.mapping import peers
from skdefocus.patches import make_blur_patches

BEHIND = {
    AdaptiveScaleEdgeMapper: [peers.adaptive_scale_map],
    AdaptiveUnsharpMask: [enhance.adaptive_unsharp_mask, enhance.sharpening_gain],
    CombinedMapper: [mapping.combined_map],
    ContextMapper: [mapping.context_map],
    ContrastAdaptiveSharpening: [enhance.contrast_adaptive_sharpening],
    DefocusSegmenter: [segment.photograph_threshold, segment.defocus_mask],
    EdgeRatioMapper: [peers.edge_ratio_map],
    EntropyMapper: [peers.entropy_map],
    FastDefocusMapper: [peers.fast_defocus_map],
    GeneralizedUnsharpMask: [enhance.generalized_unsharp_mask],
    GlobalRefiner: [refine.refine_global],
    GuidedRefiner: [refine.refine_guided],
    HiFSTMapper: [peers.hifst_map],
    JustNoticeableMapper: [peers.just_noticeable_map],
    LaplacianVarianceMapper: [peers.laplacian_variance_map],
    LBPMapper: [peers.lbp_map],
    MattingRefiner: [refine.refine_matting],
    MotionDetector: [mapping.find_motion],
    MutualGuidedRefiner: [refine.refine_mutual_guided],
    PrecomputedMapper: [mapping.precomputed_map],
    SDoFRenderer: [render.render_guided, render.render_disc, render.render_lens],
    SlidingWindowMapper: [mapping.sliding_window_map],
    StandardDeviationMapper: [peers.standard_deviation_map],
    UnsharpMask: [filters.unsharp_mask],
    WGIFRefiner: [refine.refine_wgif],
}
NO_FUNCTION = {
    "CalibratedMapper": "it learns a curve and applies scikit-learn's regression",
    "PatchBlurClassifier": "it is trained, and predicts by its network",
}
# Parameters whose description, default or constraint differs, each with its reason.
EXCEPTIONS = {
    ("SlidingWindowMapper", "sliding_window_map", "classifier"): (
        "the function takes a fitted classifier; the mapper also the name of a network"
    ),
    ("UnsharpMask", "unsharp_mask", "gain"): (
        "the function takes a gain for every pixel, of any sign, and has no default"
    ),
    ("DefocusSegmenter", "photograph_threshold", "threshold"): (
        "the segmenter can learn the threshold, and refers to the function for 'auto'"
    ),
    ("DefocusSegmenter", "defocus_mask", "threshold"): (
        "as for photograph_threshold, to which the function refers"
    ),
    ("PrecomputedMapper", "precomputed_map", "folder"): (
        "only the mapper, which is given it long before it reads, checks its type"
    ),
    ("AdaptiveUnsharpMask", "adaptive_unsharp_mask", "overshoot"): (
        "the function refers to the filter that it calls"
    ),
}
JOBS = ("int, optional", "Number of photographs processed in parallel (joblib).")


def entries(documented) -> dict[str, tuple[str, str]]:
    """Type and description of each parameter in a numpydoc docstring."""
    text = inspect.getdoc(documented)
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", text, re.S | re.M
    )
    found = {}
    for entry in re.finditer(r"^(\S.*)\n((?:[ ]+.*\n|\n)*)", section[1] + "\n", re.M):
        names, _, kind = entry[1].partition(" : ")
        description = " ".join(entry[2].split())
        # When a parameter counts is for the class or one of several functions to say.
        description = re.sub(r" (Used by|Not used with) [^.]*\.", "", description)
        found.update({name: (kind, description) for name in names.split(", ")})
    return found


def default_of(documented, name: str) -> object:
    return inspect.signature(documented).parameters[name].default


def shared_parameters() -> list:
    return [
        pytest.param(
            estimator,
            function,
            name,
            id=f"{estimator.__name__}-{function.__name__}-{name}",
        )
        for estimator, functions in BEHIND.items()
        for function in functions
        for name in inspect.signature(estimator).parameters
        if name in inspect.signature(function).parameters
    ]


def differences(estimator, function, name: str) -> list[str]:
    """What is not the same in an estimator and its function."""
    found = []
    if default_of(estimator, name) != default_of(function, name):
        found.append("default")
    mine, other = entries(estimator)[name], entries(function)[name]
    # An entry that refers to another states nothing of its own.
    if not re.fullmatch(r"As in `[\w.]+`\.", other[1]) and mine != other:
        found.append("description")
    checks = getattr(function, "constraints", None)
    if checks is not None and checks.get(name) is not estimator._constraints[name]:
        found.append("constraint")
    return found


def test_every_public_estimator_takes_part():
    public = {
        name
        for name in skdefocus.__all__
        if inspect.isclass(getattr(skdefocus, name)) and name != "DefocusSample"
    }
    assert {estimator.__name__ for estimator in BEHIND} | set(NO_FUNCTION) == public


def test_entries_reads_names_types_and_descriptions():
    def function():
        """Do something.

        Parameters
        ----------
        a, b : int, default=1 and 2
            First line,
            second line.
        **others
            Passed on.

        Returns
        -------
        int
            Not a parameter.
        """

    kind = "int, default=1 and 2"
    assert entries(function) == {
        "a": (kind, "First line, second line."),
        "b": (kind, "First line, second line."),
        "**others": ("", "Passed on."),
    }


@pytest.mark.parametrize(("estimator", "function", "name"), shared_parameters())
def test_a_shared_parameter_is_stated_alike(estimator, function, name):
    # An exception must still be one, or it would hide what comes next.
    excepted = (estimator.__name__, function.__name__, name) in EXCEPTIONS
    assert bool(differences(estimator, function, name)) == excepted, differences(
        estimator, function, name
    )


def test_every_exception_is_of_a_shared_parameter():
    shared = {
        (estimator.__name__, function.__name__, name)
        for estimator, function, name in (case.values for case in shared_parameters())
    }
    assert set(EXCEPTIONS) <= shared


@pytest.mark.parametrize("estimator", BEHIND, ids=lambda estimator: estimator.__name__)
def test_every_parameter_of_an_estimator_has_an_entry(estimator):
    assert list(entries(estimator)) == list(inspect.signature(estimator).parameters)
    assert set(estimator._constraints) == set(inspect.signature(estimator).parameters)


@pytest.mark.parametrize(
    "documented",
    [*BEHIND, *(function for functions in BEHIND.values() for function in functions)],
    ids=lambda documented: documented.__name__,
)
def test_a_documented_default_is_that_of_the_signature(documented):
    for name, (kind, _) in entries(documented).items():
        stated = re.search(r"default=([^ ]+)$", kind)
        if stated:
            value = ast.literal_eval(stated[1])
            assert value == default_of(documented, name)
        elif kind.endswith("optional"):
            assert default_of(documented, name) is None


@pytest.mark.parametrize(
    "documented",
    [
        *(estimator for estimator in BEHIND if estimator is not DefocusSegmenter),
        skdefocus.CalibratedMapper,
        make_blur_patches,
        load_div2k,
    ],
    ids=lambda documented: documented.__name__,
)
def test_n_jobs_is_the_same_everywhere(documented):
    assert entries(documented)["n_jobs"] == JOBS
    assert default_of(documented, "n_jobs") is None
    if inspect.isclass(documented):
        assert documented._constraints["n_jobs"] is N_JOBS
