"""How the windows of convolutions and pools lie, and what follows for types: PROTOCOL.md, section 10.1."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .values import FLOAT, Attributes, Shape, ValueType, checked, require, require_floats

EXTENT_MAXIMUM = 65_536
SIZE_MAXIMUM = 4_096

Slices = tuple[slice, ...]


@dataclass(frozen=True)
class WindowAxis:
    """The windows along one axis."""

    size: int
    stride: int
    padding: int
    dilation: int = 1

    def count(self, elements: int) -> int:
        """How many windows there are; raises InvalidJob."""
        extents = range(1, EXTENT_MAXIMUM + 1)
        require(
            1 <= self.size <= SIZE_MAXIMUM and self.stride in extents and self.dilation in extents
            and 0 <= self.padding <= EXTENT_MAXIMUM,
            f"a window of {self.size}, stride {self.stride}, padding {self.padding}, dilation {self.dilation}")
        span = (self.size - 1) * self.dilation + 1
        room = elements + 2 * self.padding - span
        require(room >= 0, f"a window that spans {span} does not fit {elements}")
        return room // self.stride + 1

    def overlaps(self, elements: int) -> Iterator[tuple[int, slice, slice]]:
        """Each place in a window that meets elements in some, in order: the place, these windows, those elements."""
        windows = self.count(elements)
        for place in range(self.size):
            offset = place * self.dilation - self.padding
            first = max(0, -(offset // self.stride))
            stop = min(windows, (elements - 1 - offset) // self.stride + 1)
            if first < stop:
                start = first * self.stride + offset
                end = start + (stop - first - 1) * self.stride + 1
                yield place, slice(first, stop), slice(start, end, self.stride)


def overlaps(axes: Sequence[WindowAxis], sizes: Shape) -> Iterator[tuple[tuple[int, ...], Slices, Slices]]:
    """As of one axis, of several."""
    for each in itertools.product(*(list(axis.overlaps(size)) for axis, size in zip(axes, sizes))):
        places, windows, elements = zip(*each)
        yield places, windows, elements


def _counts(axes: Sequence[WindowAxis], x: Shape) -> list[int]:
    return [axis.count(size) for axis, size in zip(axes, x[2:])]


def _require_spatial(x: Shape, count: int) -> None:
    require(
        1 <= count <= 3 and len(x) == count + 2, f"x has {len(x)} axes, not rows, channels and {count} of 1 to 3")


def convolution_axes(weight: Shape, attributes: Attributes) -> tuple[int, list[WindowAxis]]:
    """The groups, and the windows along each axis; raises InvalidJob."""
    require(len(attributes.integers) > 0, "has no groups")
    groups = attributes.integers[0]
    lists = Attributes(attributes.integers[1:], attributes.floats).lists(3)
    return groups, [WindowAxis(*each) for each in zip(weight[2:], *lists)]


def _convolved(x: Shape, weight: Shape, attributes: Attributes) -> Shape:
    """What a convolution makes of these."""
    groups, axes = convolution_axes(weight, attributes)
    count = (len(attributes.integers) - 1) // 3
    _require_spatial(x, count)
    require(len(weight) == len(x), f"a weight of {len(weight)} axes")
    require(1 <= groups <= EXTENT_MAXIMUM, f"{groups} groups")
    require(
        x[1] % groups == 0 and weight[0] % groups == 0 and weight[1] == x[1] // groups,
        f"{x[1]} channels to {weight[0]} in {groups} groups, the weight takes {weight[1]}")
    return checked([x[0], weight[0], *_counts(axes, x)])


def convolution(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types)
    return ValueType(FLOAT, _convolved(types[0].shape, types[1].shape, attributes))


def convolution_input_gradient(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:2])
    cotangent, weight, x = (one.shape for one in types)
    require(cotangent == _convolved(x, weight, attributes), "the cotangent is not the convolution's shape")
    return ValueType(FLOAT, x)


def convolution_weight_gradient(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:2])
    x, cotangent, weight = (one.shape for one in types)
    require(cotangent == _convolved(x, weight, attributes), "the cotangent is not the convolution's shape")
    return ValueType(FLOAT, weight)


def pool_axes(attributes: Attributes) -> list[WindowAxis]:
    """The windows along each axis; raises InvalidJob."""
    return [WindowAxis(*each) for each in zip(*attributes.lists(3))]


def _pooled(x: Shape, attributes: Attributes) -> Shape:
    """What a pool makes of this."""
    axes = pool_axes(attributes)
    _require_spatial(x, len(axes))
    for axis in axes:
        require(
            axis.size <= EXTENT_MAXIMUM and axis.padding <= axis.size // 2,
            f"a window of {axis.size} with a padding of {axis.padding}")
    return checked([*x[:2], *_counts(axes, x)])


def max_pool(types: Sequence[ValueType], attributes: Attributes) -> list[ValueType]:
    require_floats(types)
    x = types[0].shape
    shape = _pooled(x, attributes)
    require(all(size > 0 for size in x[2:]), "nothing to choose from along an axis of size 0")
    return [ValueType(FLOAT, shape), ValueType(np.dtype("<i8"), shape)]


def sum_pool(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types)
    return ValueType(FLOAT, _pooled(types[0].shape, attributes))


def sum_pool_gradient(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:1])
    x = types[1].shape
    require(types[0].shape == _pooled(x, attributes), "the cotangent is not the pool's shape")
    return ValueType(FLOAT, x)
