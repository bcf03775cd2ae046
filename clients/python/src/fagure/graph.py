"""Graphs recorded from operators: PROTOCOL.md, section 10."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import job_pb2
from .tensors import Array, type_code


class Recorder:
    """Records a graph; variables of one recorder are combined with operators and the functions of this class."""

    def __init__(self) -> None:
        self._inputs: list[job_pb2.GraphInput] = []
        self._constants: list[job_pb2.Constant] = []
        self._nodes: list[tuple[int, list[Variable], list[int], list[float]]] = []

    def input(self, name: str, dimensions: Sequence[int], dtype: str = "float32") -> Variable:
        """What a job binds; -1 for any size."""
        code = type_code(np.dtype(dtype))
        self._inputs.append(job_pb2.GraphInput(name=name, element_type=code, dimensions=dimensions))
        return Variable(self, "input", len(self._inputs) - 1)

    def constant(self, value: Array | float) -> Variable:
        """A small value that is part of the graph."""
        array = np.asarray(value, "<f4")
        self._constants.append(
            job_pb2.Constant(element_type=1, dimensions=array.shape, elements=array.tobytes()))
        return Variable(self, "constant", len(self._constants) - 1)

    def node(
        self, operation: int, inputs: Sequence[Variable], integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> Variable:
        """The result of an operation, by its code."""
        self._nodes.append((operation, list(inputs), list(integers), list(floats)))
        return Variable(self, "node", len(self._nodes) - 1)

    def finish(self, outputs: Sequence[Variable]) -> job_pb2.Graph:
        """The graph that gives these."""
        before = {"input": 0, "constant": len(self._inputs)}
        before["node"] = before["constant"] + len(self._constants)

        def number(value: Variable) -> int:
            return before[value.kind] + value.index

        nodes = [
            job_pb2.Node(operation=code, inputs=map(number, inputs), integers=integers, floats=floats)
            for code, inputs, integers, floats in self._nodes
        ]
        return job_pb2.Graph(
            inputs=self._inputs, constants=self._constants, nodes=nodes, outputs=map(number, outputs))


class Variable:
    """A value of a graph that is being recorded."""

    def __init__(self, recorder: Recorder, kind: str, index: int) -> None:
        self.recorder, self.kind, self.index = recorder, kind, index

    def _with(self, operation: int, other: Variable | Array | float, swapped: bool = False) -> Variable:
        if not isinstance(other, Variable):
            other = self.recorder.constant(other)
        pair = [other, self] if swapped else [self, other]
        return self.recorder.node(operation, pair)

    def __add__(self, other: Variable | Array | float) -> Variable:
        return self._with(1, other)

    __radd__ = __add__

    def __sub__(self, other: Variable | Array | float) -> Variable:
        return self._with(2, other)

    def __rsub__(self, other: Array | float) -> Variable:
        return self._with(2, other, swapped=True)

    def __mul__(self, other: Variable | Array | float) -> Variable:
        return self._with(3, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Variable | Array | float) -> Variable:
        return self._with(4, other)

    def __matmul__(self, other: Variable) -> Variable:
        return self.recorder.node(100, [self, other], [0, 0])

    def __neg__(self) -> Variable:
        return self.recorder.node(30, [self])

    def exp(self) -> Variable:
        """eˣ of each element."""
        return self.recorder.node(31, [self])

    def log(self) -> Variable:
        """The natural logarithm of each element."""
        return self.recorder.node(32, [self])

    def tanh(self) -> Variable:
        """The hyperbolic tangent of each element."""
        return self.recorder.node(35, [self])

    def sigmoid(self) -> Variable:
        """1 / (1 + e⁻ˣ) of each element."""
        return self.recorder.node(36, [self])

    def relu(self) -> Variable:
        """max(x, 0) of each element."""
        return self.recorder.node(37, [self])

    def _reduced(self, operation: int, axis: int | None, keepdims: bool) -> Variable:
        axes = [1] if axis is None else [0, axis]
        return self.recorder.node(operation, [self], [int(keepdims), *axes])

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Variable:
        """The sum over an axis, or over all."""
        return self._reduced(70, axis, keepdims)

    def mean(self, axis: int | None = None, keepdims: bool = False) -> Variable:
        """The mean over an axis, or over all."""
        return self._reduced(71, axis, keepdims)
