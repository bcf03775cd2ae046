"""Graphs recorded from operators, and their gradients: PROTOCOL.md, section 10."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from . import job_pb2
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

    def cast(self: Own, dtype: str) -> Own:
        """The same numbers in another type."""
        return self.combine(42, [self], [type_code(np.dtype(dtype))])

    def sum(self: Own, axis: int | None = None, keepdims: bool = False) -> Own:
        """The sum over an axis, or over all."""
        return self.combine(70, [self], [int(keepdims), *_axes(axis)])

    def mean(self: Own, axis: int | None = None, keepdims: bool = False) -> Own:
        """The mean over an axis, or over all."""
        return self.combine(71, [self], [int(keepdims), *_axes(axis)])

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


@dataclass
class _Node(Generic[Own]):
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
        self._nodes: list[_Node[Variable]] = []

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
        self._nodes.append(_Node(operation, list(inputs), list(integers), list(floats), first, count))
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
            gains = _gradient(node, result, cotangents[result])
            for operand, gain in zip(node.inputs, gains):
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

    def topk(self, count: int, axis: int = -1) -> tuple[Variable, Variable]:
        """The largest along an axis in falling order, and their indices; int64."""
        values, indices = self.recorder.results(75, [self], 2, [count, axis])
        return values, indices

    def sort(self, axis: int = -1, descending: bool = False) -> tuple[Variable, Variable]:
        """The elements along an axis in order, and their indices; int64."""
        values, indices = self.recorder.results(76, [self], 2, [axis, int(descending)])
        return values, indices


def gradient(loss: Variable, variables: Sequence[Variable]) -> list[Variable]:
    """The gradients of a loss of one element with respect to variables of its graph."""
    return loss.recorder.gradient(loss, variables)


Gain = Callable[[], Variable]


def _gradient(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    """What each operand gains from a node; what must have a shape takes it from the value that has it."""
    rule = _GRADIENTS.get(node.operation)
    if rule is None:
        raise TypeError(f"operation {node.operation} has no gradient here")
    return rule(node, result, cotangent)


def _like(value: Variable, model: Variable) -> Variable:
    """Summed over the axes along which the model was broadcast."""
    return value.combine(90, [value, model])


def _broadcasting(
    rule: Callable[[Variable, Variable, Variable, Variable], tuple[Gain, Gain]],
) -> Callable[[_Node[Variable], Variable, Variable], list[Gain | None]]:
    def gains(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        left, right = node.inputs
        first, second = rule(cotangent, left, right, result)
        return [lambda: _like(first(), left), lambda: _like(second(), right)]

    return gains


def _unary(
    rule: Callable[[Variable, Variable, Variable], Variable],
) -> Callable[[_Node[Variable], Variable, Variable], list[Gain | None]]:
    return lambda node, result, cotangent: [lambda: rule(cotangent, node.inputs[0], result)]


def _reduced(averages: bool) -> Callable[[_Node[Variable], Variable, Variable], list[Gain | None]]:
    def gains(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        keeps, *axes = node.integers
        x = node.inputs[0]
        return [lambda: x.combine(91, [cotangent, x], [keeps, int(averages), *axes])]

    return gains


def _product(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    a, b = node.inputs
    left, right = (flag == 1 for flag in node.integers)

    def product(x: Variable, y: Variable, *flags: bool) -> Variable:
        return x.combine(100, [x, y], [int(flag) for flag in flags])

    def first() -> Variable:
        value = product(b, cotangent, right, True) if left else product(cotangent, b, False, not right)
        return _like(value, a)

    def second() -> Variable:
        value = product(cotangent, a, True, left) if right else product(a, cotangent, not left, False)
        return _like(value, b)

    return [first, second]


def _linear(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, weight, bias = node.inputs
    return [
        lambda: cotangent.combine(100, [cotangent, weight], [0, 0]),
        lambda: cotangent.combine(100, [cotangent, x], [1, 0]),
        lambda: _like(cotangent, bias),
    ]


def _cross_entropy(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.combine(153, [cotangent, *node.inputs], node.integers), None]


def _ordered(axis: int) -> Callable[[_Node[Variable], Variable, Variable], list[Gain | None]]:
    """Of an order's values; `axis` is where its axis stands among the integers."""

    def gains(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        (x,), places = node.inputs, Variable(result.recorder, "node", node.first + 1)
        return [lambda: cotangent.combine(126, [cotangent, places, x], [node.integers[axis]])]

    return gains


def _taken(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, indices = node.inputs
    return [lambda: cotangent.combine(126, [cotangent, indices, x], node.integers), None]


def _scattered(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.take_along(node.inputs[1], node.integers[0]), None, None]


def _joined(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    parts = result.recorder.results(
        128, [cotangent, *node.inputs], len(node.inputs), [node.integers[0], len(node.inputs)])
    return [lambda part=part: part for part in parts]  # type: ignore[misc]


def _power(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    (exponent,) = node.floats
    return [lambda: cotangent * exponent * node.inputs[0] ** (exponent - 1)]


def _transposed(node: _Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    inverse = [node.integers.index(axis) for axis in range(len(node.integers))]
    return [lambda: cotangent.transpose(*inverse)]


_GRADIENTS: dict[int, Callable[[_Node[Variable], Variable, Variable], list[Gain | None]]] = {
    1: _broadcasting(lambda c, x, y, z: (lambda: c, lambda: c)),
    2: _broadcasting(lambda c, x, y, z: (lambda: c, lambda: -c)),
    3: _broadcasting(lambda c, x, y, z: (lambda: c * y, lambda: c * x)),
    4: _broadcasting(lambda c, x, y, z: (lambda: c / y, lambda: -(c * z / y))),
    30: _unary(lambda c, x, y: -c),
    31: _unary(lambda c, x, y: c * y),
    32: _unary(lambda c, x, y: c / x),
    33: _unary(lambda c, x, y: c * 0.5 / y),
    35: _unary(lambda c, x, y: c * (1 - y * y)),
    36: _unary(lambda c, x, y: c * (y * (1 - y))),
    37: _unary(lambda c, x, y: c.combine(41, [c, y])),
    40: _power,
    70: _reduced(averages=False),
    75: _ordered(axis=1),
    76: _ordered(axis=0),
    71: _reduced(averages=True),
    100: _product,
    101: _linear,
    120: _unary(lambda c, x, y: c.combine(92, [c, x])),
    121: _transposed,
    125: _taken,
    126: _scattered,
    127: _joined,
    152: _cross_entropy,
}
