"""What is known of the values of a step graph: PROTOCOL.md, section 13."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


class Kind(Enum):
    """How a value of a step graph is related to rows."""

    OPEN = auto()
    """No row has a part in it; it is the same for every batch."""
    UNIFORM = auto()
    """As OPEN, repeated along the rows."""
    LEARNED = auto()
    """A state that changes from batch to batch, or what is made of such alone."""
    ROWS = auto()
    """Axis 0 are the rows, and each was computed as all others."""
    SUM = auto()
    """A sum over the rows of a batch, perhaps added to states."""


@dataclass(frozen=True)
class Trait:
    """What is known of a value."""

    kind: Kind
    is_parametric: bool = False
    """Of an open value: whether a floating-point input had a part in it, as a model's parameter."""
    is_modelled: bool = False
    """Of rows and sums: whether a model had a part in all of it."""
    is_mean: bool = False
    """Whether the size of the batch has a part in it: a mean."""
    is_learned: bool = False
    """Whether a state that changes had a part in the rows it is made of."""
    is_column: bool = False
    """Whether it is a column, perhaps in another element type."""
    is_answer: bool = False
    """Whether it is the index of what a model holds for likeliest."""
    is_hit: bool = False
    """Of rows: whether such an answer is right."""
    is_number: bool = False
    """Of rows: whether it is a column's numbers, moved and scaled by constants."""
    is_magnitude: bool = False
    """Of rows: whether it is the magnitude or the square of such."""
    is_statistic: bool = False
    """Of a sum: whether no model has met it, so that it may only be about all rows of a part."""
    is_total: bool = False
    """Of a sum: whether each row had an equal part in it, by itself."""
    is_place: bool = False
    """Of rows: whether it is where in its plane the largest of each window lies."""
    classes: int | None = None
    """Of whole columns of classes, and of such places: how many there can be; all are sure to be below."""
    is_gate: bool = False
    """Whether it may be about one batch alone, whatever it was added to."""
    shares: Mapping[int, float | None] = field(default_factory=dict)
    """Of sums and states: how much of each state is kept in it; None where that is not known."""


OPEN = Trait(Kind.OPEN)


class Refused(Exception):
    """Why a node does not let rows through."""
