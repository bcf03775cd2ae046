"""Convolutions and pools, computed with numpy: PROTOCOL.md, section 10.1.

Padding is never there: each place of a window meets the elements it can, in all windows at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .tensors import Array
from .values import FLOAT, Attributes, ValueType
from .windows import WindowAxis, convolution_axes, overlaps, pool_axes


def _grouped(array: Array, groups: int) -> Array:
    """[rows, channels, spatial…] as [groups, channels of one, rows, spatial…]."""
    rows, channels = array.shape[:2]
    return np.moveaxis(array.reshape(rows, groups, channels // groups, *array.shape[2:]), 0, 2)


def _parted(weight: Array, groups: int) -> Array:
    """[out, in of a group, spatial…] as [groups, out of one, in of one, spatial…]."""
    return weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])


def _at(array: Array, index: Sequence[int | slice]) -> Array:
    """What is at an index of the spatial axes, in place."""
    whole: Any = (..., *index)
    found: Array = array[whole]
    return found


def _flat(block: Array) -> Array:
    """What lies behind the channels as one axis; there is some."""
    return block.reshape(*block.shape[:2], -1)


def convolution(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, weight = arrays
    whole = np.zeros(result.shape, FLOAT)
    if not (x.size and weight.size):
        return whole
    groups, axes = convolution_axes(weight.shape, attributes)
    own, parts, sums = _grouped(x, groups), _parted(weight, groups), _grouped(whole, groups)
    for place, windows, elements in overlaps(axes, x.shape[2:]):
        target = _at(sums, windows)
        target += (_at(parts, place) @ _flat(_at(own, elements))).reshape(target.shape)
    return whole


def convolution_input_gradient(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    cotangent, weight, _ = arrays
    whole = np.zeros(result.shape, FLOAT)
    if not (whole.size and weight.size):
        return whole
    groups, axes = convolution_axes(weight.shape, attributes)
    own, parts, sums = _grouped(cotangent, groups), _parted(weight, groups), _grouped(whole, groups)
    for place, windows, elements in overlaps(axes, result.shape[2:]):
        target, part = _at(sums, elements), np.swapaxes(_at(parts, place), 1, 2)
        target += (part @ _flat(_at(own, windows))).reshape(target.shape)
    return whole


def convolution_weight_gradient(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, cotangent, _ = arrays
    whole = np.zeros(result.shape, FLOAT)
    if not (x.size and whole.size):
        return whole
    groups, axes = convolution_axes(result.shape, attributes)
    own, given, parts = _grouped(x, groups), _grouped(cotangent, groups), _parted(whole, groups)
    for place, windows, elements in overlaps(axes, x.shape[2:]):
        block = _flat(_at(own, elements))
        _at(parts, place)[...] = _flat(_at(given, windows)) @ np.swapaxes(block, 1, 2)
    return whole


# Pools go along one axis after the other: a window is a line of lines.


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, part)


def _emptied(x: Array, axis: int, size: int) -> Array:
    """Zeros, with another size along an axis."""
    return np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)


def max_pool(arrays: Sequence[Array], attributes: Attributes, results: Sequence[ValueType]) -> list[Any]:
    values = arrays[0]
    plane = values.shape[2:]
    places: Array = np.broadcast_to(np.arange(math.prod(plane)).reshape(plane), values.shape)
    # The last axis first, so that the first of equals is the first in the plane.
    for axis, own in reversed(list(enumerate(pool_axes(attributes), 2))):
        values, places = _largest(values, places, axis, own)
    return [values, places]


def _largest(values: Array, places: Array, axis: int, own: WindowAxis) -> tuple[Array, Array]:
    """The largest of each window along an axis, and its place."""
    count = own.count(values.shape[axis])
    best, chosen = _emptied(values, axis, count), _emptied(places, axis, count) - 1
    for _, windows, elements in own.overlaps(values.shape[axis]):
        target, source = _along(axis, windows), _along(axis, elements)
        before, new = best[target], values[source]
        wins = (chosen[target] < 0) | (new > before) | np.isnan(new) & ~np.isnan(before)
        best[target], chosen[target] = np.where(wins, new, before), np.where(wins, places[source], chosen[target])
    return best, chosen


def sum_pool(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    values = arrays[0]
    for axis, own in enumerate(pool_axes(attributes), 2):
        sums = _emptied(values, axis, result.shape[axis])
        for _, windows, elements in own.overlaps(values.shape[axis]):
            sums[_along(axis, windows)] += values[_along(axis, elements)]
        values = sums
    return values


def sum_pool_gradient(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    values = arrays[0]
    for axis, own in enumerate(pool_axes(attributes), 2):
        sums = _emptied(values, axis, result.shape[axis])
        for _, windows, elements in own.overlaps(result.shape[axis]):
            sums[_along(axis, elements)] += values[_along(axis, windows)]
        values = sums
    return values
