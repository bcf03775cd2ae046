"""Graphs that are checked, then run: PROTOCOL.md, section 10."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from google.protobuf.message import DecodeError

from . import job_pb2
from .failures import InvalidJob, LimitExceeded, Malformed
from .operations import TABLE
from .tensors import TYPES, Array
from .values import Attributes, Shape, ValueType, checked

GRAPH_MAXIMUM = 4 << 20
CONSTANTS_MAXIMUM = 1 << 20
NODES_MAXIMUM = 65_536
INPUTS_MAXIMUM = 4_096
NAME_MAXIMUM = 256
PLAN_MAXIMUM = 4 << 30


class Program:
    """A graph whose numbers, codes and attributes make sense; shapes are checked for the inputs it is given."""

    def __init__(self, encoded: bytes) -> None:
        if len(encoded) > GRAPH_MAXIMUM:
            raise LimitExceeded(f"a graph of {len(encoded)} bytes, the limit is {GRAPH_MAXIMUM}")
        try:
            self.graph = job_pb2.Graph.FromString(encoded)
        except DecodeError:
            raise Malformed("the bytes of a graph are none") from None
        self.hash = hashlib.sha256(encoded).digest()
        self._check_counts()
        self.constants = [_constant(one) for one in self.graph.constants]
        self.attributes = [Attributes(tuple(node.integers), tuple(node.floats)) for node in self.graph.nodes]
        self._firsts = [self.first_node]
        for count in self._checked_counts():
            self._firsts.append(self._firsts[-1] + count)
        self._check_numbers()

    @property
    def input_count(self) -> int:
        return len(self.graph.inputs)

    @property
    def first_node(self) -> int:
        """The number of the first node's first result."""
        return self.input_count + len(self.constants)

    def results(self, number: int) -> range:
        """The numbers of the values a node makes."""
        return range(self._firsts[number], self._firsts[number + 1])

    def types(self, inputs: Sequence[ValueType]) -> list[ValueType]:
        """The types of all values, for inputs of these; raises InvalidJob, LimitExceeded."""
        if len(inputs) != self.input_count:
            raise InvalidJob(f"the graph has {self.input_count} inputs, {len(inputs)} are bound")
        for wanted, given in zip(self.graph.inputs, inputs):
            _check_input(wanted, given)
        types = [*inputs, *(ValueType(one.dtype, one.shape) for one in self.constants)]
        for number, (node, attributes) in enumerate(zip(self.graph.nodes, self.attributes)):
            operation = TABLE[node.operation]
            try:
                types.extend(operation.types([types[one] for one in node.inputs], attributes))
            except InvalidJob as refusal:
                raise InvalidJob(f"node {number}, {operation.name}: {refusal}") from None
        total = sum(one.byte_count for one in types)
        if total > PLAN_MAXIMUM:
            raise LimitExceeded(f"the values of a graph take {total} bytes, the limit is {PLAN_MAXIMUM}")
        return types

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs; raises InvalidJob before anything is computed, ExecutionFailed for a label out of range."""
        types = self.types([ValueType(one.dtype, one.shape) for one in inputs])
        values: list[Array] = [*inputs, *self.constants]
        with np.errstate(all="ignore"):
            for number, (node, attributes) in enumerate(zip(self.graph.nodes, self.attributes)):
                operands = [values[one] for one in node.inputs]
                results = [types[one] for one in self.results(number)]
                found = TABLE[node.operation].compute(operands, attributes, results)
                values.extend(np.asarray(value, one.dtype) for value, one in zip(found, results))
        return [values[one] for one in self.graph.outputs]

    def _check_counts(self) -> None:
        graph = self.graph
        for what, count, limit in (
            ("nodes", len(graph.nodes), NODES_MAXIMUM), ("constants", len(graph.constants), NODES_MAXIMUM),
            ("inputs", len(graph.inputs), INPUTS_MAXIMUM), ("outputs", len(graph.outputs), INPUTS_MAXIMUM),
            ("bytes of constants", sum(len(one.elements) for one in graph.constants), CONSTANTS_MAXIMUM),
        ):
            if count > limit:
                raise LimitExceeded(f"a graph of {count} {what}, the limit is {limit}")
        names = [one.name for one in graph.inputs]
        if len(set(names)) < len(names):
            raise InvalidJob("two inputs of the graph have one name")
        if any(len(name.encode()) > NAME_MAXIMUM for name in names):
            raise LimitExceeded(f"the name of an input has more than {NAME_MAXIMUM} bytes")

    def _checked_counts(self) -> list[int]:
        """How many values each node makes."""
        counts = []
        for number, (node, attributes) in enumerate(zip(self.graph.nodes, self.attributes)):
            operation = TABLE.get(node.operation)
            if operation is None:
                raise InvalidJob(f"node {number}: there is no operation {node.operation}")
            count = operation.results(attributes)
            if len(node.inputs) not in operation.inputs:
                raise InvalidJob(
                    f"node {number}, {operation.name}: reads {len(node.inputs)} values, takes {operation.inputs[0]} to "
                    f"{operation.inputs[-1]}")
            if max(1, node.results) != count:
                raise Malformed(f"node {number}, {operation.name}: gives {count} values, not {node.results}")
            counts.append(count)
        return counts

    def _check_numbers(self) -> None:
        for number, node in enumerate(self.graph.nodes):
            if any(one >= self._firsts[number] for one in node.inputs):
                name = TABLE[node.operation].name
                raise InvalidJob(f"node {number}, {name}: reads a value that comes later")
        if any(one >= self._firsts[-1] for one in self.graph.outputs):
            raise InvalidJob("an output of the graph is no value of it")


def _constant(one: job_pb2.Constant) -> Array:
    kind = TYPES.get(one.element_type)
    if kind is None:
        raise InvalidJob(f"a constant of element type {one.element_type}")
    shape = checked(one.dimensions)
    if ValueType(kind, shape).byte_count != len(one.elements):
        raise InvalidJob(f"a constant {list(shape)} of {len(one.elements)} bytes")
    return np.frombuffer(one.elements, kind).reshape(shape)


def _check_input(wanted: job_pb2.GraphInput, given: ValueType) -> None:
    shape: Shape = tuple(wanted.dimensions)
    fits = len(shape) == len(given.shape) and all(one in (-1, size) for one, size in zip(shape, given.shape))
    if not fits or TYPES.get(wanted.element_type) != given.dtype:
        raise InvalidJob(f"input {wanted.name!r} is {list(shape)}, {given.dtype}{list(given.shape)} is bound")
