"""Operations by indices, computed with numpy: PROTOCOL.md, section 10.1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .failures import ExecutionFailed
from .tensors import Array
from .values import Attributes, ValueType


def check_labels(labels: Array, classes: int) -> None:
    """Raises ExecutionFailed for a label or index that is not from 0 to below `classes`."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        # The label itself is data, and not told.
        raise ExecutionFailed("an operation met values it cannot take, such as a label out of range")


def take_along(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, indices = arrays
    (axis,) = attributes.integers
    check_labels(indices, x.shape[axis])
    return np.take_along_axis(x, indices, axis)


def scatter_along(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    values, indices, lender = arrays
    (axis,) = attributes.integers
    check_labels(indices, lender.shape[axis])
    places = list(np.indices(indices.shape, sparse=True))
    places[axis] = indices
    whole = np.zeros(result.shape, result.dtype)
    np.add.at(whole, tuple(places), values)
    return whole


def take_rows(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, indices = arrays
    check_labels(indices, x.shape[0])
    return x[indices]


def scatter_rows(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    values, indices, _ = arrays
    check_labels(indices, result.shape[0])
    whole = np.zeros(result.shape, result.dtype)
    np.add.at(whole, indices, values)
    return whole


def _lines(array: Array, axes: int) -> Array:
    """[planes, elements of one], where the last axes are a plane."""
    leading = array.ndim - axes
    return array.reshape(math.prod(array.shape[:leading]), math.prod(array.shape[leading:]))


def take_planes(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, indices = (_lines(one, attributes.integers[0]) for one in arrays)
    check_labels(indices, x.shape[1])
    return np.take_along_axis(x, indices, 1).reshape(result.shape)


def scatter_planes(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    values, indices = (_lines(one, attributes.integers[0]) for one in arrays[:2])
    whole = np.zeros(result.shape, result.dtype)
    lines = _lines(whole, attributes.integers[0])
    check_labels(indices, lines.shape[1])
    np.add.at(lines, (np.arange(len(lines))[:, None], indices), values)
    return whole
