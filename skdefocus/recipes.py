"""The steps that we recommend, stated once."""

from __future__ import annotations

from typing import Any

from ._shared.parameters import HasMethods, StrOptions, checked
from .classifier.pretrained import PRETRAINED
from .mapping import CombinedMapper, SlidingWindowMapper
from .refine import GlobalRefiner

__all__ = ["recommended_steps"]


@checked(classifier=[StrOptions(set(PRETRAINED)), HasMethods("predict"), None])
def recommended_steps(classifier: Any = None) -> list[tuple[str, Any]]:
    """Make the mapper and the refiner that we recommend.

    `skdefocus.estimate_blur_map`, the command line and the tuning page use the same.

    Parameters
    ----------
    classifier : {"default", "fast", "paper"} or fitted classifier, optional
        Measures patches alone, as `SlidingWindowMapper` takes it, with the settings
        that we recommend. By default what surrounds patches is seen, too.

    Returns
    -------
    list of (str, estimator)
        "mapper" and "refiner", new at each call, to be put into a Pipeline.

    Raises
    ------
    ValueError
        If the classifier is neither one of these names nor a classifier.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdefocus.datasets import load_sample_photograph
    >>> from skdefocus.recipes import recommended_steps
    >>> steps = make_pipeline(*[step for _, step in recommended_steps()])
    >>> (sample,) = steps.fit_transform([load_sample_photograph()])
    >>> sample.blur_map.shape, sample.confidence.shape
    ((427, 640), (427, 640))
    """
    mapper: Any = CombinedMapper()
    if classifier is not None:
        mapper = SlidingWindowMapper(
            classifier,
            step=4,
            estimate="mean",
            scale=mapper.scale,
            lights=mapper.lights,
        )
    return [("mapper", mapper), ("refiner", GlobalRefiner())]
