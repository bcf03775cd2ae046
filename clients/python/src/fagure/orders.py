"""Numbers and orders that follow from a seed: PROTOCOL.md, sections 11.1 and 11.2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import IntEnum

import numpy as np

from .tensors import Array

_MASK = np.uint64(0xFFFFFFFF)
_BLOCKS = 4_096


class Purpose(IntEnum):
    """What numbers are drawn for."""

    FIRST_WEIGHTS = 1
    ROW_ORDER = 2
    PARTITION = 3
    SELECTION = 4
    TENSOR = 6


def words(seed: int, purpose: Purpose, round_: int = 0, shard: int = 0, first: int = 0, count: int = 1) -> Array:
    """Blocks of four words of 32 bits of Philox 4x32-10 (Salmon and others, 2011), one after another."""
    counter = [
        np.arange(first, first + count, dtype=np.uint64), np.full(count, purpose, np.uint64),
        np.full(count, round_, np.uint64), np.full(count, shard, np.uint64),
    ]
    key = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF]
    for _ in range(10):
        left, right = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [
            right >> np.uint64(32) ^ counter[1] ^ np.uint64(key[0]), right & _MASK,
            left >> np.uint64(32) ^ counter[3] ^ np.uint64(key[1]), left & _MASK,
        ]
        key = [key[0] + 0x9E3779B9 & 0xFFFFFFFF, key[1] + 0xBB67AE85 & 0xFFFFFFFF]
    found: Array = np.stack(counter, axis=1).reshape(-1)
    return found


def _stream(seed: int, purpose: Purpose, round_: int) -> Iterator[int]:
    first = 0
    while True:
        yield from words(seed, purpose, round_, first=first, count=_BLOCKS).tolist()
        first += _BLOCKS


def permutation(count: int, seed: int, purpose: Purpose, round_: int = 0) -> Array:
    """An order of so many rows: Fisher and Yates's, with Lemire's unbiased draws."""
    order = list(range(count))
    stream = _stream(seed, purpose, round_)
    for index in range(count - 1, 0, -1):
        bound = index + 1
        product = next(stream) * bound
        while product & 0xFFFFFFFF < (0xFFFFFFFF - index) % bound:
            product = next(stream) * bound
        other = product >> 32
        order[index], order[other] = order[other], order[index]
    return np.array(order, np.int64)


def dealt(count: int, index: int, parts: int) -> range:
    """The run of `count` places that part `index` of `parts` gets."""
    size, rest = divmod(count, parts)
    start = index * size + min(index, rest)
    return range(start, start + size + (1 if index < rest else 0))


def held_out(count: int) -> tuple[Array, Array]:
    """The rows to train on and those held out, one in five, both in their order."""
    order = permutation(count, 0, Purpose.PARTITION, 1)
    return np.sort(order[count // 5 :]), np.sort(order[: count // 5])


def random(shape: tuple[int, ...], seed: int, is_normal: bool) -> Array:
    """Numbers of a `random` source: from 0 up to 1, or around 0 with deviation 1."""
    count = math.prod(shape)
    drawn = words(seed, Purpose.TENSOR, count=(count + 3) // 4)
    if not is_normal:
        return ((drawn[:count] >> np.uint64(8)) * 2.0**-24).astype("<f4").reshape(shape)
    u, v = (drawn[0::2] + 1.0) * 2.0**-32, drawn[1::2] * 2.0**-32
    radius = np.sqrt(-2 * np.log(u))
    pairs = np.stack([radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)], axis=1)
    found: Array = pairs.reshape(-1)[:count].astype("<f4").reshape(shape)
    return found
