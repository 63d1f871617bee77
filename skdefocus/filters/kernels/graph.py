"""Graphs of ties, in compressed rows: pairs of nodes, relaxation and residuals."""

from __future__ import annotations

import numpy as np

from .lines import kernel

__all__ = [
    "add_groups",
    "gather_residual",
    "pair_nodes",
    "relax_from_zero",
    "relax_nodes",
    "residual_nodes",
]


@kernel
def pair_nodes(
    starts: np.ndarray,
    ends: np.ndarray,
    ties: np.ndarray,
    data: np.ndarray,
    weak: float,
    alone: float,
    groups: np.ndarray,
) -> int:
    """Give each node and the free neighbor that it is tied to most one group.

    A tie below ``weak`` times the strongest of a node makes no pair. What holds a node
    by itself, more than ``alone`` times all its ties, needs no group: -1. Nodes come in
    their order, so the result is always the same. The number of groups is given back.
    """
    count = 0
    groups[:] = -2
    for node in range(len(data)):
        if groups[node] != -2:
            continue
        total, strongest = np.float32(0), np.float32(0)
        for k in range(starts[node], starts[node + 1]):
            total += ties[k]
            strongest = max(strongest, ties[k])
        if data[node] > alone * total:
            groups[node] = -1
            continue
        best, partner = weak * strongest, -1
        for k in range(starts[node], starts[node + 1]):
            if groups[ends[k]] == -2 and ties[k] > best:
                best, partner = ties[k], ends[k]
        groups[node] = count
        if partner >= 0:
            groups[partner] = count
        count += 1
    return count


@kernel
def relax_from_zero(
    starts: np.ndarray,
    ends: np.ndarray,
    ties: np.ndarray,
    inverse: np.ndarray,
    right: np.ndarray,
    values: np.ndarray,
) -> None:
    """Solve for each node in its order, those behind it being 0; as `relax_nodes`.

    The neighbors of a node come in their order.
    """
    for node in range(len(values)):
        total = right[node]
        for k in range(starts[node], starts[node + 1]):
            if ends[k] > node:
                break
            total += ties[k] * values[ends[k]]
        values[node] = total * inverse[node]


@kernel
def gather_residual(
    starts: np.ndarray,
    ends: np.ndarray,
    ties: np.ndarray,
    values: np.ndarray,
    groups: np.ndarray,
    gathered: np.ndarray,
) -> None:
    """Add up for each group what `relax_from_zero` has left on its nodes.

    That was solved for with nothing behind a node, so what is behind it is left.
    ``gathered`` is 0 before.
    """
    for node in range(len(values)):
        group = groups[node]
        if group < 0:
            continue
        total = np.float32(0)
        for k in range(starts[node + 1] - 1, starts[node] - 1, -1):
            if ends[k] < node:
                break
            total += ties[k] * values[ends[k]]
        gathered[group] += total


@kernel
def add_groups(groups: np.ndarray, coarse: np.ndarray, values: np.ndarray) -> None:
    """Add the value of its group to each node that has one."""
    for node in range(len(values)):
        if groups[node] >= 0:
            values[node] += coarse[groups[node]]


@kernel
def relax_nodes(
    starts: np.ndarray,
    ends: np.ndarray,
    ties: np.ndarray,
    inverse: np.ndarray,
    right: np.ndarray,
    values: np.ndarray,
) -> None:
    """Solve for each node, the last first, its neighbors given.

    ``inverse`` is 1 over the diagonal of the matrix.
    """
    for node in range(len(values) - 1, -1, -1):
        total = right[node]
        for k in range(starts[node], starts[node + 1]):
            total += ties[k] * values[ends[k]]
        values[node] = total * inverse[node]


@kernel
def residual_nodes(
    first: int,
    last: int,
    starts: np.ndarray,
    ends: np.ndarray,
    ties: np.ndarray,
    data: np.ndarray,
    right: np.ndarray,
    values: np.ndarray,
    residual: np.ndarray,
) -> None:
    """Write ``right`` minus the matrix times ``values``."""
    for node in range(first, last):
        own = values[node]
        total = right[node] - data[node] * own
        for k in range(starts[node], starts[node + 1]):
            total += ties[k] * (values[ends[k]] - own)
        residual[node] = total
