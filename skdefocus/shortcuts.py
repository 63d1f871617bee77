"""One photograph, one line: the whole way with the package's defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from ._shared.parameters import StrOptions, check_parameters, checked
from ._shared.validation import check_subject_mask
from .enhance import adaptive_unsharp_mask
from .recipes import recommended_steps
from .render.sdof import RENDERERS
from .sample import DefocusSample

__all__ = ["estimate_blur_map", "shallow_focus", "sharpen"]


@checked(refine=["boolean"])
def estimate_blur_map(
    image: np.ndarray,
    *,
    step: int | None = None,
    estimate: str | None = None,
    scale: float | str | Sequence[float] | None = None,
    refine: bool = True,
) -> np.ndarray:
    """Estimate how blurred every pixel of a photograph is.

    Parameters
    ----------
    image : array-like of shape (H, W), (H, W, 3) or (H, W, 4), or path-like
        uint8, uint16, or float in [0, 1]; or a file, a picture of Pillow as it lies, or
        what `skdefocus.io.read_photograph` returns. Alpha is left out.
    step : int, optional
        Distance between patches, from 1 to 32, in pixels. Where this or ``estimate`` is
        given, patches alone are measured, by `SlidingWindowMapper`; what is not given
        is as `skdefocus.recipes.recommended_steps` has it.
    estimate : {"mean", "mode"}, optional
        What to take of the probabilities of a patch: "mean" is their mean on the scale
        of ``log(sigma + 0.8)``, "mode" the sigma of the most probable level.
    scale : float, "auto" or list of float, optional
        As in `SlidingWindowMapper`.
    refine : bool, default=True
        Refine the map along the photograph's edges.

    Returns
    -------
    ndarray of shape (H, W), float32
        Standard deviation of a Gaussian, in pixels of the photograph.

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.
    FileNotFoundError
        If the file is not there.

    Examples
    --------
    >>> from skdefocus import estimate_blur_map
    >>> from skdefocus.datasets import load_sample_photograph
    >>> blur_map = estimate_blur_map(load_sample_photograph())
    >>> bool(blur_map[200, 330] < blur_map[40, 40])
    True
    """
    given = {"step": step, "estimate": estimate, "scale": scale}
    # The sample's own cannot be written to.
    return _map_one(_unwrap(image), given, refine=refine).require_map().copy()


def _unwrap(image: Any) -> Any:
    # It reads files, and most callers hold pixels.
    from .io.unwrap import unwrap_photograph

    return unwrap_photograph(image)[0]


def _map_one(
    image: np.ndarray, given: Mapping[str, Any], *, refine: bool = True
) -> DefocusSample:
    """Map one photograph by the steps that we recommend, some parameters given."""
    given = {name: value for name, value in given.items() if value is not None}
    of_patches = bool(given.keys() & {"step", "estimate"})
    steps = dict(recommended_steps("default" if of_patches else None))
    steps["mapper"].set_params(**given)
    try:
        batch = steps["mapper"].transform([image])
        if refine:
            batch = steps["refiner"].transform(batch)
    except ValueError as error:
        # There is no batch in sight of the caller.
        raise ValueError(str(error).replace("X[0]", "image")) from error
    sample: DefocusSample = batch[0]
    return sample


def _check_given(
    caller: str, function: Callable[..., Any], parameters: Mapping[str, Any]
) -> None:
    """Refuse parameters before a map is estimated for them, which takes seconds."""
    _, _, *names = signature(function).parameters
    for name in parameters:
        if name not in names:
            raise TypeError(
                f"{caller} has no parameter {name!r}; it has {', '.join(names)}."
            )
    constraints: Mapping[str, list[Any]] = getattr(function, "constraints", {})
    given = {name: parameters[name] for name in constraints if name in parameters}
    check_parameters(constraints, given, function.__name__)


def _check_mask(image: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse a mask that does not fit before a map is estimated."""
    mask = parameters.get("subject_mask")
    if mask is not None:
        check_subject_mask(mask, np.shape(image)[:2])


def sharpen(
    image: np.ndarray, blur_map: np.ndarray | None = None, **parameters: Any
) -> np.ndarray:
    """Sharpen a photograph where it is a little blurred, and only there.

    Parameters
    ----------
    image : array-like of shape (H, W), (H, W, 3) or (H, W, 4), or path-like
        uint8, uint16, or float in [0, 1]; or a file, a picture of Pillow as it lies, or
        what `skdefocus.io.read_photograph` returns. Alpha is left out.
    blur_map : array-like of shape (H, W), optional
        Sigma in pixels; by default from `estimate_blur_map`.
    **parameters
        Of `skdefocus.enhance.adaptive_unsharp_mask`, for example ``gain``.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, or an image that is not one.
    FileNotFoundError
        If the file is not there.
    TypeError
        For a parameter that `skdefocus.enhance.adaptive_unsharp_mask` does not have.

    Examples
    --------
    >>> from skdefocus import sharpen
    >>> from skdefocus.datasets import load_sample_photograph
    >>> sharpen(load_sample_photograph(), gain=1.0).shape
    (427, 640, 3)
    """
    _check_given("sharpen", adaptive_unsharp_mask, parameters)
    image = _unwrap(image)
    if blur_map is None:
        _check_mask(image, parameters)
        blur_map = estimate_blur_map(image)
    return adaptive_unsharp_mask(image, blur_map, **parameters)


@checked(smoothing=[StrOptions(set(RENDERERS))])
def shallow_focus(
    image: np.ndarray,
    blur_map: np.ndarray | None = None,
    *,
    smoothing: str = "disc",
    **parameters: Any,
) -> np.ndarray:
    """Blur the background of a photograph further and sharpen its subject.

    Parameters
    ----------
    image : array-like of shape (H, W), (H, W, 3) or (H, W, 4), or path-like
        uint8, uint16, or float in [0, 1]; or a file, a picture of Pillow as it lies, or
        what `skdefocus.io.read_photograph` returns. Alpha is left out.
    blur_map : array-like of shape (H, W), optional
        Sigma in pixels; by default from `estimate_blur_map`, with its confidence.
    smoothing : {"disc", "lens", "guided"}, default="disc"
        By a disc (`skdefocus.render.render_disc`); by discs of varying radius with
        occlusion, as a lens draws what is out of focus
        (`skdefocus.render.render_lens`); or the paper's edge-aware smoothing
        (`skdefocus.render.render_guided`).
    **parameters
        Of the function that ``smoothing`` names, for example ``c0``, or ``unit`` for
        depth in place of the blur map.

    Returns
    -------
    ndarray of shape (H, W) or (H, W, 3), float32
        In [0, 1].

    Raises
    ------
    ValueError
        For parameters outside their range, an image that is not one, or another unit
        without a map.
    FileNotFoundError
        If the file is not there.
    TypeError
        For a parameter that this smoothing does not have.

    Examples
    --------
    >>> from skdefocus import shallow_focus
    >>> from skdefocus.datasets import load_sample_photograph
    >>> shallow_focus(load_sample_photograph()).shape
    (427, 640, 3)
    """
    renderer = RENDERERS[smoothing]
    caller = f"shallow_focus with smoothing={smoothing!r}"
    _check_given(caller, renderer, parameters)
    unit = parameters.get("unit", "px")
    if blur_map is None and unit != "px":
        raise ValueError(
            f"unit={unit!r} needs a map of {unit} in 'blur_map'; what is estimated is "
            f"sigma in pixels."
        )
    image = _unwrap(image)
    if blur_map is None:
        _check_mask(image, parameters)
        sample = _map_one(image, {})
        blur_map = sample.require_map()
        parameters = {"confidence": sample.probability, **parameters}
    return renderer(image, blur_map, **parameters)
