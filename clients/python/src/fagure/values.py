"""Types of values, and the numbers that complete an operation: PROTOCOL.md, section 10."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .failures import InvalidJob

RANK_MAXIMUM = 8
ELEMENTS_MAXIMUM = 2**31 - 1
FLOAT = np.dtype("<f4")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ValueType:
    """Element type and sizes of a value."""

    dtype: np.dtype[Any]
    shape: Shape

    @property
    def byte_count(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Attributes:
    """What completes an operation: whole numbers and real ones."""

    integers: tuple[int, ...]
    floats: tuple[float, ...]

    def require(self, integers: int, floats: int = 0) -> None:
        """Raises InvalidJob unless there are just so many."""
        if len(self.integers) != integers or len(self.floats) != floats:
            raise InvalidJob(
                f"has {len(self.integers)} whole and {len(self.floats)} real numbers, takes {integers} and {floats}")

    def flag(self, index: int) -> bool:
        if index >= len(self.integers) or self.integers[index] not in (0, 1):
            raise InvalidJob(f"number {index} is no flag")
        return self.integers[index] == 1

    def axes(self, after: int, rank: int) -> tuple[int, ...]:
        """The axes behind some flags, counted from 0 in rising order."""
        self._no_floats()
        listed = self.integers[after + 1 :]
        if self.flag(after):
            if listed:
                raise InvalidJob("axes beside all axes")
            return tuple(range(rank))
        return resolved(listed, rank)

    def lists(self, count: int) -> list[tuple[int, ...]]:
        """Lists of one length, one after another."""
        self._no_floats()
        length, rest = divmod(len(self.integers), count)
        if rest or length > RANK_MAXIMUM:
            raise InvalidJob(f"{len(self.integers)} numbers are not {count} lists of at most {RANK_MAXIMUM}")
        return [self.integers[index * length : (index + 1) * length] for index in range(count)]

    def _no_floats(self) -> None:
        if self.floats:
            raise InvalidJob("has real numbers, takes none")


def resolved(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from 0 in rising order; raises InvalidJob for none, for a repeated one and for one out of range."""
    found = [axis + rank if axis < 0 else axis for axis in axes]
    if not found or len(set(found)) < len(found) or not all(0 <= axis < rank for axis in found):
        raise InvalidJob(f"axes {list(axes)} of {rank}")
    return tuple(sorted(found))


def checked(shape: Sequence[int]) -> Shape:
    """The shape, if it is one; raises InvalidJob."""
    if len(shape) > RANK_MAXIMUM or any(size < 0 for size in shape):
        raise InvalidJob(f"{list(shape)} is no shape")
    if math.prod(size for size in shape if size) > ELEMENTS_MAXIMUM:
        raise InvalidJob(f"{list(shape)} has more than {ELEMENTS_MAXIMUM} elements")
    return tuple(int(size) for size in shape)


def require(condition: bool, reason: str) -> None:
    """Raises InvalidJob unless the condition holds."""
    if not condition:
        raise InvalidJob(reason)


def require_floats(types: Sequence[ValueType]) -> None:
    """Raises InvalidJob for a value that is not float32."""
    require(all(one.dtype == FLOAT for one in types), "takes float32")


def broadcast(types: Sequence[ValueType]) -> Shape:
    """What shapes broadcast to; raises InvalidJob."""
    try:
        return checked(np.broadcast_shapes(*(one.shape for one in types)))
    except ValueError:
        raise InvalidJob(f"shapes {[list(one.shape) for one in types]} do not broadcast") from None


def reduced(shape: Shape, axes: Sequence[int], keeps: bool) -> Shape:
    """A shape without some axes, or with size 1 in their place."""
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape) if keeps or axis not in axes)
