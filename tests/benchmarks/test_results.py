"""What is written of the shipped network belongs to the shipped network."""

from __future__ import annotations

from pathlib import Path

from skdefocus import PatchBlurClassifier

ROOT = Path(__file__).parents[2]


def test_results_are_those_of_the_shipped_network():
    digest = PatchBlurClassifier.pretrained().network_.sha256
    assert digest in (ROOT / "benchmarks" / "RESULTS.md").read_text()
    card = ROOT / "skdefocus" / "classifier" / "weights" / "README.md"
    assert digest in card.read_text()


def test_figures_of_the_readme_are_those_of_the_results():
    import re

    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    readme = (ROOT / "README.md").read_text()
    figures = re.findall(r"\b0\.\d{4}\b", readme)
    assert figures
    for figure in figures:
        assert figure in results
