"""What is written of the shipped network belongs to the shipped network."""

from __future__ import annotations

from pathlib import Path

from skdefocus import PatchBlurClassifier
from skdefocus.classifier import ContextNetwork
from skdefocus.classifier.pretrained import (
    CONTEXT_PRETRAINED,
    PRETRAINED,
)

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "skdefocus" / "classifier" / "weights"


def test_results_and_cards_are_those_of_the_shipped_networks():
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    cards = (WEIGHTS / "README.md").read_text()
    patches = {
        digest: PatchBlurClassifier.pretrained(name).network_.sha256
        for name, digest in PRETRAINED.items()
    }
    context = {
        digest: ContextNetwork.pretrained(name).sha256
        for name, digest in CONTEXT_PRETRAINED.items()
    }
    for of_file, of_network in (patches | context).items():
        assert of_file in cards
        assert of_network in cards
        assert of_network in results


def test_shipped_networks_are_small():
    sizes = [path.stat().st_size for path in WEIGHTS.glob("*.zip")]
    assert len(sizes) == len(PRETRAINED) + len(CONTEXT_PRETRAINED)
    assert max(sizes) <= 5e6
    assert sum(sizes) <= 10e6


def test_figures_of_the_readme_are_those_of_the_results():
    import re

    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    readme = (ROOT / "README.md").read_text()
    figures = re.findall(r"\b0\.\d{4}\b", readme)
    assert figures
    for figure in figures:
        assert figure in results
