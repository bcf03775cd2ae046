"""The gradients of operations, recorded beside them: PROTOCOL.md, section 10.1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .typerules import END

if TYPE_CHECKING:
    from .graph import Node, Variable

Gain = Callable[[], "Variable"]
Rule = Callable[["Node[Variable]", "Variable", "Variable"], "list[Gain | None]"]


def gains(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    """What each operand gains from a node; what must have a shape takes it from the value that has it."""
    rule = _GRADIENTS.get(node.operation)
    if rule is None:
        raise TypeError(f"operation {node.operation} has no gradient here")
    return rule(node, result, cotangent)


def _like(value: Variable, model: Variable) -> Variable:
    """Summed over the axes along which the model was broadcast."""
    return value.combine(90, [value, model])


def _broadcasting(rule: Callable[[Variable, Variable, Variable, Variable], tuple[Gain, Gain]]) -> Rule:
    def gains(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        left, right = node.inputs
        first, second = rule(cotangent, left, right, result)
        return [lambda: _like(first(), left), lambda: _like(second(), right)]

    return gains


def _unary(rule: Callable[[Variable, Variable, Variable], Variable]) -> Rule:
    return lambda node, result, cotangent: [lambda: rule(cotangent, node.inputs[0], result)]


def _reduced(averages: bool) -> Rule:
    def gains(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        keeps, *axes = node.integers
        x = node.inputs[0]
        return [lambda: x.combine(91, [cotangent, x], [keeps, int(averages), *axes])]

    return gains


def _product(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
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


def _linear(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, weight, bias = node.inputs
    return [
        lambda: cotangent.combine(100, [cotangent, weight], [0, 0]),
        lambda: cotangent.combine(100, [cotangent, x], [1, 0]),
        lambda: _like(cotangent, bias),
    ]


def _cross_entropy(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.combine(153, [cotangent, *node.inputs], node.integers), None]


def _ordered(axis: int) -> Rule:
    """Of an order's values; `axis` is where its axis stands among the integers."""

    def gains(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        (x,), places = node.inputs, result.following()
        return [lambda: cotangent.combine(126, [cotangent, places, x], [node.integers[axis]])]

    return gains


def _taken(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, indices = node.inputs
    return [lambda: cotangent.combine(126, [cotangent, indices, x], node.integers), None]


def _scattered(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.take_along(node.inputs[1], node.integers[0]), None, None]


def _rows_taken(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, indices = node.inputs
    return [lambda: cotangent.combine(131, [cotangent, indices, x]), None]


def _rows_scattered(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.take_rows(node.inputs[1]), None, None]


def _planes_taken(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    x, indices = node.inputs
    return [lambda: cotangent.combine(133, [cotangent, indices, x], node.integers), None]


def _planes_scattered(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.combine(132, [cotangent, node.inputs[1]], node.integers), None, None]


def _largest(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    """Of a pool's values: to where they were."""
    (x,), places = node.inputs, result.following()
    return [lambda: cotangent.combine(133, [cotangent, places, x], [len(node.integers) // 3])]


def _convolution(made: int) -> Rule:
    """Of a convolution's result (0), or the gradient of x (1) or of the weight (2): each is made of the other two."""

    def rule(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
        first, second = node.inputs[:2]

        def emit(operation: int, *operands: Variable) -> Gain:
            return lambda: cotangent.combine(operation, operands, node.integers)

        gained: list[list[Gain | None]] = [
            [emit(103, cotangent, second, first), emit(104, first, cotangent, second)],
            [emit(102, cotangent, second), emit(104, cotangent, first, second), None],
            [emit(103, second, cotangent, first), emit(102, first, cotangent), None],
        ]
        return gained[made]

    return rule


def _pooled(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.combine(112, [cotangent, *node.inputs], node.integers)]


def _pool_spread(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    return [lambda: cotangent.combine(111, [cotangent], node.integers), None]


def _cumulated(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    axis, is_reversed = node.integers
    return [lambda: cotangent.cumulative_sum(axis, not is_reversed)]


def _padded(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    count = len(node.integers) // 2
    befores, afters = node.integers[:count], node.integers[count:]
    stops = [-after if after else END for after in afters]
    return [lambda: cotangent.combine(123, [cotangent], [*befores, *stops, *[1] * count])]


def _joined(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    parts = result.recorder.results(
        128, [cotangent, *node.inputs], len(node.inputs), [node.integers[0], len(node.inputs)])
    return [lambda part=part: part for part in parts]  # type: ignore[misc]


def _power(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    (exponent,) = node.floats
    return [lambda: cotangent * exponent * node.inputs[0] ** (exponent - 1)]


def _transposed(node: Node[Variable], result: Variable, cotangent: Variable) -> list[Gain | None]:
    inverse = [node.integers.index(axis) for axis in range(len(node.integers))]
    return [lambda: cotangent.transpose(*inverse)]


_GRADIENTS: dict[int, Rule] = {
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
    43: _unary(lambda c, x, y: c * ((-(x * x)).exp() * (2 / math.sqrt(math.pi)))),
    44: _unary(lambda c, x, y: c * x.cos()),
    45: _unary(lambda c, x, y: -(c * x.sin())),
    70: _reduced(averages=False),
    71: _reduced(averages=True),
    75: _ordered(axis=1),
    76: _ordered(axis=0),
    77: _cumulated,
    100: _product,
    101: _linear,
    102: _convolution(made=0),
    103: _convolution(made=1),
    104: _convolution(made=2),
    110: _largest,
    111: _pooled,
    112: _pool_spread,
    120: _unary(lambda c, x, y: c.combine(92, [c, x])),
    121: _transposed,
    125: _taken,
    126: _scattered,
    127: _joined,
    129: _padded,
    130: _rows_taken,
    131: _rows_scattered,
    132: _planes_taken,
    133: _planes_scattered,
    152: _cross_entropy,
}
