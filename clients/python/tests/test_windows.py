"""Convolutions, pools and their like, against what they are element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import oracles
import pytest
from oracles import normal, ran, run

import fagure
from fagure.failures import ExecutionFailed, InvalidJob
from fagure.tensors import Array

Lists = tuple[tuple[int, ...], ...]

CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], int, Lists]] = [
    ((2, 3, 7), (4, 3, 3), 1, ((1,), (0,), (1,))),
    ((2, 4, 9), (6, 2, 2), 2, ((3,), (2,), (3,))),
    ((1, 1, 1), (2, 1, 1), 1, ((2,), (3,), (1,))),
    ((2, 3, 5, 6), (4, 3, 3, 2), 1, ((1, 1), (1, 0), (1, 1))),
    ((2, 4, 7, 5), (6, 2, 3, 2), 2, ((2, 3), (2, 1), (2, 1))),
    ((3, 6, 4, 4), (6, 1, 3, 3), 6, ((1, 2), (1, 1), (1, 1))),
    ((1, 2, 2, 3), (3, 2, 5, 2), 1, ((4, 1), (3, 2), (1, 3))),
    ((2, 2, 4, 3, 5), (4, 1, 2, 3, 2), 2, ((2, 1, 3), (1, 1, 0), (1, 1, 2))),
]

POOLS: list[tuple[tuple[int, ...], Lists]] = [
    ((2, 3, 8), ((3,), (2,), (1,))),
    ((2, 3, 4, 5), ((2, 2), (2, 2), (0, 0))),
    ((1, 2, 5, 3), ((3, 2), (2, 1), (1, 1))),
    ((2, 1, 3, 3), ((4, 5), (1, 7), (2, 2))),
    ((1, 2, 3, 4, 2), ((2, 3, 2), (1, 2, 1), (1, 0, 1))),
]


def numbers(groups: int, lists: Lists) -> list[int]:
    return [groups, *(one for each in lists for one in each)]


def joined(lists: Lists) -> list[int]:
    return [one for each in lists for one in each]


@pytest.mark.parametrize("x_shape, weight_shape, groups, lists", CONVOLUTIONS)
def test_convolution(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], groups: int, lists: Lists) -> None:
    x, weight = normal(*x_shape), normal(*weight_shape, seed=2)
    attributes = numbers(groups, lists)
    (found,) = run(102, [x, weight], attributes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, oracles.convolution(x, weight, groups, lists), rtol=1e-4, atol=1e-5)

    cotangent = normal(*found.shape, seed=3)
    (of_x,) = run(103, [cotangent, weight, x.astype("u1")], attributes)
    (of_weight,) = run(104, [x, cotangent, weight.astype("<i8")], attributes)
    sums = np.zeros(x.shape), np.zeros(weight.shape)
    for own, place, at in oracles.products(x.shape, weight.shape, groups, lists):
        sums[0][own] += float(cotangent[at]) * float(weight[place])
        sums[1][place] += float(cotangent[at]) * float(x[own])
    np.testing.assert_allclose(of_x, sums[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_weight, sums[1], rtol=1e-4, atol=1e-5)
    # <c, A x> = <Aᵀ c, x>
    inner = [float((a.astype(float) * b).sum()) for a, b in ((cotangent, found), (of_x, x), (of_weight, weight))]
    assert inner == pytest.approx([inner[0]] * 3, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("x_shape, weight_shape", [
    ((0, 2, 4), (3, 2, 2)), ((2, 0, 4), (3, 0, 2)), ((2, 2, 0), (3, 2, 2)), ((2, 2, 4), (0, 2, 2)),
    ((2, 0, 4), (3, 0, 2**12)), ((2, 2, 4), (0, 2, 2**12)),
])
def test_a_convolution_of_nothing_is_zeros(x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> None:
    x, weight, attributes = normal(*x_shape), normal(*weight_shape), [1, 1, 2**16, 1]
    (found,) = run(102, [x, weight], attributes)
    assert found.shape[:2] == (x_shape[0], weight_shape[0]) and not found.any()
    assert run(103, [found, weight, x], attributes)[0].shape == x_shape
    (of_weight,) = run(104, [x, found, weight], attributes)
    assert of_weight.shape == weight_shape and not of_weight.any()


@pytest.mark.parametrize("x, weight, integers, floats", [
    ((1, 2, 4), (2, 2, 2), [], []),
    ((1, 2, 4), (2, 2, 2), [1], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 0], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 0, 1], [1.0]),
    ((1, 2, 4), (2, 2, 2), [1, 1, 1, 0, 0, 1, 1], []),
    ((1, 2, 4), (2, 2, 2), [0, 1, 0, 1], []),
    ((1, 2, 4), (2, 2, 2), [-1, 1, 0, 1], []),
    ((1, 0, 4), (0, 0, 2), [65_537, 1, 0, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 0, 0, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 65_537, 0, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, -1, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 65_537, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 0, 0], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 65_536, 65_537], []),
    ((1, 2, 4), (2, 2, 5), [1, 1, 0, 1], []),
    ((1, 2, 4), (2, 2, 2), [1, 1, 0, 4], []),
    ((1, 2, 4), (2, 2, 0), [1, 1, 0, 1], []),
    ((1, 2, 5000), (2, 2, 4097), [1, 1, 0, 1], []),
    ((1, 3, 4), (2, 2, 2), [1, 1, 0, 1], []),
    ((1, 3, 4), (2, 1, 2), [2, 1, 0, 1], []),
    ((1, 4, 4), (3, 2, 2), [2, 1, 0, 1], []),
    ((1, 2, 4), (2, 2), [1, 1, 0, 1], []),
    ((1, 2, 4), (2, 2, 2, 2), [1, 1, 0, 1], []),
    ((1, 2), (2, 2), [1], []),
    ((1, 2, 1, 1, 1, 1), (2, 2, 1, 1, 1, 1), [1, *[1] * 4, *[0] * 4, *[1] * 4], []),
])
def test_what_is_no_convolution_raises(
    x: tuple[int, ...], weight: tuple[int, ...], integers: list[int], floats: list[float]
) -> None:
    with pytest.raises(InvalidJob):
        run(102, [normal(*x), normal(*weight)], integers, floats)


def test_a_cotangent_has_the_convolutions_shape() -> None:
    x, weight, bad = normal(1, 2, 4), normal(3, 2, 2), normal(1, 3, 4)
    for operation, arrays in ((103, [bad, weight, x]), (104, [x, bad, weight])):
        with pytest.raises(InvalidJob):
            run(operation, arrays, [1, 1, 0, 1])
    with pytest.raises(InvalidJob):
        run(102, [x.astype("<i4"), weight], [1, 1, 0, 1])


@pytest.mark.parametrize("shape, lists", POOLS)
def test_pools(shape: tuple[int, ...], lists: Lists) -> None:
    # Few different numbers, so that many are equal.
    x = np.random.default_rng(4).integers(-2, 2, shape).astype("<f4")
    x.reshape(-1)[::7], x.reshape(-1)[3::11] = np.nan, -np.inf
    largest, places, _ = oracles.pool(x, lists)
    values, indices = run(110, [x], joined(lists), results=2)
    np.testing.assert_array_equal(values, largest)
    np.testing.assert_array_equal(indices, places)
    assert values.dtype == np.float32 and indices.dtype == np.int64

    x = normal(*shape)
    (sums,) = run(111, [x], joined(lists))
    np.testing.assert_allclose(sums, oracles.pool(x, lists)[2], rtol=1e-4, atol=1e-5)
    cotangent = normal(*sums.shape, seed=5)
    (spread,) = run(112, [cotangent, x.astype("<i4")], joined(lists))
    assert (cotangent * sums).sum() == pytest.approx((spread * x).sum(), rel=1e-3, abs=1e-4)


def test_large_windows_are_no_trouble() -> None:
    x = normal(1, 1, 1, 2, 1)
    lists = ((2**12,) * 3, (1,) * 3, (2**11,) * 3)
    values, indices = run(110, [x], joined(lists), results=2)
    assert values.shape == (1, 1, 2, 3, 2) and set(values.reshape(-1)) <= set(x.reshape(-1)) and indices.max() < 2
    (sums,) = run(111, [x], joined(lists))
    assert sums[0, 0, 0, 1, 0] == pytest.approx(x.sum())
    assert run(112, [sums, x], joined(lists))[0].shape == x.shape


def test_pools_of_nothing() -> None:
    for shape in ((0, 2, 4), (2, 0, 4)):
        values, indices = run(110, [normal(*shape)], [2, 2, 0], results=2)
        assert values.shape == indices.shape == (*shape[:2], 2)
    (sums,) = run(111, [normal(2, 2, 0)], [2, 1, 1])
    assert sums.shape == (2, 2, 1) and not sums.any()
    assert run(112, [sums, normal(2, 2, 0)], [2, 1, 1])[0].shape == (2, 2, 0)
    with pytest.raises(InvalidJob):
        run(110, [normal(2, 2, 0)], [2, 1, 1], results=2)


@pytest.mark.parametrize("shape, integers, floats", [
    ((1, 1, 4), [], []),
    ((1, 1, 4), [2, 2], []),
    ((1, 1, 4), [2, 2, 0], [0.0]),
    ((1, 1, 4), [0, 1, 0], []),
    ((1, 1, 4), [2, 0, 0], []),
    ((1, 1, 4), [2, 1, 2], []),
    ((1, 1, 4), [3, 1, 2], []),
    ((1, 1, 4), [2, 1, -1], []),
    ((1, 1, 4), [5, 1, 0], []),
    ((1, 1, 4), [2, 65_537, 0], []),
    ((1, 1, 65_540), [65_537, 1, 0], []),
    ((1, 1, 4, 4), [2, 2, 0], []),
    ((1, 4), [2, 2, 0], []),
    ((1, 1, 2, 2, 2, 2), [1] * 8 + [0] * 4, []),
])
def test_what_is_no_pool_raises(shape: tuple[int, ...], integers: list[int], floats: list[float]) -> None:
    x = normal(*shape)
    for operation, results in ((110, 2), (111, 1)):
        with pytest.raises(InvalidJob):
            run(operation, [x], integers, floats, results)
    with pytest.raises(InvalidJob):
        run(112, [x, x], integers, floats)


def test_functions() -> None:
    x = np.float32([-3, -0.5, 0, 0.25, 2, np.inf, np.nan])
    np.testing.assert_allclose(run(43, [x])[0], [math.erf(one) for one in x], rtol=1e-6)
    np.testing.assert_allclose(run(44, [x[:5]])[0], np.sin(x[:5]), rtol=1e-6)
    np.testing.assert_allclose(run(45, [x[:5]])[0], np.cos(x[:5]), rtol=1e-6)
    for shape in ((), (0, 2)):
        (found,) = run(43, [normal(*shape)])
        assert found.shape == shape and found.dtype == np.float32
    with pytest.raises(InvalidJob):
        run(43, [np.int32([1])])
    with pytest.raises(InvalidJob):
        run(44, [x], [1])


def test_cumulative_sum() -> None:
    x = normal(2, 3, 4)
    np.testing.assert_allclose(run(77, [x], [1, 0])[0], np.cumsum(x, 1), rtol=1e-5)
    np.testing.assert_allclose(run(77, [x], [-3, 1])[0], np.cumsum(x[::-1], 0)[::-1], rtol=1e-5)
    for bad in ([1], [1, 2], [3, 0], [1, 0, 0]):
        with pytest.raises(InvalidJob):
            run(77, [x], bad)
    with pytest.raises(InvalidJob):
        run(77, [np.float32(1)], [0, 0])


def test_pad() -> None:
    x = normal(2, 3, 2)
    np.testing.assert_array_equal(
        run(129, [x], [0, 1, 2, 0], [0.5])[0], np.pad(x, [(0, 2), (1, 0), (0, 0)], constant_values=0.5))
    np.testing.assert_array_equal(run(129, [np.uint8([1, 2])], [1, 1], [0])[0], np.uint8([0, 1, 2, 0]))
    assert run(129, [np.float32(3)], [], [9])[0] == 3
    for array, integers, floats in (
        (x, [1, 1], []), (x, [1, 1], [0, 0]), (x, [1, 1, 1], [0]), (x, [1] * 8, [0]), (x, [-1, 1], [0]),
        (x, [2**40, 0], [0]), (x.astype("<i4"), [1, 1], [1]), (x.astype("<i4"), [1, 1], [np.nan]),
    ):
        with pytest.raises(InvalidJob):
            run(129, [array], integers, floats)


def test_rows_are_taken_and_scattered() -> None:
    x, indices = normal(5, 3, 2), np.int64([[4, 0, 4], [1, 1, 1]])
    np.testing.assert_array_equal(run(130, [x, indices])[0], x[indices])
    np.testing.assert_array_equal(run(130, [x.astype("u1"), np.int32(3)])[0], x.astype("u1")[3])
    assert run(130, [normal(0, 3), np.zeros((0, 2), "<i4")])[0].shape == (0, 2, 3)
    values = normal(2, 3, 3, 2)
    whole = np.zeros((5, 3, 2))
    for at in np.ndindex(2, 3):
        whole[indices[at]] += values[at]
    np.testing.assert_allclose(run(131, [values, indices, x.astype("u1")])[0], whole, rtol=1e-5)
    np.testing.assert_array_equal(run(131, [np.float32(2), np.int64(1), normal(3)])[0], [0, 2, 0])
    for operation, arrays in (
        (130, [x, indices.astype("u1")]), (130, [np.float32(1), indices]), (131, [values, indices, np.float32(1)]),
        (131, [values[:, :2], indices, x]), (131, [values.astype("<i4"), indices, x]),
        (130, [normal(1, *[1] * 7), indices]),
    ):
        with pytest.raises(InvalidJob):
            run(operation, arrays)
    for bad in (indices + 1, indices - 1):
        for operation, arrays in ((130, [x, bad]), (131, [values, bad, x])):
            with pytest.raises(ExecutionFailed):
                run(operation, arrays)


def test_planes_are_taken_and_scattered() -> None:
    x = normal(2, 3, 4, 2)
    indices = np.random.default_rng(6).integers(0, 8, (2, 3, 5, 1))
    lines = x.reshape(2, 3, 8)
    taken = np.take_along_axis(lines, indices.reshape(2, 3, 5), 2).reshape(indices.shape)
    np.testing.assert_array_equal(run(132, [x, indices], [2])[0], taken)
    np.testing.assert_array_equal(run(132, [x.astype("u1"), indices.astype("<i4")], [2])[0], taken.astype("u1"))
    values = normal(*indices.shape)
    (scattered,) = run(133, [values, indices, x.astype("u1")], [2])
    assert (scattered * x).sum() == pytest.approx((values * taken).sum(), rel=1e-4)
    assert run(132, [normal(0, 3, 2), np.zeros((0, 3, 5), "<i8")], [1])[0].shape == (0, 3, 5)
    assert run(132, [normal(2, 0), np.zeros((2, 0), "<i8")], [1])[0].shape == (2, 0)
    for integers in ([], [0], [4], [-1], [2, 2]):
        with pytest.raises(InvalidJob):
            run(132, [x, indices], integers)
        with pytest.raises(InvalidJob):
            run(133, [values, indices, x], integers)
    for operation, arrays in (
        (132, [x, indices[:1]]), (132, [x, indices[0]]), (132, [x, values]), (133, [values[:1], indices, x]),
        (133, [values.astype("<i4"), indices, x]),
    ):
        with pytest.raises(InvalidJob):
            run(operation, arrays, [2])
    for bad in (indices + 8, indices - 8):
        for operation, arrays in ((132, [x, bad]), (133, [values, bad, x])):
            with pytest.raises(ExecutionFailed):
                run(operation, arrays, [2])


Function = Callable[..., fagure.Variable]

INDICES = np.int64([[2, 0], [2, 1]])
PLACES = np.int64([[[5, 0, 5]], [[1, 1, 2]]])

GRADIENTS: list[tuple[str, Function, list[tuple[int, ...]]]] = [
    ("erf", lambda x: x.erf(), [(2, 3)]),
    ("sin", lambda x: x.sin(), [(2, 3)]),
    ("cos", lambda x: x.cos(), [(2, 3)]),
    ("cumulative sum", lambda x: x.cumulative_sum(0) * x.cumulative_sum(-1, reversed=True), [(3, 2)]),
    ("pad", lambda x: x.pad([1, 0], [0, 2], 0.5) * x.pad([0, 2], [1, 0]), [(2, 3, 2)]),
    ("take rows", lambda x: x.take_rows(INDICES), [(3, 2)]),
    ("scatter rows", lambda v, x: v.combine(131, [v, INDICES, x]), [(2, 2, 3), (4, 3)]),
    ("take planes", lambda x: x.combine(132, [x, PLACES], [2]), [(2, 2, 3)]),
    ("scatter planes", lambda v, x: v.combine(133, [v, PLACES, x], [2]), [(2, 1, 3), (2, 2, 3)]),
    ("convolution", lambda x, w: fagure.convolution(x, w, 2, 1, [1, 2], 2), [(2, 4, 4, 5), (4, 2, 2, 2)]),
    ("input gradient", lambda c, w, x: c.combine(103, [c, w, x], [1, 2, 1, 1]), [(2, 3, 3), (3, 2, 2), (2, 2, 4)]),
    ("weight gradient", lambda x, c, w: x.combine(104, [x, c, w], [1, 2, 1, 1]), [(2, 2, 4), (2, 3, 3), (3, 2, 2)]),
    ("max pool", lambda x: fagure.max_pool(x, 3, 2, 1), [(2, 2, 5, 4)]),
    ("average pool", lambda x: fagure.average_pool(x, [3], 2, 1), [(2, 2, 5)]),
    ("sum pool gradient", lambda c, x: c.combine(112, [c, x], [2, 1, 0]), [(2, 1, 3), (2, 1, 4)]),
]


@pytest.mark.parametrize("function, shapes", [one[1:] for one in GRADIENTS], ids=[one[0] for one in GRADIENTS])
def test_gradients(function: Function, shapes: Sequence[tuple[int, ...]]) -> None:
    arrays = [normal(*shape, seed=seed) for seed, shape in enumerate(shapes)]
    recorder = fagure.Recorder()
    inputs = [recorder.input(f"x{n}", shape) for n, shape in enumerate(shapes)]
    result = function(*inputs)
    (value,) = ran(recorder, [result], arrays)
    loss = (result * normal(*value.shape, seed=9)).sum()
    found = ran(recorder, [loss, *fagure.gradient(loss, inputs)], arrays)[1:]

    def loss_at(index: int, at: tuple[int, ...], step: float) -> float:
        moved = [one.copy() for one in arrays]
        moved[index][at] += step
        (value,) = ran(recorder, [result], moved)
        return float((value.astype(float) * normal(*value.shape, seed=9)).sum())

    for index, (array, gradient) in enumerate(zip(arrays, found)):
        assert gradient.shape == array.shape
        for at in np.ndindex(array.shape):
            slope = (loss_at(index, at, 1e-2) - loss_at(index, at, -1e-2)) / 2e-2
            assert gradient[at] == pytest.approx(slope, rel=2e-2, abs=2e-3)


def test_numbers_for_axes() -> None:
    recorder = fagure.Recorder()
    x = recorder.input("x", (1, 2, 4, 4))
    values, indices = fagure.max_pool_with_indices(x, 2)
    mean = fagure.average_pool(x, (2, 4))
    data: Array = normal(1, 2, 4, 4)
    found = ran(recorder, [values, indices, mean], [data])
    blocks = data.reshape(1, 2, 2, 2, 2, 2)
    np.testing.assert_array_equal(found[0], blocks.max((3, 5)))
    np.testing.assert_array_equal(np.take_along_axis(data.reshape(1, 2, 16), found[1].reshape(1, 2, 4), 2),
                                  found[0].reshape(1, 2, 4))
    np.testing.assert_allclose(found[2], data.reshape(1, 2, 2, 2, 4).mean((3, 4), keepdims=False)[..., None], rtol=1e-5)
    with pytest.raises(ValueError):
        fagure.convolution(x, normal(1, 2, 2, 2), [1, 1], [0, 0, 0])
    with pytest.raises(ValueError):
        x.pad([1], [])
