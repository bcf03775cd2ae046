"""The closed set of operations, computed with numpy: PROTOCOL.md, section 10.1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import convolutions, picks, typerules, windows
from .tensors import Array
from .typerules import PARTS_MAXIMUM, TypeRule, TypesRule
from .values import FLOAT, Attributes, ValueType, reduced

Kernel = Callable[[Sequence[Array], Attributes, ValueType], Any]


@dataclass(frozen=True)
class Operation:
    """A row of the table: what the results' types follow from, and how they are computed."""

    name: str
    inputs: range
    """How many values it reads."""
    results: Callable[[Attributes], int]
    """How many values it makes."""
    types: TypesRule
    compute: Callable[[Sequence[Array], Attributes, Sequence[ValueType]], Sequence[Any]]


def _one(name: str, inputs: int | range, type_of: TypeRule, kernel: Kernel) -> Operation:
    """An operation with one result."""
    return Operation(
        name, inputs if isinstance(inputs, range) else range(inputs, inputs + 1), lambda attributes: 1,
        lambda types, attributes: [type_of(types, attributes)],
        lambda arrays, attributes, results: [kernel(arrays, attributes, results[0])])


def _elementwise(function: Callable[..., Any]) -> Kernel:
    return lambda arrays, attributes, result: function(*arrays)


def _sigmoid(x: Array) -> Any:
    # exp of a negative number alone: of a large one it would be infinite, and the quotient NaN.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


_erf = np.vectorize(math.erf, otypes=[FLOAT])


def _cast_values(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x = arrays[0]
    if result.dtype.kind == "f" or x.dtype.kind != "f" and np.can_cast(x.dtype, result.dtype):
        return x.astype(result.dtype)
    low, high = np.iinfo(result.dtype).min, np.iinfo(result.dtype).max
    if x.dtype.kind != "f":
        return np.clip(x.astype("<i8"), low, high).astype(result.dtype)
    wide = np.nan_to_num(np.trunc(x.astype("<f8")), nan=0, posinf=np.inf, neginf=-np.inf)
    inside = (wide >= low) & (wide < float(high) + 1)
    whole = np.where(inside, wide, 0).astype("<i8")
    return np.where(inside, whole, np.where(wide > 0, high, np.where(wide < 0, low, 0))).astype(result.dtype)


def _reduce(function: Callable[..., Any]) -> Kernel:
    def kernel(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
        axes = attributes.axes(1, arrays[0].ndim)
        return function(arrays[0], axis=axes, keepdims=attributes.flag(0))

    return kernel


def _sum_like(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    x, shape = arrays[0], result.shape
    padded = (1,) * (x.ndim - len(shape)) + shape
    axes = tuple(axis for axis in range(x.ndim) if padded[axis] == 1 and x.shape[axis] != 1)
    return x.sum(axis=axes, keepdims=True, dtype=FLOAT).reshape(shape)


def _broadcast_like(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    axes = attributes.axes(2, len(result.shape))
    kept = reduced(result.shape, axes, True)
    repeated = np.broadcast_to(arrays[0].reshape(kept), result.shape)
    repeats = math.prod(result.shape[axis] for axis in axes)
    return repeated / FLOAT.type(repeats) if attributes.flag(1) else repeated


def _matmul(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    left, right = arrays
    left = np.swapaxes(left, -1, -2) if attributes.flag(0) else left
    return np.matmul(left, np.swapaxes(right, -1, -2) if attributes.flag(1) else right)


def _expand(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    return np.broadcast_to(arrays[0], result.shape)


def _slice_gradient(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    whole = np.zeros(result.shape, result.dtype)
    whole[typerules.ranges(result.shape, attributes)] = arrays[0]
    return whole


def _cumulative_sum(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    axis = attributes.integers[0]
    if attributes.flag(1):
        return np.flip(np.cumsum(np.flip(arrays[0], axis), axis, "<f8"), axis)
    return np.cumsum(arrays[0], axis, "<f8")


def _pad(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    whole = np.full(result.shape, attributes.floats[0], result.dtype)
    befores = attributes.integers[: len(attributes.integers) // 2]
    whole[tuple(slice(one, one + size) for one, size in zip(befores, arrays[0].shape))] = arrays[0]
    return whole


def _softmax(x: Array, axis: int) -> Any:
    powers = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    return powers / powers.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _cross_entropy(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    logits, labels = arrays
    picks.check_labels(labels, logits.shape[1])
    losses = -_log_softmax(logits, 1)[np.arange(len(labels)), labels]
    return (losses, losses.sum(dtype=FLOAT), losses.mean(dtype=FLOAT) if len(losses) else np.float32(np.nan))[
        attributes.integers[0] - 1]


def _cross_entropy_gradient(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    cotangent, logits, labels = arrays
    gradient = _softmax(logits, 1) - _one_hot([labels], Attributes((logits.shape[1],), ()), result)
    if attributes.integers[0] == 1:
        return gradient * cotangent[:, None]
    return gradient * (cotangent / FLOAT.type(max(1, len(labels))) if attributes.integers[0] == 3 else cotangent)


def _one_hot(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    (depth,) = attributes.integers
    picks.check_labels(arrays[0], depth)
    return (arrays[0][..., None] == np.arange(depth)).astype(FLOAT)


def _ordered(axis: int, count: int | None, is_descending: bool) -> Callable[[Array], list[Any]]:
    """The elements along an axis in order and where they were: equal ones as they lie, a NaN as the largest."""

    def kernel(x: Array) -> list[Any]:
        order = np.argsort(x, axis=axis, kind="stable")
        if is_descending:
            # Reversed twice, so that equal ones stay as they lie.
            size = x.shape[axis]
            order = size - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
        places = order if count is None else np.take(order, range(count), axis=axis)
        return [np.take_along_axis(x, places, axis), places]

    return kernel


def _top(arrays: Sequence[Array], attributes: Attributes, results: Sequence[ValueType]) -> list[Any]:
    count, axis = attributes.integers
    return _ordered(axis, count, True)(arrays[0])


def _sort(arrays: Sequence[Array], attributes: Attributes, results: Sequence[ValueType]) -> list[Any]:
    return _ordered(attributes.integers[0], None, attributes.flag(1))(arrays[0])


def _split(arrays: Sequence[Array], attributes: Attributes, results: Sequence[ValueType]) -> list[Any]:
    axis = attributes.integers[0]
    return np.split(arrays[0], np.cumsum([one.shape[axis] for one in results])[:-1], axis)


def _at_axis(function: Callable[[Array, int], Any]) -> Kernel:
    return lambda arrays, attributes, result: function(arrays[0], attributes.integers[0])


TABLE: dict[int, Operation] = {
    1: _one("add", 2, typerules.broadcast_floats, _elementwise(np.add)),
    2: _one("subtract", 2, typerules.broadcast_floats, _elementwise(np.subtract)),
    3: _one("multiply", 2, typerules.broadcast_floats, _elementwise(np.multiply)),
    4: _one("divide", 2, typerules.broadcast_floats, _elementwise(np.divide)),
    5: _one("maximum", 2, typerules.broadcast_floats, _elementwise(np.maximum)),
    6: _one("minimum", 2, typerules.broadcast_floats, _elementwise(np.minimum)),
    7: _one("greater", 2, typerules.broadcast_floats, _elementwise(np.greater)),
    8: _one("equal", 2, typerules.equality, _elementwise(np.equal)),
    20: _one("addProduct", 3, typerules.broadcast_floats, _elementwise(lambda a, b, c: a + b * c)),
    21: _one("select", 3, typerules.broadcast_floats, _elementwise(lambda a, b, c: np.where(a != 0, b, c))),
    30: _one("negate", 1, typerules.same, _elementwise(np.negative)),
    31: _one("exp", 1, typerules.same, _elementwise(np.exp)),
    32: _one("log", 1, typerules.same, _elementwise(np.log)),
    33: _one("sqrt", 1, typerules.same, _elementwise(np.sqrt)),
    34: _one("reciprocal", 1, typerules.same, _elementwise(lambda x: FLOAT.type(1) / x)),
    35: _one("tanh", 1, typerules.same, _elementwise(np.tanh)),
    36: _one("sigmoid", 1, typerules.same, _elementwise(_sigmoid)),
    37: _one("relu", 1, typerules.same, _elementwise(lambda x: np.maximum(x, 0))),
    38: _one("abs", 1, typerules.same, _elementwise(np.abs)),
    39: _one("sign", 1, typerules.same, _elementwise(np.sign)),
    40: _one("power", 1, typerules.power, lambda arrays, attributes, _: arrays[0] ** FLOAT.type(attributes.floats[0])),
    41: _one("reluGradient", 2, typerules.same, _elementwise(lambda c, y: np.where(y > 0, c, FLOAT.type(0)))),
    42: _one("cast", 1, typerules.casting, _cast_values),
    43: _one("erf", 1, typerules.same, _elementwise(_erf)),
    44: _one("sin", 1, typerules.same, _elementwise(np.sin)),
    45: _one("cos", 1, typerules.same, _elementwise(np.cos)),
    70: _one("sum", 1, typerules.reduction(False), _reduce(np.sum)),
    71: _one("mean", 1, typerules.reduction(False), _reduce(np.mean)),
    72: _one("max", 1, typerules.reduction(True), _reduce(np.max)),
    73: _one("min", 1, typerules.reduction(True), _reduce(np.min)),
    74: _one("argmax", 1, typerules.argmax, _at_axis(lambda x, axis: np.argmax(x, axis=axis))),
    75: Operation("topK", range(1, 2), lambda attributes: 2, typerules.top, _top),
    76: Operation("sort", range(1, 2), lambda attributes: 2, typerules.sort, _sort),
    77: _one("cumulativeSum", 1, typerules.cumulative_sum, _cumulative_sum),
    90: _one("sumLike", 2, typerules.sum_like, _sum_like),
    91: _one("broadcastLike", 2, typerules.broadcast_like, _broadcast_like),
    92: _one("reshapeLike", 2, typerules.reshape_like, lambda arrays, _, result: arrays[0].reshape(result.shape)),
    100: _one("matmul", 2, typerules.matmul, _matmul),
    101: _one("linear", 3, typerules.linear, lambda arrays, *_: arrays[0] @ arrays[1].T + arrays[2]),
    102: _one("convolution", 2, windows.convolution, convolutions.convolution),
    103: _one(
        "convolutionInputGradient", 3, windows.convolution_input_gradient, convolutions.convolution_input_gradient),
    104: _one(
        "convolutionWeightGradient", 3, windows.convolution_weight_gradient, convolutions.convolution_weight_gradient),
    110: Operation("maxPool", range(1, 2), lambda attributes: 2, windows.max_pool, convolutions.max_pool),
    111: _one("sumPool", 1, windows.sum_pool, convolutions.sum_pool),
    112: _one("sumPoolGradient", 2, windows.sum_pool_gradient, convolutions.sum_pool_gradient),
    120: _one("reshape", 1, typerules.reshape, lambda arrays, _, result: arrays[0].reshape(result.shape)),
    121: _one("transpose", 1, typerules.transpose, lambda arrays, a, _: np.transpose(arrays[0], a.integers)),
    122: _one("expand", 1, typerules.expand, _expand),
    123: _one("slice", 1, typerules.slicing, lambda arrays, a, _: arrays[0][typerules.ranges(arrays[0].shape, a)]),
    124: _one("sliceGradient", 2, typerules.slice_gradient, _slice_gradient),
    125: _one("takeAlong", 2, typerules.take_along, picks.take_along),
    126: _one("scatterAlong", 3, typerules.scatter_along, picks.scatter_along),
    127: _one(
        "concatenate", range(1, PARTS_MAXIMUM + 1), typerules.concatenate,
        lambda arrays, a, _: np.concatenate(arrays, a.integers[0])),
    128: Operation("splitLike", range(2, PARTS_MAXIMUM + 2), typerules.part_count, typerules.split_like, _split),
    129: _one("pad", 1, typerules.pad, _pad),
    130: _one("takeRows", 2, typerules.take_rows, picks.take_rows),
    131: _one("scatterRows", 3, typerules.scatter_rows, picks.scatter_rows),
    132: _one("takePlanes", 2, typerules.take_planes, picks.take_planes),
    133: _one("scatterPlanes", 3, typerules.scatter_planes, picks.scatter_planes),
    150: _one("softmax", 1, typerules.along_axis, _at_axis(_softmax)),
    151: _one("logSoftmax", 1, typerules.along_axis, _at_axis(_log_softmax)),
    152: _one("softmaxCrossEntropy", 2, typerules.cross_entropy, _cross_entropy),
    153: _one("softmaxCrossEntropyGradient", 3, typerules.cross_entropy_gradient, _cross_entropy_gradient),
    154: _one("oneHot", 1, typerules.one_hot, _one_hot),
}
