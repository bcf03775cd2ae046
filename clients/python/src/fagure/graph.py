"""Graphs recorded from operators, and their gradients: PROTOCOL.md, section 10."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from . import job_pb2
from .gradients import gains
from .tensors import Array, type_code

Own = TypeVar("Own", bound="Arithmetic")


class Arithmetic(ABC):
    """What is combined with operators: variables of a graph, and pointers to what workers keep."""

    @abstractmethod
    def combine(
        self: Own, operation: int, operands: Sequence[Own | Array | float], integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> Own:
        """The result of an operation, by its code."""

    def __add__(self: Own, other: Own | Array | float) -> Own:
        return self.combine(1, [self, other])

    def __radd__(self: Own, other: Array | float) -> Own:
        return self.combine(1, [other, self])

    def __sub__(self: Own, other: Own | Array | float) -> Own:
        return self.combine(2, [self, other])

    def __rsub__(self: Own, other: Array | float) -> Own:
        return self.combine(2, [other, self])

    def __mul__(self: Own, other: Own | Array | float) -> Own:
        return self.combine(3, [self, other])

    def __rmul__(self: Own, other: Array | float) -> Own:
        return self.combine(3, [other, self])

    def __truediv__(self: Own, other: Own | Array | float) -> Own:
        return self.combine(4, [self, other])

    def __rtruediv__(self: Own, other: Array | float) -> Own:
        return self.combine(4, [other, self])

    def __matmul__(self: Own, other: Own | Array) -> Own:
        return self.combine(100, [self, other], [0, 0])

    def __pow__(self: Own, exponent: float) -> Own:
        return self.combine(40, [self], floats=[exponent])

    def __neg__(self: Own) -> Own:
        return self.combine(30, [self])

    # An array on the left of an operator is not taken apart by numpy, but leaves it to the right side.
    __array_ufunc__ = None

    def exp(self: Own) -> Own:
        """eˣ of each element."""
        return self.combine(31, [self])

    def log(self: Own) -> Own:
        """The natural logarithm of each element."""
        return self.combine(32, [self])

    def sqrt(self: Own) -> Own:
        """The square root of each element."""
        return self.combine(33, [self])

    def tanh(self: Own) -> Own:
        """The hyperbolic tangent of each element."""
        return self.combine(35, [self])

    def sigmoid(self: Own) -> Own:
        """1 / (1 + e⁻ˣ) of each element."""
        return self.combine(36, [self])

    def relu(self: Own) -> Own:
        """max(x, 0) of each element."""
        return self.combine(37, [self])

    def erf(self: Own) -> Own:
        """The error function of each element."""
        return self.combine(43, [self])

    def sin(self: Own) -> Own:
        """The sine of each element."""
        return self.combine(44, [self])

    def cos(self: Own) -> Own:
        """The cosine of each element."""
        return self.combine(45, [self])

    def cast(self: Own, dtype: str) -> Own:
        """The same numbers in another type."""
        return self.combine(42, [self], [type_code(np.dtype(dtype))])

    def sum(self: Own, axis: int | None = None, keepdims: bool = False) -> Own:
        """The sum over an axis, or over all."""
        return self.combine(70, [self], [int(keepdims), *_axes(axis)])

    def mean(self: Own, axis: int | None = None, keepdims: bool = False) -> Own:
        """The mean over an axis, or over all."""
        return self.combine(71, [self], [int(keepdims), *_axes(axis)])

    def cumulative_sum(self: Own, axis: int = -1, reversed: bool = False) -> Own:
        """Each element and all before it along an axis, summed; reversed, all after it."""
        return self.combine(77, [self], [axis, int(reversed)])

    def argmax(self: Own, axis: int = -1) -> Own:
        """The index of the largest along an axis, the first of equals; int64."""
        return self.combine(74, [self], [axis])

    def equal(self: Own, other: Own | Array) -> Own:
        """1 where both are the same, else 0."""
        return self.combine(8, [self, other])

    def reshape(self: Own, *sizes: int) -> Own:
        """Another shape; −1 once for what remains, 0 for the size there is at that axis."""
        return self.combine(120, [self], sizes)

    def transpose(self: Own, *permutation: int) -> Own:
        """Axes in another order."""
        return self.combine(121, [self], permutation)

    def softmax(self: Own, axis: int = -1) -> Own:
        """The softmax along an axis."""
        return self.combine(150, [self], [axis])

    def take_along(self: Own, indices: Own | Array, axis: int = -1) -> Own:
        """The elements of each line along an axis at the indices of the same line."""
        return self.combine(125, [self, indices], [axis])

    def take_rows(self: Own, indices: Own | Array) -> Own:
        """The rows at indices of any shape: its axes, then those of a row."""
        return self.combine(130, [self, indices])

    def pad(self: Own, before: Sequence[int], after: Sequence[int], value: float = 0) -> Own:
        """A value, so often before and after the elements along each leading axis listed."""
        if len(before) != len(after):
            raise ValueError(f"{len(before)} paddings before and {len(after)} after")
        return self.combine(129, [self], [*before, *after], [value])

    def cross_entropy(self: Own, labels: Own | Array, reduction: str = "mean") -> Own:
        """−log softmax at the label of each row; reduction is `none`, `sum` or `mean`."""
        return self.combine(152, [self, labels], [("none", "sum", "mean").index(reduction) + 1])


def _axes(axis: int | None) -> list[int]:
    return [1] if axis is None else [0, axis]


def linear(x: Own, weight: Own, bias: Own) -> Own:
    """x [..., in] · weight [out, in]ᵀ + bias [out]."""
    return x.combine(101, [x, weight, bias])


def concatenate(values: Sequence[Own], axis: int = 0) -> Own:
    """Values one after another along an axis."""
    return values[0].combine(127, values, [axis])


PerAxis = int | Sequence[int]
"""A number for each spatial axis, or one for all: of two axes, where nothing beside it is a list."""


def convolution(
    x: Own, weight: Own | Array, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1
) -> Own:
    """x [rows, in, spatial…] by weight [out, in / groups, spatial…], as deep learning has it: [rows, out, spatial…]."""
    return x.combine(102, [x, weight], [groups, *_joined(_lists(stride, padding, dilation))])


def average_pool(x: Own, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0) -> Own:
    """The mean over each window of x [rows, channels, spatial…], padding counted; side by side without a stride."""
    lists = _lists(size, size if stride is None else stride, padding)
    return x.combine(111, [x], _joined(lists)) / math.prod(lists[0])


def _lists(*numbers: PerAxis) -> list[list[int]]:
    """A list of one length for each; raises ValueError."""
    counts = {len(one) for one in numbers if isinstance(one, Sequence)} or {2}
    if len(counts) > 1:
        raise ValueError(f"numbers for {' and '.join(map(str, sorted(counts)))} axes")
    (count,) = counts
    return [list(one) if isinstance(one, Sequence) else [one] * count for one in numbers]


def _joined(lists: Sequence[Sequence[int]]) -> list[int]:
    return [one for each in lists for one in each]


@dataclass
class Node(Generic[Own]):
    """A recorded operation."""

    operation: int
    inputs: list[Own]
    integers: list[int]
    floats: list[float]
    first: int
    """The number of its first result, among those of all nodes."""
    results: int = 1


class Recorder:
    """Records a graph; variables of one recorder are combined with operators and methods."""

    def __init__(self) -> None:
        self._inputs: list[job_pb2.GraphInput] = []
        self._constants: list[job_pb2.Constant] = []
        self._nodes: list[Node[Variable]] = []

    def input(self, name: str, dimensions: Sequence[int], dtype: str = "float32") -> Variable:
        """What a job binds; -1 for any size."""
        code = type_code(np.dtype(dtype))
        self._inputs.append(job_pb2.GraphInput(name=name, element_type=code, dimensions=dimensions))
        return Variable(self, "input", len(self._inputs) - 1)

    def constant(self, value: Array | float) -> Variable:
        """A small value that is part of the graph; whole numbers of numpy keep their type, others become float32."""
        array = np.asarray(value)
        if array.dtype.kind == "f" or not isinstance(value, np.ndarray):
            array = array.astype("<f4")
        self._constants.append(
            job_pb2.Constant(
                element_type=type_code(array.dtype), dimensions=array.shape, elements=array.tobytes()))
        return Variable(self, "constant", len(self._constants) - 1)

    def node(
        self, operation: int, inputs: Sequence[Variable], integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> Variable:
        """The result of an operation, by its code; raises ValueError for variables of another recorder."""
        return self.results(operation, inputs, 1, integers, floats)[0]

    def results(
        self, operation: int, inputs: Sequence[Variable], count: int, integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> list[Variable]:
        """The results of an operation that has so many; raises ValueError for variables of another recorder."""
        if any(one.recorder is not self for one in inputs):
            raise ValueError("variables of two recorders cannot be combined")
        first = self._nodes[-1].first + self._nodes[-1].results if self._nodes else 0
        self._nodes.append(Node(operation, list(inputs), list(integers), list(floats), first, count))
        return [Variable(self, "node", first + index) for index in range(count)]

    def finish(self, outputs: Sequence[Variable]) -> job_pb2.Graph:
        """The graph that gives these."""
        before = {"input": 0, "constant": len(self._inputs)}
        before["node"] = before["constant"] + len(self._constants)

        def number(value: Variable) -> int:
            return before[value.kind] + value.index

        nodes = [
            job_pb2.Node(
                operation=one.operation, inputs=map(number, one.inputs), integers=one.integers, floats=one.floats,
                results=one.results if one.results > 1 else 0)
            for one in self._nodes
        ]
        return job_pb2.Graph(
            inputs=self._inputs, constants=self._constants, nodes=nodes, outputs=map(number, outputs))

    def gradient(self, loss: Variable, variables: Sequence[Variable]) -> list[Variable]:
        """The gradients of a loss of one element; raises TypeError for an operation that has none here."""
        cotangents: dict[Variable, Variable] = {loss: self.constant(1.0)}
        needed = self._needed(variables)
        # Differentiating adds nodes, of which none is differentiated.
        for node in self._nodes[::-1]:
            result = Variable(self, "node", node.first)
            if result not in cotangents or result not in needed:
                continue
            for operand, gain in zip(node.inputs, gains(node, result, cotangents[result])):
                if gain is None or operand not in needed:
                    continue
                value = gain()
                cotangents[operand] = cotangents[operand] + value if operand in cotangents else value
        zero = self.constant(0.0)
        return [cotangents.get(one) or one * zero for one in variables]

    def _needed(self, variables: Sequence[Variable]) -> set[Variable]:
        needed = set(variables)
        for node in self._nodes:
            if any(one in needed for one in node.inputs):
                needed.update(Variable(self, "node", node.first + index) for index in range(node.results))
        return needed


@dataclass(frozen=True, eq=False)
class Variable(Arithmetic):
    """A value of a graph that is being recorded."""

    recorder: Recorder
    kind: str
    index: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Variable) and (self.recorder, self.kind, self.index) == (
            other.recorder, other.kind, other.index)

    def __hash__(self) -> int:
        return hash((id(self.recorder), self.kind, self.index))

    def combine(
        self, operation: int, operands: Sequence[Variable | Array | float], integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> Variable:
        values = [one if isinstance(one, Variable) else self.recorder.constant(one) for one in operands]
        return self.recorder.node(operation, values, integers, floats)

    def following(self) -> Variable:
        """The next result of its node."""
        return Variable(self.recorder, self.kind, self.index + 1)

    def topk(self, count: int, axis: int = -1) -> tuple[Variable, Variable]:
        """The largest along an axis in falling order, and their indices; int64."""
        values, indices = self.recorder.results(75, [self], 2, [count, axis])
        return values, indices

    def sort(self, axis: int = -1, descending: bool = False) -> tuple[Variable, Variable]:
        """The elements along an axis in order, and their indices; int64."""
        values, indices = self.recorder.results(76, [self], 2, [axis, int(descending)])
        return values, indices


def max_pool(x: Variable, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0) -> Variable:
    """The largest of each window of x [rows, channels, spatial…]; side by side without a stride."""
    return max_pool_with_indices(x, size, stride, padding)[0]


def max_pool_with_indices(
    x: Variable, size: PerAxis, stride: PerAxis | None = None, padding: PerAxis = 0
) -> tuple[Variable, Variable]:
    """As `max_pool`, and where in x's plane they are, its spatial axes as one; int64."""
    lists = _lists(size, size if stride is None else stride, padding)
    values, indices = x.recorder.results(110, [x], 2, _joined(lists))
    return values, indices


def gradient(loss: Variable, variables: Sequence[Variable]) -> list[Variable]:
    """The gradients of a loss of one element with respect to variables of its graph."""
    return loss.recorder.gradient(loss, variables)
