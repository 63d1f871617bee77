"""What parameters may be: one table of constraints for a function and its estimator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

# scikit-learn keeps these private: no other file imports them (ruff, TID251).
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

__all__ = [
    "NON_NEGATIVE_INTEGER",
    "NON_NEGATIVE_REAL",
    "N_JOBS",
    "POSITIVE_INTEGER",
    "POSITIVE_REAL",
    "REAL",
    "UNIT_INTERVAL",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_parameters",
    "checked",
    "unchecked",
]

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

N_JOBS = [Interval(Integral, None, None, closed="neither"), None]
NON_NEGATIVE_INTEGER = Interval(Integral, 0, None, closed="left")
NON_NEGATIVE_REAL = Interval(Real, 0, None, closed="left")
POSITIVE_INTEGER = Interval(Integral, 1, None, closed="left")
POSITIVE_REAL = Interval(Real, 0, None, closed="neither")
REAL = Interval(Real, None, None, closed="neither")
UNIT_INTERVAL = Interval(Real, 0, 1, closed="both")


def check_parameters(
    constraints: Mapping[str, list[Any]], parameters: Mapping[str, Any], caller: str
) -> None:
    """Check parameters against a table of constraints.

    Parameters
    ----------
    constraints : mapping of str to list
        Accepted types, intervals and options of each parameter.
    parameters : mapping of str to object
        The values given.
    caller : str
        Name of the function or class, for the message.

    Raises
    ------
    ValueError
        In one sentence: the parameter, the caller, what is accepted, what came.
    """
    for name, value in parameters.items():
        # A bool is an Integral and NaN lies in no interval but passes "Real".
        if isinstance(value, bool | np.bool_) and "boolean" not in constraints[name]:
            allowed = [c for c in constraints[name] if isinstance(c, Interval)]
            if allowed:
                raise ValueError(
                    f"The {name!r} parameter of {caller} must be {allowed[0]}. "
                    f"Got {value!r} instead."
                )
    validate_parameter_constraints(dict(constraints), dict(parameters), caller)


def checked(
    constraints: Mapping[str, list[Any]] | None = None,
    relation: Callable[[str, Mapping[str, Any]], None] | None = None,
    /,
    **more: list[Any],
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Have a public function check its parameters whenever it is called.

    Estimators share the table of constraints with the function behind them. As they
    have checked their parameters before they call it, they call what `unchecked` gives.

    Parameters
    ----------
    constraints : mapping of str to list, optional
        Accepted types, intervals and options of parameters of the function.
    relation : callable, optional
        ``relation(caller, parameters)`` checks what no single parameter shows, after
        the constraints, and raises ValueError.
    **more : list
        More constraints, by the names of their parameters.

    Returns
    -------
    callable
        Decorator that keeps the function's signature, types and docstring.

    Raises
    ------
    TypeError
        If a constraint names no parameter of the function.
    """
    table = {**(constraints or {}), **more}

    def decorate(
        function: Callable[_Parameters, _Result],
    ) -> Callable[_Parameters, _Result]:
        # Read once: it takes longer than all checks of a call.
        signature = inspect.signature(function)
        caller = function.__qualname__
        if unknown := table.keys() - signature.parameters.keys():
            raise TypeError(f"{caller} has no parameter {', '.join(sorted(unknown))}.")
        defaults = {
            name: parameter.default
            for name, parameter in signature.parameters.items()
            if parameter.default is not parameter.empty
        }

        @wraps(function)
        def check_then_call(
            *args: _Parameters.args, **kwargs: _Parameters.kwargs
        ) -> _Result:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError:
                given = None
            # Arguments that do not fit are refused by the call, in Python's own words.
            if given is not None:
                parameters = {**defaults, **given}
                accepted = {name: parameters[name] for name in table}
                check_parameters(table, accepted, caller)
                if relation is not None:
                    relation(caller, parameters)
            return function(*args, **kwargs)

        check_then_call.__dict__.update(constraints=table, unchecked=function)
        return check_then_call

    return decorate


def unchecked(
    function: Callable[_Parameters, _Result],
) -> Callable[_Parameters, _Result]:
    """Give a `checked` function without its checks, for who has made them already.

    Parameters
    ----------
    function : callable
        A function decorated with `checked`; any other comes back as it is.

    Returns
    -------
    callable
        The function as it was before it was decorated.
    """
    plain: Callable[_Parameters, _Result] = getattr(function, "unchecked", function)
    return plain
