"""What each operation makes of how its operands are related to rows: PROTOCOL.md, section 13."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import pickrules, windowrules
from .tensors import Array
from .traits import Kind, Refused, Trait
from .values import FLOAT, Attributes, ValueType, resolved


ELEMENTWISE = {
    "add", "subtract", "multiply", "divide", "addProduct", "negate", "exp", "log", "sqrt", "reciprocal", "tanh",
    "sigmoid", "relu", "power", "reluGradient", "cast", "abs", "erf", "sin", "cos",
}
LINEAR = {"add", "subtract", "negate", "cast"}
"""Elementwise operations that a mean may go through whole."""


@dataclass(frozen=True)
class RowRule:
    """One node, of which some input is not open."""

    name: str
    attributes: Attributes
    numbers: Sequence[int]
    operands: Sequence[Trait]
    all_types: Sequence[ValueType]
    result: ValueType
    known: Mapping[int, Array]
    """Open values that are the same for a whole fold: what is bound, and single numbers made of it."""
    first_node: int

    def trait(self) -> Trait:
        """What is known of the result; raises Refused."""
        trait = self._trait()
        trait = replace(trait, is_gate=trait.is_gate or any(one.is_gate for one in self.operands))
        return replace(trait, is_total=trait.kind is Kind.SUM and not trait.is_gate and self._is_total())

    def _is_total(self) -> bool:
        """Whether each row had an equal part in it, by itself: a sum of rows, times constants and added to such."""
        totals = [one.is_total for one in self.operands]
        if any(one.kind is Kind.ROWS for one in self.operands):
            reduces = self.name == "softmaxCrossEntropy" and self.attributes.integers[0] == 2
            return (self.name == "sum" or reduces) and not any(one.is_mean for one in self.operands)
        if self.name in ("add", "subtract"):
            return all(totals)
        if self.name in ("multiply", "divide"):
            return totals[0] and self._is_constant(1) or self.name == "multiply" and totals[1] and self._is_constant(0)
        return self.name in ("sum", "reshape", "reshapeLike", "transpose") and totals[0]

    def _trait(self) -> Trait:
        if any(one.kind in (Kind.ROWS, Kind.UNIFORM) for one in self.operands):
            if any(one.kind is Kind.SUM for one in self.operands):
                raise Refused("rows meet a sum over their batch")
            return self._of_rows()
        return self._of_sums()

    def shape(self, index: int) -> tuple[int, ...]:
        return self.all_types[self.numbers[index]].shape

    def rows(self, is_modelled: bool = False, is_mean: bool = False, informing: int | None = None) -> Trait:
        """Rows made of the operands, or of so many first ones where the others lend their shapes alone."""
        operands = self.operands[:informing]
        is_private = any(one.kind is Kind.ROWS for one in operands)
        return Trait(
            Kind.ROWS if is_private else Kind.UNIFORM,
            is_parametric=any(one.is_parametric for one in operands),
            is_modelled=is_modelled or any(one.is_modelled for one in operands),
            is_mean=is_mean or any(one.is_mean for one in operands),
            is_learned=any(one.is_learned or one.kind is Kind.LEARNED for one in operands))

    def sum(self, is_mean: bool = False, informing: int | None = None) -> Trait:
        """A sum over the rows of the operands, or of so many first ones."""
        rows = self.rows(informing=informing)
        is_listed = not is_mean and len(self.operands) == 1 and (self._holds_numbers(0) or self.operands[0].is_magnitude)
        if rows.kind is not Kind.ROWS or not (rows.is_modelled or is_listed):
            raise Refused("no model has met the rows it sums")
        return Trait(
            Kind.SUM, is_modelled=True, is_mean=rows.is_mean or is_mean, is_learned=rows.is_learned,
            is_statistic=not rows.is_modelled)

    # Rows.

    def _of_rows(self) -> Trait:
        pickrules.require_no_misuse(self)
        pickrules.require_in_range(self)
        if self.name in ELEMENTWISE:
            return self._elementwise()
        rule = _ROW_RULES.get(self.name)
        if rule is None:
            raise Refused("this worker does not know what it does to rows")
        return rule(self)

    def _elementwise(self) -> Trait:
        """Values combined number by number: rows lie along the first axis, and no other value has one there."""
        rank = len(self.result.shape)
        for index, operand in enumerate(self.operands):
            shape = self.shape(index)
            if operand.kind in (Kind.ROWS, Kind.UNIFORM):
                if len(shape) != rank or shape[:1] != self.result.shape[:1]:
                    raise Refused("rows do not lie along its first axis")
            elif len(shape) == rank and rank > 0 and shape[0] != 1:
                raise Refused("a value that is no row lies along the rows")
        self._check_means()
        if self.name == "abs" and not self._holds_numbers(0):
            raise Refused("its gradient compares rows")
        factors = {"multiply": (0, 1), "divide": (0, 1), "addProduct": (1, 2)}.get(self.name, ())
        meets = bool(factors) and any(self.operands[one].kind is Kind.ROWS for one in factors) and any(
            self._is_parameter(self.operands[one]) for one in factors)
        trait = self.rows()
        return replace(
            trait, is_modelled=trait.kind is Kind.ROWS and (trait.is_modelled or meets),
            is_gate=self._adds_to_mean(), is_column=self._is_column(), is_number=self._is_number(),
            is_magnitude=self._is_magnitude(), classes=self._class_count())

    def _adds_to_mean(self) -> bool:
        """Whether what stays the same moves what the size of the batch has a part in: that is not proportional to it."""
        return self.name in ("add", "subtract") and len({one.is_mean for one in self.operands}) > 1

    def _is_column(self) -> bool:
        """Whether it is a column in another type: one cut to whole numbers is compared with its neighbours."""
        if self.name != "cast" or not self.operands[0].is_column or self.result.dtype.kind == "u":
            return False
        return self.result.dtype == FLOAT or self.all_types[self.numbers[0]].dtype != FLOAT

    def _class_count(self) -> int | None:
        """How many classes there can be of what stays whole."""
        is_whole = FLOAT not in (self.result.dtype, self.all_types[self.numbers[0]].dtype)
        return self.operands[0].classes if self.name == "cast" and is_whole else None

    def _is_number(self) -> bool:
        """Whether a column's numbers are only moved or scaled by constants."""
        if self.name == "cast":
            return self.operands[0].is_column and self.result.dtype == FLOAT
        places = {"add": (0, 1), "subtract": (0,), "multiply": (0, 1), "divide": (0,)}.get(self.name, ())
        return any(self._holds_numbers(one) and self._is_constant(1 - one) for one in places)

    def _holds_numbers(self, index: int) -> bool:
        operand = self.operands[index]
        is_floats = operand.is_column and self.all_types[self.numbers[index]].dtype == FLOAT
        return operand.is_number or is_floats

    def _is_magnitude(self) -> bool:
        """Whether a column's numbers lose their sign, or what has none and an input moved is scaled by a constant."""
        if self.name == "abs" or self.name == "power" and self.attributes.floats[0] == 2:
            return self._holds_numbers(0)
        if self.name != "multiply":
            return False
        if self.numbers[0] == self.numbers[1]:
            return self._holds_numbers(0)
        is_scaled = any(self.operands[one].is_magnitude and self._is_constant(1 - one) for one in (0, 1))
        return is_scaled and any(one.is_parametric for one in self.operands)

    def _is_constant(self, index: int) -> bool:
        """Whether it is a constant as it was bound: finite numbers."""
        number = self.numbers[index]
        value = self.known.get(number) if number < self.first_node else None
        return self.operands[index].kind is Kind.OPEN and value is not None and bool(np.isfinite(value).all())

    @staticmethod
    def _is_parameter(trait: Trait) -> bool:
        return trait.kind in (Kind.OPEN, Kind.LEARNED) and trait.is_parametric

    def _check_means(self) -> None:
        means = [index for index, one in enumerate(self.operands) if one.is_mean]
        if not means or self.name in LINEAR:
            return
        allowed = {"multiply": {0, 1}, "divide": {0}, "addProduct": {0, 1, 2}, "reluGradient": {0}}.get(self.name)
        factors = {"addProduct": [1, 2]}.get(self.name, [0, 1])
        if allowed is None or not set(means) <= allowed or all(one in means for one in factors):
            raise Refused("a mean over a batch goes through a function that is not linear")

    def require_no_mean(self) -> None:
        if any(one.is_mean for one in self.operands):
            raise Refused("a mean over a batch goes through a function that is not linear")

    def require_rows(self, *indices: int) -> None:
        if not all(self.operands[index].kind is Kind.ROWS for index in indices):
            raise Refused("not all it reads are rows")

    def _matmul(self) -> Trait:
        left, right = self.operands
        flags = (self.attributes.flag(0), self.attributes.flag(1))
        if left.kind is Kind.ROWS and right.kind in (Kind.OPEN, Kind.LEARNED):
            if flags[0] or len(self.shape(1)) != 2:
                raise Refused("rows do not stay rows")
            return self.rows(is_modelled=left.is_modelled or right.is_parametric)
        if left.kind is Kind.ROWS and right.kind is Kind.ROWS and flags == (True, False):
            if len(self.shape(0)) != 2 or len(self.shape(1)) != 2 or left.is_mean and right.is_mean:
                raise Refused("it does not sum over rows alone")
            return self.sum()
        raise Refused("it mixes rows")

    def _linear(self) -> Trait:
        x, weight, bias = self.operands
        if x.kind is not Kind.ROWS or not {weight.kind, bias.kind} <= {Kind.OPEN, Kind.LEARNED}:
            raise Refused("it mixes rows")
        return self.rows(is_modelled=x.is_modelled or weight.is_parametric)

    def _reduction(self, is_mean: bool) -> Trait:
        axes = self.attributes.axes(1, len(self.shape(0)))
        if 0 not in axes:
            return self.rows()
        self.require_rows(0)
        return self.sum(is_mean)

    def _sum_like(self) -> Trait:
        own, other = self.shape(0), self.shape(1)
        if self.operands[0].kind not in (Kind.ROWS, Kind.UNIFORM):
            raise Refused("it lends the shape of rows to what is none")
        if len(own) == len(other) and own[0] == other[0]:
            if self.operands[1].kind not in (Kind.ROWS, Kind.UNIFORM):
                raise Refused("rows cannot be told from what has as many")
            return self.moved()
        self.require_rows(0)
        rows = self.operands[0]
        if not rows.is_modelled:
            raise Refused("no model has met the rows it sums")
        return Trait(Kind.SUM, is_modelled=True, is_mean=rows.is_mean, is_learned=rows.is_learned)

    def moved(self) -> Trait:
        """The first operand's rows, which are no cells of a column any more."""
        return replace(self.operands[0], is_column=False, is_number=False, is_magnitude=False, classes=None)

    def _broadcast_like(self) -> Trait:
        value, model = self.operands
        axes = self.attributes.axes(2, len(self.shape(1)))
        if model.kind not in (Kind.ROWS, Kind.UNIFORM):
            raise Refused("rows would lie along another axis")
        if 0 not in axes:
            if value.kind not in (Kind.ROWS, Kind.UNIFORM):
                raise Refused("a value that is no row lies along the rows")
            return self.moved()
        if value.kind is not Kind.OPEN:
            raise Refused("what changes from batch to batch is repeated along rows")
        return Trait(Kind.UNIFORM, is_parametric=value.is_parametric, is_mean=self.attributes.flag(1))

    def _reshape(self) -> Trait:
        if self.operands[0].kind not in (Kind.ROWS, Kind.UNIFORM) or self.shape(0)[:1] != self.result.shape[:1]:
            raise Refused("rows do not stay whole")
        return self.operands[0]

    def _transpose(self) -> Trait:
        if self.attributes.integers[:1] != (0,):
            raise Refused("rows do not stay the first axis")
        return self.operands[0]

    def softmax(self) -> Trait:
        if resolved(self.attributes.integers, len(self.shape(0))) == (0,):
            raise Refused("it mixes rows")
        self.require_no_mean()
        return self.rows()

    # Sums and states, outside of rows.

    def _of_sums(self) -> Trait:
        if any(one.is_statistic for one in self.operands) and not self._scales_by_constant():
            raise Refused("no model has met the rows it is a sum of")
        pickrules.require_whole_sums(self.name, self.attributes, [one.kind is not Kind.OPEN for one in self.operands])
        rule = {
            "add": self._added, "subtract": self._subtracted, "negate": self._negated, "multiply": self._scaled,
            "divide": self._divided, "addProduct": self._product_added,
        }.get(self.name)
        if rule is not None:
            return rule()
        if self.name in ("sum", "sumLike", "reshape", "reshapeLike", "transpose", "expand"):
            # A second operand lends its shape alone.
            value = self.operands[0]
            is_whole = self.name in ("sumLike", "reshapeLike") and self.shape(0) == self.result.shape
            return value if is_whole else replace(value, shares=dict.fromkeys(value.shares))
        return self._gate()

    def _scales_by_constant(self) -> bool:
        factors = {"multiply": (0, 1), "divide": (1,)}.get(self.name, ())
        return any(self._is_constant(index) for index in factors)

    def _gate(self) -> Trait:
        """What may depend on one batch alone."""
        return replace(self._merged(), is_gate=True, shares=self._tangled())

    def _tangled(self) -> dict[int, float | None]:
        return {state: None for one in self.operands for state in one.shares}

    def _merged(self) -> Trait:
        parts = [one for one in self.operands if one.kind is not Kind.OPEN]
        is_sum = any(one.kind is Kind.SUM for one in parts)
        sums = [one for one in parts if one.kind is Kind.SUM]
        return Trait(
            Kind.SUM if is_sum else Kind.LEARNED, is_parametric=any(one.is_parametric for one in parts),
            is_modelled=is_sum and all(one.is_modelled for one in sums), is_mean=any(one.is_mean for one in parts),
            is_learned=is_sum and all(one.is_learned for one in sums),
            is_statistic=any(one.is_statistic for one in sums))

    def _combined(self, left: Trait, right: Trait, sign: float, factor: float | None = 1) -> Trait:
        shares: dict[int, float | None] = dict(left.shares)
        for state, share in right.shares.items():
            more = None if share is None or factor is None else share * sign * factor
            before = shares.get(state, 0.0)
            shares[state] = None if before is None or more is None else before + more
        return replace(self._merged(), shares=shares)

    def _same_shape(self, *indices: int) -> bool:
        return all(self.shape(index) == self.result.shape for index in indices if self.operands[index].shares)

    def _added(self) -> Trait:
        return self._checked(self._combined(self.operands[0], self.operands[1], 1), 0, 1)

    def _subtracted(self) -> Trait:
        return self._checked(self._combined(self.operands[0], self.operands[1], -1), 0, 1)

    def _checked(self, trait: Trait, *indices: int) -> Trait:
        return trait if self._same_shape(*indices) else replace(trait, shares=self._tangled())

    def _negated(self) -> Trait:
        return self._times(self.operands[0], -1)

    @staticmethod
    def _times(trait: Trait, factor: float | None) -> Trait:
        shares = {
            state: None if share is None or factor is None else share * factor
            for state, share in trait.shares.items()
        }
        return replace(trait, shares=shares)

    def _factor(self, index: int) -> float | None:
        value = self.known.get(self.numbers[index])
        return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def _scaled(self) -> Trait:
        left, right = self.operands
        if left.kind is not Kind.OPEN and right.kind is not Kind.OPEN:
            return self._gate()
        if left.kind is Kind.OPEN:
            return self._checked(self._times(right, self._factor(0)), 1)
        return self._checked(self._times(left, self._factor(1)), 0)

    def _divided(self) -> Trait:
        if self.operands[1].kind is not Kind.OPEN:
            return self._gate()
        factor = self._factor(1)
        return self._checked(self._times(self.operands[0], 1 / factor if factor else None), 0)

    def _product_added(self) -> Trait:
        base, left, right = self.operands
        if left.kind is not Kind.OPEN and right.kind is not Kind.OPEN:
            return self._gate()
        factor, value = (self._factor(1), right) if left.kind is Kind.OPEN else (self._factor(2), left)
        return self._checked(self._combined(base, value, 1, factor), 0, 1, 2)


_ROW_RULES: Mapping[str, Callable[[RowRule], Trait]] = {
    "matmul": RowRule._matmul,
    "linear": RowRule._linear,
    "sum": lambda rule: rule._reduction(False),
    "mean": lambda rule: rule._reduction(True),
    "sumLike": RowRule._sum_like,
    "broadcastLike": RowRule._broadcast_like,
    "reshape": RowRule._reshape,
    "reshapeLike": RowRule._reshape,
    "transpose": RowRule._transpose,
    "softmax": RowRule.softmax,
    "logSoftmax": RowRule.softmax,
    **pickrules.RULES,
    **windowrules.RULES,
}
