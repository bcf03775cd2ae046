"""What convolutions and pools are, element by element: for tests alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from fagure.graph import Recorder, Variable
from fagure.program import Program
from fagure.tensors import Array

Index = tuple[int, ...]


def run(operation: int, arrays: Sequence[Array], integers: Sequence[int] = (), floats: Sequence[float] = (),
        results: int = 1) -> list[Array]:
    """The results of one operation, by a graph that is checked."""
    recorder = Recorder()
    inputs = [recorder.input(f"x{n}", one.shape, one.dtype.name) for n, one in enumerate(arrays)]
    return ran(recorder, recorder.results(operation, inputs, results, integers, floats), arrays)


def ran(recorder: Recorder, outputs: Sequence[Variable], arrays: Sequence[Array]) -> list[Array]:
    """The outputs of a graph."""
    return Program(recorder.finish(outputs).SerializeToString()).run(arrays)


def normal(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype("<f4")


def count(size: int, window: int, stride: int, padding: int, dilation: int = 1) -> int:
    return (size + 2 * padding - (window - 1) * dilation - 1) // stride + 1


def windows(
    sizes: Index, window: Index, strides: Index, padding: Index, dilations: Index
) -> Iterator[tuple[Index, list[tuple[Index, Index]]]]:
    """Each window, and the places in it with the elements they are at; those in the padding are left out."""
    axes = list(zip(sizes, window, strides, padding, dilations))
    for own in itertools.product(*(range(count(*axis)) for axis in axes)):
        met = []
        for place in itertools.product(*map(range, window)):
            at = tuple(w * s - p + k * d for w, k, s, p, d in zip(own, place, strides, padding, dilations))
            if all(0 <= one < size for one, size in zip(at, sizes)):
                met.append((place, at))
        yield own, met


def products(
    x: Index, weight: Index, groups: int, lists: Sequence[Index]
) -> Iterator[tuple[tuple[Index, ...], ...]]:
    """The indices in x, weight and result of every product of a convolution."""
    for own, met in windows(x[2:], weight[2:], *lists):
        for row, out, channel in itertools.product(range(x[0]), range(weight[0]), range(weight[1])):
            group = out // (weight[0] // groups)
            for place, at in met:
                yield (row, group * weight[1] + channel, *at), (out, channel, *place), (row, out, *own)


def output_shape(x: Index, weight: Index, lists: Sequence[Index]) -> Index:
    return (x[0], weight[0], *(count(*axis) for axis in zip(x[2:], weight[2:], *lists)))


def convolution(x: Array, weight: Array, groups: int, lists: Sequence[Index]) -> Array:
    sums = np.zeros(output_shape(x.shape, weight.shape, lists))
    for own, place, at in products(x.shape, weight.shape, groups, lists):
        sums[at] += float(x[own]) * float(weight[place])
    return sums


def pooled_shape(x: Index, lists: Sequence[Index]) -> Index:
    sizes, strides, padding = lists
    return (*x[:2], *(count(*axis) for axis in zip(x[2:], sizes, strides, padding)))


def pool(x: Array, lists: Sequence[Index]) -> tuple[Array, Array, Array]:
    """The largest of each window, where they are, and the sums."""
    sizes, strides, padding = lists
    shape = pooled_shape(x.shape, lists)
    largest, places, sums = np.zeros(shape, "<f4"), np.zeros(shape, "<i8"), np.zeros(shape)
    for own, met in windows(x.shape[2:], sizes, strides, padding, (1,) * len(sizes)):
        for row, channel in itertools.product(range(x.shape[0]), range(x.shape[1])):
            best: Index | None = None
            for _, at in met:
                value = float(x[(row, channel, *at)])
                sums[(row, channel, *own)] += value
                before = -math.inf if best is None else float(x[(row, channel, *best)])
                if best is None or value > before or math.isnan(value) and not math.isnan(before):
                    best = at
            if best is not None:
                largest[(row, channel, *own)] = x[(row, channel, *best)]
                places[(row, channel, *own)] = np.ravel_multi_index(best, x.shape[2:])
    return largest, places, sums
