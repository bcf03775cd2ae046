"""What operations by indices, and those that take apart and join, make of rows and sums: PROTOCOL.md, section 13.

A label or index that is out of range fails the job: where rows have a part in it, that would tell of them. A model's
answer singles rows out, and so does where a largest lies: each has one use alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .traits import Kind, Refused, Trait
from .typerules import END
from .values import Attributes, resolved
from .windowrules import require_along_rows

if TYPE_CHECKING:
    from .rowrule import RowRule

INDICES = {
    "takeRows": 1, "scatterRows": 1, "takeAlong": 1, "scatterAlong": 1, "takePlanes": 1, "scatterPlanes": 1,
    "oneHot": 0, "softmaxCrossEntropy": 1, "softmaxCrossEntropyGradient": 2,
}
"""Operations that fail for some values of an operand, and which one that is."""

_FAILS = "out of range would fail the job, and tell of its row"


def _range(rule: RowRule) -> int:
    """How many indices there are that such an operation takes."""
    whole = rule.shape(2 if rule.name.startswith("scatter") else 0)
    if rule.name in ("takePlanes", "scatterPlanes"):
        return math.prod(whole[-rule.attributes.integers[0] :])
    if rule.name in ("takeAlong", "scatterAlong"):
        return whole[rule.attributes.integers[0]]
    if rule.name == "oneHot":
        return rule.attributes.integers[0]
    if rule.name in ("takeRows", "scatterRows"):
        return whole[0]
    return rule.shape(INDICES[rule.name] - 1)[1]


def require_in_range(rule: RowRule) -> None:
    """Raises Refused where rows have a part in indices, unless all are sure to be in range."""
    index = INDICES.get(rule.name)
    if index is None or rule.operands[index].kind is Kind.OPEN:
        return
    classes, limit = rule.operands[index].classes, _range(rule)
    if classes is None:
        raise Refused(f"its indices are no whole column of classes, and one {_FAILS}")
    if classes > limit:
        raise Refused(f"its indices are of {classes} classes and it takes {limit}, so that one {_FAILS}")


def require_no_misuse(rule: RowRule) -> None:
    """Raises Refused where a model's answers, or where a largest lies, would be used otherwise than is allowed."""
    if any(one.is_answer for one in rule.operands) and rule.name != "equal":
        raise Refused("it uses a model's answer other than to count those that are right")
    if any(one.is_hit for one in rule.operands):
        if rule.name != "sum" or 0 not in rule.attributes.axes(1, len(rule.shape(0))):
            raise Refused("it uses which answers are right other than to count them")
    places = [index for index, one in enumerate(rule.operands) if one.is_place]
    if places and (rule.name not in ("takePlanes", "scatterPlanes") or places != [1]):
        raise Refused("it uses where a largest lies other than to go there")


def require_whole_sums(name: str, attributes: Attributes, is_private: Sequence[bool]) -> None:
    """Raises Refused for an operation on sums, of which some are private, that fails by them or takes them apart."""
    index = INDICES.get(name)
    if index is not None and is_private[index]:
        raise Refused(f"its indices are made of rows, and one {_FAILS}")
    if any(is_private) and _picks(name, attributes):
        raise Refused("it picks from sums over rows by where their elements lie")


def _picks(name: str, attributes: Attributes) -> bool:
    if name in ("slice", "sliceGradient"):
        return not _leaves_rows(attributes)
    if name == "concatenate":
        return attributes.integers[:1] <= (0,)
    if name == "pad":
        return any(one[:1] not in ((), (0,)) for one in Attributes(attributes.integers, ()).lists(2))
    return name in ("takeAlong", "scatterAlong", "topK", "sort")


def _leaves_rows(attributes: Attributes) -> bool:
    """Whether a slice has all of the first axis, however long that is: a batch may be shorter than others."""
    return all(one[:1] in ((), (whole,)) for one, whole in zip(attributes.lists(3), (0, END, 1)))


# Rules.


def _slice(rule: RowRule) -> Trait:
    """Of rows, or of a cotangent with what lends the shape of rows."""
    require_along_rows(rule)
    if not _leaves_rows(rule.attributes):
        raise Refused("it reads some of the rows")
    return rule.moved()


def _require_beside_rows(rule: RowRule) -> None:
    if resolved(rule.attributes.integers[:1], len(rule.shape(0))) == (0,):
        raise Refused("it mixes rows")


def _concatenate(rule: RowRule) -> Trait:
    """Each part can be had again, so a model must have met all that are private."""
    _require_beside_rows(rule)
    if not all(one.kind in (Kind.ROWS, Kind.UNIFORM) for one in rule.operands):
        raise Refused("not all it reads are rows")
    if len({one.is_mean for one in rule.operands}) > 1:
        raise Refused("a mean over a batch is joined with what is none")
    private = [one for one in rule.operands if one.kind is Kind.ROWS]
    return replace(
        rule.rows(), is_modelled=bool(private) and all(one.is_modelled for one in private),
        is_learned=all(one.is_learned for one in rule.operands))


def _split_like(rule: RowRule) -> Trait:
    """The others lend their shapes."""
    _require_beside_rows(rule)
    require_along_rows(rule)
    return rule.moved()


def _take_rows(rule: RowRule) -> Trait:
    """What a table has for each row's class."""
    table, indices = rule.operands
    if indices.kind is not Kind.ROWS or table.kind not in (Kind.OPEN, Kind.LEARNED):
        raise Refused("it mixes rows")
    return rule.rows(is_modelled=table.is_parametric)


def _scatter_rows(rule: RowRule) -> Trait:
    """Rows summed for each class, in zeros of the shape a third operand lends."""
    rule.require_rows(0, 1)
    if rule.operands[2].kind not in (Kind.OPEN, Kind.LEARNED):
        raise Refused("it does not sum over rows alone")
    return rule.sum(informing=2)


def _planes(rule: RowRule) -> Trait:
    """What is picked from planes, or added to planes of zeros: rows as the first operand is."""
    rule.require_rows(*range(len(rule.operands)))
    return rule.rows(informing=1)


def _one_hot(rule: RowRule) -> Trait:
    rule.require_rows(0)
    return rule.rows()


def _argmax(rule: RowRule) -> Trait:
    trait = rule.softmax()
    if not trait.is_modelled:
        raise Refused("no model has met the rows")
    return replace(trait, is_answer=True)


def _equal(rule: RowRule) -> Trait:
    first, second = rule.operands
    if not (first.is_answer and second.is_column or first.is_column and second.is_answer):
        raise Refused("it compares what is not a model's answer with a column")
    if rule.shape(0) != rule.shape(1):
        raise Refused("it mixes rows")
    return replace(rule.rows(), is_hit=True)


def _cross_entropy(rule: RowRule) -> Trait:
    rule.require_rows(0, 1)
    rule.require_no_mean()
    reduction = rule.attributes.integers[0]
    return rule.rows() if reduction == 1 else rule.sum(reduction == 3)


def _cross_entropy_gradient(rule: RowRule) -> Trait:
    cotangent = rule.operands[0]
    rule.require_rows(1, 2)
    if any(one.is_mean for one in rule.operands[1:]) or cotangent.kind is Kind.LEARNED:
        raise Refused("a mean over a batch goes through a function that is not linear")
    if rule.attributes.integers[0] == 1 and cotangent.kind not in (Kind.ROWS, Kind.UNIFORM):
        raise Refused("a value that is no row lies along the rows")
    is_mean = rule.attributes.integers[0] == 3
    if is_mean and cotangent.is_mean:
        raise Refused("a mean of a mean")
    return rule.rows(is_mean=is_mean or cotangent.is_mean)


RULES: Mapping[str, Callable[[RowRule], Trait]] = {
    "slice": _slice,
    "sliceGradient": _slice,
    "concatenate": _concatenate,
    "splitLike": _split_like,
    "takeRows": _take_rows,
    "scatterRows": _scatter_rows,
    "takePlanes": _planes,
    "scatterPlanes": _planes,
    "oneHot": _one_hot,
    "argmax": _argmax,
    "equal": _equal,
    "softmaxCrossEntropy": _cross_entropy,
    "softmaxCrossEntropyGradient": _cross_entropy_gradient,
}
