"""What the result of an operation is, found from the types of its operands: PROTOCOL.md, section 10.1.

Each rule is complete: whatever passes can be computed. What does not raises InvalidJob.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from .tensors import TYPES
from .values import FLOAT, Attributes, Shape, ValueType, broadcast, checked, reduced, require, require_floats, resolved

END = 2**63 - 1
LABELS = (np.dtype("<i4"), np.dtype("<i8"))

PARTS_MAXIMUM = 4_096

TypeRule = Callable[[Sequence[ValueType], Attributes], ValueType]
TypesRule = Callable[[Sequence[ValueType], Attributes], Sequence[ValueType]]


def broadcast_floats(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require_floats(types)
    return ValueType(FLOAT, broadcast(types))


def equality(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require(types[0].dtype == types[1].dtype, "takes values of one element type")
    return ValueType(FLOAT, broadcast(types))


def same(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require_floats(types)
    require(all(one.shape == types[0].shape for one in types), "the shapes differ")
    return types[0]


def power(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0, 1)
    require_floats(types)
    return types[0]


def casting(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require(attributes.integers[0] in TYPES, f"there is no element type {attributes.integers[0]}")
    return ValueType(TYPES[attributes.integers[0]], types[0].shape)


def reduction(chooses: bool) -> TypeRule:
    def rule(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
        require_floats(types)
        shape = types[0].shape
        axes = attributes.axes(1, len(shape))
        if chooses:
            require(all(shape[axis] for axis in axes), "nothing to choose from along an axis of size 0")
        return ValueType(FLOAT, reduced(shape, axes, attributes.flag(0)))

    return rule


def argmax(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require_floats(types)
    shape = types[0].shape
    (axis,) = resolved(attributes.integers, len(shape))
    require(shape[axis] > 0, "nothing to choose from along an axis of size 0")
    return ValueType(np.dtype("<i8"), reduced(shape, (axis,), False))


def _ordered(x: ValueType, axis: int, count: int | None) -> list[ValueType]:
    require_floats([x])
    (own,) = resolved((axis,), len(x.shape))
    size = x.shape[own]
    kept = size if count is None else count
    require(0 <= kept <= size, f"{kept} of {size} elements along axis {own}")
    shape = checked([*x.shape[:own], kept, *x.shape[own + 1 :]])
    return [ValueType(FLOAT, shape), ValueType(np.dtype("<i8"), shape)]


def top(types: Sequence[ValueType], attributes: Attributes) -> list[ValueType]:
    attributes.require(2)
    count, axis = attributes.integers
    return _ordered(types[0], axis, count)


def sort(types: Sequence[ValueType], attributes: Attributes) -> list[ValueType]:
    attributes.require(2)
    attributes.flag(1)
    return _ordered(types[0], attributes.integers[0], None)


def cumulative_sum(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(2)
    attributes.flag(1)
    require_floats(types)
    resolved(attributes.integers[:1], len(types[0].shape))
    return types[0]


def _require_indices(indices: ValueType) -> None:
    require(indices.dtype in LABELS, "takes indices of int32 or int64")


def _picked(whole: Shape, indices: ValueType, attributes: Attributes) -> None:
    attributes.require(1)
    _require_indices(indices)
    (axis,) = resolved(attributes.integers, len(whole))
    require(len(indices.shape) == len(whole), f"the indices have {len(indices.shape)} axes")
    fits = all(one == size or own == axis for own, (one, size) in enumerate(zip(indices.shape, whole)))
    require(fits, f"sizes differ along other axes than {axis}")


def take_along(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    _picked(types[0].shape, types[1], attributes)
    return ValueType(types[0].dtype, types[1].shape)


def scatter_along(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:1])
    _picked(types[2].shape, types[1], attributes)
    require(types[0].shape == types[1].shape, "there are not as many values as indices")
    return ValueType(FLOAT, types[2].shape)


def take_rows(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    x, indices = types
    _require_indices(indices)
    require(len(x.shape) >= 1, "there are no rows in a scalar")
    return ValueType(x.dtype, checked([*indices.shape, *x.shape[1:]]))


def scatter_rows(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    values, indices, lender = types
    require_floats([values])
    _require_indices(indices)
    require(len(lender.shape) >= 1, "there are no rows in a scalar")
    require(values.shape == indices.shape + lender.shape[1:], "there is not a row for each index")
    return ValueType(FLOAT, lender.shape)


def _picked_in_planes(whole: Shape, indices: ValueType, attributes: Attributes) -> None:
    attributes.require(1)
    _require_indices(indices)
    (axes,) = attributes.integers
    rank = len(whole)
    require(
        1 <= axes < rank and len(indices.shape) == rank,
        f"planes of {axes} of {rank} axes, indices of {len(indices.shape)}")
    require(indices.shape[: rank - axes] == whole[: rank - axes], "the axes before the planes differ")


def take_planes(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    _picked_in_planes(types[0].shape, types[1], attributes)
    return ValueType(types[0].dtype, types[1].shape)


def scatter_planes(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:1])
    _picked_in_planes(types[2].shape, types[1], attributes)
    require(types[0].shape == types[1].shape, "there are not as many values as indices")
    return ValueType(FLOAT, types[2].shape)


def _joined(types: Sequence[ValueType], axis: int) -> Shape:
    first = types[0].shape
    (own,) = resolved((axis,), len(first))
    fits = all(
        len(one.shape) == len(first) and all(a == b or i == own for i, (a, b) in enumerate(zip(one.shape, first)))
        for one in types)
    require(fits, f"sizes differ along other axes than {own}")
    return checked([*first[:own], sum(one.shape[own] for one in types), *first[own + 1 :]])


def concatenate(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require(all(one.dtype == types[0].dtype for one in types), "takes values of one element type")
    return ValueType(types[0].dtype, _joined(types, attributes.integers[0]))


def part_count(attributes: Attributes) -> int:
    """How many parts a value is taken apart into; the type rule refuses other counts."""
    count = attributes.integers[1] if len(attributes.integers) > 1 else 1
    return min(max(1, count), PARTS_MAXIMUM)


def split_like(types: Sequence[ValueType], attributes: Attributes) -> list[ValueType]:
    attributes.require(2)
    axis, count = attributes.integers
    whole, *parts = types
    require(count == part_count(attributes) == len(parts), f"{count} parts like {len(parts)} values")
    require(len(parts[0].shape) == len(whole.shape), "the parts have other axes")
    require(_joined(parts, axis) == whole.shape, "the parts do not fill it")
    return [ValueType(whole.dtype, one.shape) for one in parts]


def sum_like(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require_floats(types[:1])
    require(broadcast(types) == types[0].shape, "the first shape is no broadcast of the second")
    return ValueType(FLOAT, types[1].shape)


def broadcast_like(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types[:1])
    attributes.flag(1)
    shape = types[1].shape
    expected = reduced(shape, attributes.axes(2, len(shape)), attributes.flag(0))
    require(types[0].shape == expected, f"reducing the second shape gives {list(expected)}, not the first")
    return ValueType(FLOAT, shape)


def reshape_like(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require(math.prod(types[0].shape) == math.prod(types[1].shape), "the elements do not fill the second shape")
    return ValueType(types[0].dtype, types[1].shape)


def matmul(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(2)
    require_floats(types)
    left, right = types[0].shape, types[1].shape
    require(len(left) >= 2 and len(right) >= 2, "both sides need at least 2 axes")
    rows, inner = left[-2:][::-1] if attributes.flag(0) else left[-2:]
    other, columns = right[-2:][::-1] if attributes.flag(1) else right[-2:]
    require(inner == other, f"inner dimensions differ, {inner} and {other}")
    batch = broadcast([ValueType(FLOAT, left[:-2]), ValueType(FLOAT, right[:-2])])
    return ValueType(FLOAT, checked([*batch, rows, columns]))


def linear(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(0)
    require_floats(types)
    x, weight, bias = (one.shape for one in types)
    require(len(x) >= 2 and len(weight) == 2, "x needs at least 2 axes, the weight 2")
    require(x[-1] == weight[1] and bias == weight[:1], "x, weight and bias do not fit")
    return ValueType(FLOAT, checked([*x[:-1], weight[0]]))


def reshape(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    (sizes,) = attributes.lists(1)
    source = types[0].shape
    require(all(size >= -1 for size in sizes) and sizes.count(-1) <= 1, f"{list(sizes)} are no sizes")
    require(all(size != 0 or axis < len(source) for axis, size in enumerate(sizes)), "no axis whose size to keep")
    kept = [source[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    if -1 in sizes:
        # Axes that are kept cancel on both sides, so that an empty batch keeps its shape.
        given = math.prod(size for size in sizes if size > 0)
        moved = [size for axis, size in enumerate(source) if axis >= len(sizes) or sizes[axis] != 0]
        require(math.prod(moved) % given == 0, f"the elements do not fill {list(sizes)}")
        kept[sizes.index(-1)] = math.prod(moved) // given
    require(math.prod(kept) == math.prod(source), f"the elements do not fill {list(sizes)}")
    return ValueType(types[0].dtype, checked(kept))


def transpose(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    (permutation,) = attributes.lists(1)
    shape = types[0].shape
    require(sorted(permutation) == list(range(len(shape))), f"{list(permutation)} is no order of {len(shape)} axes")
    return ValueType(types[0].dtype, tuple(shape[axis] for axis in permutation))


def expand(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require_floats(types)
    (sizes,) = attributes.lists(1)
    source = types[0].shape
    require(len(sizes) >= len(source) and all(size >= 0 for size in sizes), f"cannot expand to {list(sizes)}")
    padded = (0,) * (len(sizes) - len(source)) + source
    result = []
    for axis, (size, own) in enumerate(zip(sizes, padded)):
        is_new = axis < len(sizes) - len(source)
        require(not (is_new and size == 0), f"there is no axis {axis} whose size to keep")
        require(is_new or size in (0, own) or own == 1, f"axis {axis} has size {own}, not 1 or {size}")
        result.append(own if size == 0 else size)
    return ValueType(FLOAT, checked(result))


def ranges(shape: Shape, attributes: Attributes) -> tuple[slice, ...]:
    starts, stops, steps = attributes.lists(3)
    require(len(starts) <= len(shape), f"{len(starts)} ranges for {len(shape)} axes")
    found = []
    for size, start, stop, step in zip(shape, starts, stops, steps):
        first = start + size if start < 0 else start
        last = size if stop == END else stop + size if stop < 0 else stop
        require(step >= 1 and 0 <= first <= last <= size, f"an axis of size {size} has no {start}..<{stop} by {step}")
        found.append(slice(first, last, step))
    return tuple(found)


def _sliced(shape: Shape, attributes: Attributes) -> Shape:
    kept = ranges(shape, attributes)
    return tuple(len(range(*one.indices(size))) for one, size in zip(kept, shape)) + shape[len(kept) :]


def slicing(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    return ValueType(types[0].dtype, _sliced(types[0].shape, attributes))


def slice_gradient(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require(types[0].shape == _sliced(types[1].shape, attributes), "the cotangent is not the slice's shape")
    return ValueType(types[0].dtype, types[1].shape)


def pad(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require(len(attributes.floats) == 1, f"has {len(attributes.floats)} real numbers, takes 1")
    befores, afters = Attributes(attributes.integers, ()).lists(2)
    (x,) = types
    require(len(befores) <= len(x.shape), f"{len(befores)} paddings for {len(x.shape)} axes")
    require(all(one >= 0 for one in befores + afters), f"paddings {list(befores)} and {list(afters)}")
    require(x.dtype == FLOAT or attributes.floats[0] == 0, f"{x.dtype} is padded with 0 alone")
    sizes = [size + before + after for size, before, after in zip(x.shape, befores, afters)]
    return ValueType(x.dtype, checked([*sizes, *x.shape[len(sizes) :]]))


def along_axis(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require_floats(types)
    resolved(attributes.integers, len(types[0].shape))
    return types[0]


def cross_entropy(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require(attributes.integers[0] in (1, 2, 3), f"there is no reduction {attributes.integers[0]}")
    logits, labels = types
    require_floats([logits])
    require(labels.dtype in LABELS, "takes labels of int32 or int64")
    require(len(logits.shape) == 2 and logits.shape[1] >= 1, "the logits need 2 axes [rows, classes]")
    require(labels.shape == logits.shape[:1], "there is not a label for each row")
    return ValueType(FLOAT, labels.shape if attributes.integers[0] == 1 else ())


def cross_entropy_gradient(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    require(types[0] == cross_entropy(types[1:], attributes), "the cotangent is not the loss's shape")
    return types[1]


def one_hot(types: Sequence[ValueType], attributes: Attributes) -> ValueType:
    attributes.require(1)
    require(types[0].dtype in LABELS, "takes labels of int32 or int64")
    require(attributes.integers[0] >= 1, f"a depth of {attributes.integers[0]}")
    return ValueType(FLOAT, checked([*types[0].shape, attributes.integers[0]]))
