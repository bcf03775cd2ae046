"""The closed set of operations, computed with numpy: PROTOCOL.md, section 10.1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import typerules
from .failures import ExecutionFailed
from .tensors import Array
from .typerules import TypeRule
from .values import FLOAT, Attributes, ValueType, reduced

Kernel = Callable[[Sequence[Array], Attributes, ValueType], Any]


@dataclass(frozen=True)
class Operation:
    """A row of the table: what the result's type follows from, and how it is computed."""

    name: str
    inputs: int
    type_of: TypeRule
    compute: Kernel


def _elementwise(function: Callable[..., Any]) -> Kernel:
    return lambda arrays, attributes, result: function(*arrays)


def _sigmoid(x: Array) -> Any:
    # exp of a negative number alone: of a large one it would be infinite, and the quotient NaN.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


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


def _softmax(x: Array, axis: int) -> Any:
    powers = np.exp(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
    return powers / powers.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _check_labels(labels: Array, classes: int) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        # The label itself is data, and not told.
        raise ExecutionFailed("an operation met values it cannot take, such as a label out of range")


def _cross_entropy(arrays: Sequence[Array], attributes: Attributes, result: ValueType) -> Any:
    logits, labels = arrays
    _check_labels(labels, logits.shape[1])
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
    _check_labels(arrays[0], depth)
    return (arrays[0][..., None] == np.arange(depth)).astype(FLOAT)


def _at_axis(function: Callable[[Array, int], Any]) -> Kernel:
    return lambda arrays, attributes, result: function(arrays[0], attributes.integers[0])


TABLE: dict[int, Operation] = {
    1: Operation("add", 2, typerules.broadcast_floats, _elementwise(np.add)),
    2: Operation("subtract", 2, typerules.broadcast_floats, _elementwise(np.subtract)),
    3: Operation("multiply", 2, typerules.broadcast_floats, _elementwise(np.multiply)),
    4: Operation("divide", 2, typerules.broadcast_floats, _elementwise(np.divide)),
    5: Operation("maximum", 2, typerules.broadcast_floats, _elementwise(np.maximum)),
    6: Operation("minimum", 2, typerules.broadcast_floats, _elementwise(np.minimum)),
    7: Operation("greater", 2, typerules.broadcast_floats, _elementwise(np.greater)),
    8: Operation("equal", 2, typerules.equality, _elementwise(np.equal)),
    20: Operation("addProduct", 3, typerules.broadcast_floats, _elementwise(lambda a, b, c: a + b * c)),
    21: Operation("select", 3, typerules.broadcast_floats, _elementwise(lambda a, b, c: np.where(a != 0, b, c))),
    30: Operation("negate", 1, typerules.same, _elementwise(np.negative)),
    31: Operation("exp", 1, typerules.same, _elementwise(np.exp)),
    32: Operation("log", 1, typerules.same, _elementwise(np.log)),
    33: Operation("sqrt", 1, typerules.same, _elementwise(np.sqrt)),
    34: Operation("reciprocal", 1, typerules.same, _elementwise(lambda x: FLOAT.type(1) / x)),
    35: Operation("tanh", 1, typerules.same, _elementwise(np.tanh)),
    36: Operation("sigmoid", 1, typerules.same, _elementwise(_sigmoid)),
    37: Operation("relu", 1, typerules.same, _elementwise(lambda x: np.maximum(x, 0))),
    38: Operation("abs", 1, typerules.same, _elementwise(np.abs)),
    39: Operation("sign", 1, typerules.same, _elementwise(np.sign)),
    40: Operation("power", 1, typerules.power, lambda arrays, attributes, _: arrays[0] ** FLOAT.type(attributes.floats[0])),
    41: Operation("reluGradient", 2, typerules.same, _elementwise(lambda c, y: np.where(y > 0, c, FLOAT.type(0)))),
    42: Operation("cast", 1, typerules.casting, _cast_values),
    70: Operation("sum", 1, typerules.reduction(False), _reduce(np.sum)),
    71: Operation("mean", 1, typerules.reduction(False), _reduce(np.mean)),
    72: Operation("max", 1, typerules.reduction(True), _reduce(np.max)),
    73: Operation("min", 1, typerules.reduction(True), _reduce(np.min)),
    74: Operation("argmax", 1, typerules.argmax, _at_axis(lambda x, axis: np.argmax(x, axis=axis))),
    90: Operation("sumLike", 2, typerules.sum_like, _sum_like),
    91: Operation("broadcastLike", 2, typerules.broadcast_like, _broadcast_like),
    92: Operation("reshapeLike", 2, typerules.reshape_like, lambda arrays, _, result: arrays[0].reshape(result.shape)),
    100: Operation("matmul", 2, typerules.matmul, _matmul),
    101: Operation("linear", 3, typerules.linear, lambda arrays, *_: arrays[0] @ arrays[1].T + arrays[2]),
    120: Operation("reshape", 1, typerules.reshape, lambda arrays, _, result: arrays[0].reshape(result.shape)),
    121: Operation("transpose", 1, typerules.transpose, lambda arrays, a, _: np.transpose(arrays[0], a.integers)),
    122: Operation("expand", 1, typerules.expand, _expand),
    123: Operation("slice", 1, typerules.slicing, lambda arrays, a, _: arrays[0][typerules.ranges(arrays[0].shape, a)]),
    124: Operation("sliceGradient", 2, typerules.slice_gradient, _slice_gradient),
    150: Operation("softmax", 1, typerules.along_axis, _at_axis(_softmax)),
    151: Operation("logSoftmax", 1, typerules.along_axis, _at_axis(_log_softmax)),
    152: Operation("softmaxCrossEntropy", 2, typerules.cross_entropy, _cross_entropy),
    153: Operation("softmaxCrossEntropyGradient", 3, typerules.cross_entropy_gradient, _cross_entropy_gradient),
    154: Operation("oneHot", 1, typerules.one_hot, _one_hot),
}
