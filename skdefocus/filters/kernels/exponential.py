"""The exponential function of a line, eight values at a time where a core can.

NumPy's takes as long as the whole smoother does along one direction.
"""

from __future__ import annotations

import numpy as np

from .lines import kernel

__all__ = ["exponential"]

_LOG2_E = np.float32(1.4426950408889634)
# ln 2 in two parts, of which the first has few digits.
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# Below it the result would be 0, or one of the numbers near 0 that cores are slow with.
_LEAST = np.float32(-87.0)
# 1/2!, 1/3!, ..., 1/7!: the interval is so short that no better fit is needed.
_C2, _C3, _C4, _C5, _C6, _C7 = (
    np.float32(1 / factorial) for factorial in (2, 6, 24, 120, 720, 5040)
)
_ONE, _HALF = np.float32(1), np.float32(0.5)
_EXPONENT_BIAS, _EXPONENT_UNIT = np.int32(127), np.int32(2**23)


@kernel
def exponential(line: np.ndarray) -> None:
    """Replace float32 values, at most 0, by their exponentials; at least exp(-87)."""
    for i in range(line.size):
        value = max(line[i], _LEAST)
        # exp(value) = 2^power exp(rest), with rest from -ln(2) / 2 to ln(2) / 2.
        power = np.int32(value * _LOG2_E - _HALF)
        whole = np.float32(power)
        rest = value - whole * _LN2_HIGH - whole * _LN2_LOW
        series = _C2 + rest * (
            _C3 + rest * (_C4 + rest * (_C5 + rest * (_C6 + rest * _C7)))
        )
        series = series * rest * rest + rest + _ONE
        bits = np.int32((power + _EXPONENT_BIAS) * _EXPONENT_UNIT)
        line[i] = series * bits.view(np.float32)
