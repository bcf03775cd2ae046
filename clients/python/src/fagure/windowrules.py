"""What convolutions, pools and their like make of rows: PROTOCOL.md, section 13.

What lends its shape has no part in what is known of a result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .traits import Kind, Refused, Trait
from .values import resolved

if TYPE_CHECKING:
    from .rowrule import RowRule

def require_along_rows(rule: RowRule) -> None:
    """The rows of the first operand are those of the result."""
    if rule.operands[0].kind not in (Kind.ROWS, Kind.UNIFORM) or rule.shape(0)[:1] != rule.result.shape[:1]:
        raise Refused("rows do not stay rows")


def _convolution(rule: RowRule) -> Trait:
    """Of x or a cotangent with a weight; a third operand lends its shape."""
    x, weight = rule.operands[:2]
    if x.kind is not Kind.ROWS or weight.kind not in (Kind.OPEN, Kind.LEARNED):
        raise Refused("it mixes rows")
    require_along_rows(rule)
    return rule.rows(is_modelled=x.is_modelled or weight.is_parametric, informing=2)


def _weight_gradient(rule: RowRule) -> Trait:
    x, cotangent, lender = rule.operands
    rule.require_rows(0, 1)
    if x.is_mean and cotangent.is_mean or lender.kind not in (Kind.OPEN, Kind.LEARNED):
        raise Refused("it does not sum over rows alone")
    return rule.sum(informing=2)


def _max_pool(rule: RowRule) -> Trait:
    rule.require_rows(0)
    rule.require_no_mean()
    is_place = rule.result.dtype == np.dtype("<i8")
    return replace(rule.rows(), is_place=is_place, classes=math.prod(rule.shape(0)[2:]) if is_place else None)


def _sum_pool(rule: RowRule) -> Trait:
    """Of x, or of a cotangent with what lends x's shape."""
    require_along_rows(rule)
    return rule.rows(informing=1)


def _pad(rule: RowRule) -> Trait:
    require_along_rows(rule)
    rule.require_no_mean()
    return rule.rows()


def _cumulative_sum(rule: RowRule) -> Trait:
    if resolved(rule.attributes.integers[:1], len(rule.shape(0))) == (0,):
        raise Refused("it mixes rows")
    return rule.rows()


RULES: Mapping[str, Callable[[RowRule], Trait]] = {
    "convolution": _convolution,
    "convolutionInputGradient": _convolution,
    "convolutionWeightGradient": _weight_gradient,
    "maxPool": _max_pool,
    "sumPool": _sum_pool,
    "sumPoolGradient": _sum_pool,
    "pad": _pad,
    "cumulativeSum": _cumulative_sum,
}
