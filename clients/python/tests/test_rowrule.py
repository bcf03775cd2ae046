"""What the fence makes of convolutions, pools and their like, of labels, of answers and of parts of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from oracles import normal

import fagure
from fagure import fence, folds, job_pb2
from fagure.failures import NotPermitted
from fagure.program import Program
from fagure.tensors import Array
from fagure.typerules import END
from fagure.values import ValueType

Variables = Sequence[fagure.Variable]
Step = Callable[[Variables, Variables, Variables], tuple[Variables, Variables]]

ROWS = 40


def judged(
    step: Step, states: Sequence[Array] = (), constants: Sequence[Array] = (), classes: int | None = 3
) -> fence.Findings:
    """Of a step on images [rows, 2, 4, 4] and labels [rows] of so many classes; raises NotPermitted."""
    recorder = fagure.Recorder()
    columns = [("images", (2, 4, 4), np.dtype("<f4")), ("labels", (), np.dtype("<i4"))]
    bound = [recorder.input(f"state{n}", one.shape) for n, one in enumerate(states)]
    given = [recorder.input(f"constant{n}", one.shape, one.dtype.name) for n, one in enumerate(constants)]
    read = [recorder.input(name, (-1, *row), dtype.name) for name, row, dtype in columns]
    new, metrics = step(bound, given, read)
    program = Program(recorder.finish([*new, *metrics]).SerializeToString())
    types = [ValueType(one.dtype, one.shape) for one in (*states, *constants)]
    types += [ValueType(dtype, (ROWS, *row)) for _, row, dtype in columns]
    return fence.judge(program, program.types(types), constants, len(states), [None, classes], "ward")


def metric(made: Callable[..., fagure.Variable], *constants: Array, classes: int | None = 3) -> fence.Findings:
    """Of a sum over what is made of images, labels and constants."""
    return judged(
        lambda states, given, columns: ([], [made(*columns, *given).sum()]), constants=constants, classes=classes)


WEIGHT = normal(3, 2, 2, 2)


def trained(pool: Callable[[fagure.Variable], fagure.Variable], decay: float = 0) -> fence.Findings:
    """Of a small network that is trained, and its loss."""

    def step(states: Variables, constants: Variables, columns: Variables) -> tuple[Variables, Variables]:
        first, second, matrix = states
        images, labels = columns
        x = pool(fagure.convolution(images, first, padding=1).relu())
        x = fagure.convolution(x, second, stride=2).cumulative_sum(1).erf()
        loss = (x.reshape(0, -1) @ matrix).cross_entropy(labels)
        gradients = fagure.gradient(loss, states)
        new = [one * (1 - decay) - slope * 0.1 for one, slope in zip(states, gradients)]
        return new, [(x.reshape(0, -1) @ matrix).cross_entropy(labels, "sum")]

    return judged(step, [WEIGHT, normal(4, 3, 2, 2), normal(4, 3)])


@pytest.mark.parametrize("decay", [0, 0.1])
@pytest.mark.parametrize("pool", [
    lambda x: fagure.max_pool(x, 2), lambda x: fagure.average_pool(x, 2), lambda x: fagure.max_pool(x, 3, 2, 1),
])
def test_a_network_is_trained(pool: Callable[[fagure.Variable], fagure.Variable], decay: float) -> None:
    findings = trained(pool, decay)
    assert [part.is_total for part in findings.states.values()] == [True] * 3
    assert findings.metrics[0].is_private and findings.metrics[0].is_total


PASSING: list[tuple[Callable[..., fagure.Variable], Sequence[Array]]] = [
    (lambda x, y, w: fagure.convolution(x, w), [WEIGHT]),
    (lambda x, y, w: fagure.convolution(x, w).sin().pad([0, 0, 1], [0, 1, 0], 2), [WEIGHT]),
    (lambda x, y, w: fagure.max_pool(fagure.convolution(x, w), 2, 1), [WEIGHT]),
    (lambda x, y, w: fagure.convolution(fagure.max_pool(x, 2, 1), w), [WEIGHT]),
    (lambda x, y, w: w.take_rows(y), [normal(9, 3)]),
    (lambda x, y, w: sliced(fagure.convolution(x, w)), [WEIGHT]),
    (lambda x, y, w: sliced(fagure.convolution(x, w), [0, 1], [END, 2], [1, 1]), [WEIGHT]),
    (lambda x, y, w: fagure.convolution(x, w).combine(
        124, [sliced(fagure.convolution(x, w), *COLUMN), fagure.convolution(x, w)], sum(COLUMN, [])), [WEIGHT]),
    (lambda x, y, w: fagure.concatenate([fagure.convolution(x, w), fagure.convolution(x, w)], 1), [WEIGHT]),
    (lambda x, y, w: fagure.concatenate([fagure.convolution(x, w), uniform(x, fagure.convolution(x, w))], -1), [WEIGHT]),
    (lambda x, y, w: parts(fagure.convolution(x, w), 1, x, x)[1], [normal(4, 2, 1, 1)]),
    (lambda x, y, w: hits(x, y, w), [normal(32, 3)]),
]

UNMET, MIXED, FAILING = "no model has met", "mixes rows", "would fail the job"
NONLINEAR, ANSWER, RIGHT = "not linear", "uses a model's answer", "uses which answers are right"
PLAIN = [1, 1, 1, 0, 0, 1, 1]

REFUSED: list[tuple[str, Callable[..., fagure.Variable], Sequence[Array]]] = [
    (UNMET, lambda x, y: fagure.max_pool(x, 2), []),
    (UNMET, lambda x, y: fagure.average_pool(x, 2), []),
    (UNMET, lambda x, y: x.pad([0, 1], [0, 0]), []),
    (UNMET, lambda x, y: x.erf(), []),
    (UNMET, lambda x, y: x.cumulative_sum(), []),
    (UNMET, lambda x, y: fagure.convolution(x, WEIGHT), []),
    (UNMET, lambda x, y, w: x.combine(104, [x, x.combine(111, [x], [3, 3, 1, 1, 0, 0]), w], PLAIN),
     [normal(2, 2, 3, 3)]),
    # A model that lends its shape has not met them, nor one that picks of them.
    (UNMET, lambda x, y, w: x.combine(103, [x, WEIGHT[:2], fagure.convolution(x, w, padding=1)], PLAIN),
     [normal(2, 2, 2, 2)]),
    (UNMET, lambda x, y, w: x.combine(112, [x, fagure.convolution(x, w)], [1, 1, 1, 1, 0, 0]), [normal(2, 2, 1, 1)]),
    (UNMET, lambda x, y, w: x.combine(132, [x, places(fagure.convolution(x, w))], [2]), [normal(2, 2, 1, 1)]),
    (UNMET, lambda x, y, w: x.combine(
        133, [fagure.max_pool(x, 2), places(fagure.convolution(x, w)), fagure.convolution(x, w)], [2]),
     [normal(2, 2, 1, 1)]),
    (MIXED, lambda x, y, w: fagure.convolution(w, x), [normal(3, 2, 4, 4)]),
    (MIXED, lambda x, y: fagure.convolution(x, x), []),
    ("stay whole", lambda x, y, w: fagure.convolution(x.reshape(1, -1, 4, 4), w), [normal(3, 2 * ROWS, 2, 2)]),
    (MIXED, lambda x, y, w: fagure.convolution(x, w).cumulative_sum(0), [WEIGHT]),
    (MIXED, lambda x, y, w: fagure.convolution(x, w).cumulative_sum(-4, reversed=True), [WEIGHT]),
    ("do not stay rows", lambda x, y, w: fagure.convolution(x, w).pad([1], [0]), [WEIGHT]),
    ("do not stay rows", lambda x, y, w: fagure.convolution(x, w).pad([0, 0], [1, 0]), [WEIGHT]),
    ("not all it reads are rows", lambda x, y, w, c: w.combine(104, [fagure.convolution(x, w), c, w], PLAIN),
     [normal(2, 2, 1, 1), normal(ROWS, 2, 4, 4)]),
    ("does not sum", lambda x, y, w: w.combine(
        104, [fagure.convolution(x, w), fagure.convolution(x, w), y.reshape(0, 1, 1, 1)], [ROWS, *PLAIN[1:]]),
     [normal(ROWS, 2, 1, 1)]),
    (UNMET, lambda x, y, w, table: w.combine(131, [x.reshape(0, -1), y, table]), [WEIGHT, normal(5, 32)]),
    ("mixes rows", lambda x, y, w: x.take_rows(y), [WEIGHT]),
    # Labels may be out of range.
    (FAILING, lambda x, y, w: w.take_rows(y), [normal(2, 3)]),
    (FAILING, lambda x, y, w, table: w.combine(131, [fagure.convolution(x, w), y, table]),
     [WEIGHT, normal(2, 3, 3, 3)]),
    (FAILING, lambda x, y, w: one_hot(y, 2) @ w, [normal(2, 3)]),
    (FAILING, lambda x, y, w: one_hot(y.cast("float32").cast("int32"), 3) @ w, [normal(3, 3)]),
    (FAILING, lambda x, y, w: (x.reshape(0, -1) @ w).cross_entropy(y, "none"), [normal(32, 2)]),
    (FAILING, lambda x, y, w: w.combine(153, [y.cast("float32"), x.reshape(0, -1) @ w, y], [1]), [normal(32, 2)]),
    (FAILING, lambda x, y, w: (x.reshape(0, -1) @ w).take_along(y.reshape(0, 1), 1), [normal(32, 2)]),
    ("does not know", lambda x, y, w: (x.reshape(0, -1) @ w).take_along(y.reshape(0, 1), 1), [normal(32, 3)]),
    (FAILING, lambda x, y, w: x.combine(132, [fagure.convolution(x, w), y.reshape(0, 1, 1, 1)], [3]),
     [normal(1, 2, 4, 3)]),
    (FAILING, lambda x, y, w: one_hot(sliced(y.reshape(0, 1)), 3) @ w, [normal(3, 3)]),
    (FAILING, lambda x, y, w: one_hot(fagure.convolution(x, w).sum().cast("int32"), 3), [WEIGHT]),
    (FAILING, lambda x, y, w: w.take_along((x.reshape(0, -1) @ w).sum(keepdims=True).cast("int64"), 0), [normal(32, 1)]),
    ("by where their elements lie", lambda x, y, w: (x.reshape(0, -1) @ w).sum(0).take_along(
        np.zeros(1, "<i8"), 0), [normal(32, 3)]),
    ("by where their elements lie", lambda x, y, w: sliced((x.reshape(0, -1) @ w).sum(0), [1], [2], [1]), [normal(32, 3)]),
    ("by where their elements lie", lambda x, y, w: fagure.concatenate([(x.reshape(0, -1) @ w).sum(0)] * 2), [
        normal(32, 3)]),
    # Cotangents of single rows single these out.
    ("lies along the rows", lambda x, y, w: w.combine(
        153, [np.eye(1, ROWS, dtype="<f4")[0], x.reshape(0, -1) @ w, y], [1]), [normal(32, 3)]),
    # A model's answers, and which are right.
    (ANSWER, lambda x, y, w: answers(x, w).cast("float32") * w.sum(), [normal(32, 3)]),
    (ANSWER, lambda x, y, w: one_hot(answers(x, w), 3), [normal(32, 3)]),
    (ANSWER, lambda x, y, w: answers(x, w).reshape(0, 1).equal(y.cast("int64").reshape(0, 1)), [normal(32, 3)]),
    (ANSWER, lambda x, y, w: answers(x, w).cast("int32").equal(y), [normal(32, 3)]),
    (ANSWER, lambda x, y, w: (x.reshape(0, -1) @ w).cross_entropy(answers(x, w), "none"), [normal(32, 3)]),
    (ANSWER, lambda x, y, w: w.take_rows(answers(x, w)), [normal(32, 32)]),
    (RIGHT, lambda x, y, w: hits(x, y, w) * w.sum(), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: hits(x, y, w).exp(), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: hits(x, y, w).mean(), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: hits(x, y, w).cast("int32").cast("float32"), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: hits(x, y, w).combine(91, [w.sum(), hits(x, y, w)], [0, 0, 1]), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: x.combine(90, [hits(x, y, w), w.sum()]), [normal(32, 3)]),
    (RIGHT, lambda x, y, w: (x.reshape(0, 1, -1) @ w).argmax(2).equal(y.reshape(0, 1).cast("int64")).sum(1), [
        normal(32, 3)]),
    # Parts of rows, not of the batch.
    ("some of the rows", lambda x, y, w: sliced(fagure.convolution(x, w), [0], [ROWS], [1]), [WEIGHT]),
    ("some of the rows", lambda x, y, w: x.combine(
        124, [fagure.convolution(x, w), fagure.convolution(x, w)], [0, ROWS, 1]), [WEIGHT]),
    ("do not stay rows", lambda x, y, w: sliced(fagure.convolution(x, w), [1], [END], [1]), [WEIGHT]),
    ("do not stay rows", lambda x, y, w: sliced(fagure.convolution(x, w), [0], [END], [2]), [WEIGHT]),
    (UNMET, lambda x, y: sliced(x, [0, 0], [END, 1], [1, 1]), []),
    (UNMET, lambda x, y: x.combine(90, [x, x]), []),
    (UNMET, lambda x, y: x.cast("int32").cast("float32"), []),
    (UNMET, lambda x, y: x.recorder.constant(1.0) - x, []),
    (UNMET, lambda x, y: x**2 * x.recorder.constant(2.0), []),
    (MIXED, lambda x, y, w: fagure.concatenate([fagure.convolution(x, w)] * 2), [WEIGHT]),
    (MIXED, lambda x, y, w: fagure.concatenate([fagure.convolution(x, w)] * 2, -4), [WEIGHT]),
    (UNMET, lambda x, y, w: fagure.concatenate([fagure.convolution(x, w), x], 1), [normal(3, 2, 1, 1)]),
    ("not all it reads are rows", lambda x, y, w, c: fagure.concatenate([fagure.convolution(x, w), c], 1),
     [WEIGHT, normal(ROWS, 1, 3, 3)]),
    ("joined with what is none", lambda x, y, w: fagure.concatenate(
        [mean_of(fagure.convolution(x, w)), fagure.convolution(x, w)], 1), [WEIGHT]),
    (MIXED, lambda x, y, w, c: parts(fagure.convolution(x, w), 0, c, c)[0], [WEIGHT, normal(ROWS // 2, 3, 3, 3)]),
    (FAILING, lambda x, y, w: w.take_rows(fagure.convolution(x, w).sum().cast("int64")), [WEIGHT]),
    # Places are there to be gone to.
    ("where a largest lies", lambda x, y, w: places(fagure.convolution(x, w)).cast("float32"), [WEIGHT]),
    ("where a largest lies", lambda x, y, w: places(x).reshape(0, -1).cast("float32") * w, [normal(1, 8)]),
    ("where a largest lies", lambda x, y, w: fagure.convolution(x, w).combine(
        133, [fagure.max_pool(x, 2), places(x), places(x)], [2]), [WEIGHT]),
    (FAILING, lambda x, y, w: w.combine(132, [fagure.convolution(x, w), places(x)], [2]), [normal(2, 2, 2, 2)]),
    ("not all it reads are rows", lambda x, y, w: w.combine(
        132, [fagure.convolution(x, w), np.zeros((ROWS, 3, 1, 1), "<i8")], [2]), [WEIGHT]),
    (NONLINEAR, lambda x, y, w: fagure.max_pool(mean_of(fagure.convolution(x, w)), 2), [WEIGHT]),
    (NONLINEAR, lambda x, y, w: mean_of(fagure.convolution(x, w)).pad([0], [0], 1), [WEIGHT]),
    (NONLINEAR, lambda x, y, w: mean_of(fagure.convolution(x, w)).erf(), [WEIGHT]),
    ("does not sum", lambda x, y, w: w.combine(104, [mean_of(x), mean_of(fagure.convolution(x, w)), w], PLAIN),
     [WEIGHT]),
]


def places(x: fagure.Variable) -> fagure.Variable:
    """Where the largest of windows of two by two are."""
    return fagure.max_pool_with_indices(x, 2)[1]


COLUMN = [[0, 0], [END, 1], [1, 1]]
"""The ranges of a slice of each row."""


def sliced(x: fagure.Variable, *ranges: Sequence[int]) -> fagure.Variable:
    """By starts, stops and steps; by none, all of it."""
    return x.combine(123, [x], [one for each in ranges for one in each])


def parts(x: fagure.Variable, axis: int, *models: fagure.Variable) -> list[fagure.Variable]:
    return x.recorder.results(128, [x, *models], len(models), [axis, len(models)])


def uniform(value: fagure.Variable, model: fagure.Variable) -> fagure.Variable:
    """A one for each element of a model."""
    return model.combine(91, [value.recorder.constant(1.0), model], [0, 0, 1])


def one_hot(x: fagure.Variable, depth: int) -> fagure.Variable:
    return x.combine(154, [x], [depth])


def answers(x: fagure.Variable, w: fagure.Variable) -> fagure.Variable:
    return (x.reshape(0, -1) @ w).argmax(1)


def hits(x: fagure.Variable, y: fagure.Variable, w: fagure.Variable) -> fagure.Variable:
    """Whether a model's answers are right."""
    return answers(x, w).equal(y.cast("int64"))


def mean_of(x: fagure.Variable) -> fagure.Variable:
    """Rows that a mean's 1/n has a part in: as the gradient of one."""
    return x * x.combine(91, [x.recorder.constant(1.0), x], [0, 1, 1])


def test_the_distances_a_swift_trainer_asks_for_are_let_out() -> None:
    findings = metric(lambda x, y, mean: (x - mean).combine(38, [x - mean]) * x.recorder.constant(2.0), np.float32(3))
    assert findings.metrics[0].is_statistic and findings.metrics[0].is_total


@pytest.mark.parametrize("made, constants", PASSING)
def test_what_a_model_has_met_is_let_out(made: Callable[..., fagure.Variable], constants: Sequence[Array]) -> None:
    (part,) = metric(made, *constants).metrics
    assert part.is_private and part.is_total and not part.is_statistic


@pytest.mark.parametrize("reason, made, constants", REFUSED)
def test_the_rest_is_not(reason: str, made: Callable[..., fagure.Variable], constants: Sequence[Array]) -> None:
    with pytest.raises(NotPermitted, match=reason):
        metric(made, *constants)


@pytest.mark.parametrize("made", [
    lambda x, y, w: fagure.average_pool(mean_of(fagure.convolution(x, w)), 2),
    lambda x, y, w: mean_of(fagure.convolution(x, w)).cumulative_sum(1),
    lambda x, y, w: fagure.convolution(mean_of(x), w),
    lambda x, y, w: w.combine(104, [mean_of(x), fagure.convolution(x, w), w], [1, 1, 1, 0, 0, 1, 1]),
    lambda x, y, w: x.combine(132, [mean_of(fagure.convolution(x, w)), places(fagure.convolution(x, w))], [2]),
    lambda x, y, w: x.combine(103, [mean_of(fagure.convolution(x, w)), w, x], PLAIN),
])
def test_a_mean_goes_through_what_is_linear(made: Callable[..., fagure.Variable]) -> None:
    (part,) = metric(made, WEIGHT).metrics
    assert part.is_private


def test_places_lie_in_a_plane_that_has_them() -> None:
    def picked(padding: int) -> Callable[..., fagure.Variable]:
        def made(x: fagure.Variable, y: fagure.Variable, w: fagure.Variable) -> fagure.Variable:
            whole = fagure.convolution(x, w, padding=padding)
            return whole.combine(132, [whole, places(fagure.convolution(x, w, padding=1))], [2])

        return made

    for padding in (1, 2):
        assert metric(picked(padding), WEIGHT).metrics[0].is_private
    with pytest.raises(NotPermitted, match=FAILING):
        metric(picked(0), WEIGHT)


def test_a_place_is_no_metric() -> None:
    with pytest.raises(NotPermitted, match="metric 0"):
        judged(lambda states, given, columns: ([], [places(columns[0])]))


@pytest.mark.parametrize("classes", [None, 4])
@pytest.mark.parametrize("made, constants", [
    (lambda x, y, w: w.take_rows(y), [normal(3, 3)]),
    (lambda x, y, w: w.take_rows(y.reshape(0, 1).cast("int64")), [normal(3, 3)]),
    (lambda x, y, w: one_hot(y, 3) @ w, [normal(3, 3)]),
    (lambda x, y, w: one_hot(y.cast("uint8").cast("int32").transpose(0), 3) @ w, [normal(3, 3)]),
    (lambda x, y, w: one_hot(y.combine(92, [y, y]), 3) @ w, [normal(3, 3)]),
    (lambda x, y, w: (x.reshape(0, -1) @ w).cross_entropy(y, "none"), [normal(32, 3)]),
    (lambda x, y, w: w.combine(153, [uniform(w, y), x.reshape(0, -1) @ w, y], [1]), [normal(32, 3)]),
    (lambda x, y, w, table: w.combine(131, [x.reshape(0, -1) @ w, y, table]), [normal(32, 2), normal(3, 2)]),
])
def test_labels_are_known_to_be_in_range(
    classes: int | None, made: Callable[..., fagure.Variable], constants: Sequence[Array]
) -> None:
    assert metric(made, *constants).metrics[0].is_private
    with pytest.raises(NotPermitted, match=FAILING):
        metric(made, *constants, classes=classes)


def test_an_embedding_is_trained() -> None:
    def step(states: Variables, constants: Variables, columns: Variables) -> tuple[Variables, Variables]:
        table, matrix = states
        images, labels = columns
        loss = ((table.take_rows(labels) @ matrix) * images.reshape(0, -1)).mean()
        gradients = fagure.gradient(loss, states)
        return [one * 0.9 - slope * 0.1 for one, slope in zip(states, gradients)], [loss]

    findings = judged(step, [normal(3, 5), normal(5, 32)])
    assert [part.is_total for part in findings.states.values()] == [True] * 2


@pytest.mark.parametrize("adds", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: b + a])
def test_a_mean_that_is_moved_is_about_one_batch(adds: Callable[..., fagure.Variable]) -> None:
    def total(other: Callable[[fagure.Variable], fagure.Variable]) -> bool:
        def step(states: Variables, constants: Variables, columns: Variables) -> tuple[Variables, Variables]:
            made = fagure.convolution(columns[0], constants[0])
            return [states[0] + adds(mean_of(made), other(made)).sum()], []

        return judged(step, [np.float32(0)], [WEIGHT]).states[0].is_total

    assert total(mean_of)
    assert not total(lambda x: x) and not total(lambda x: x.recorder.constant(1.0))


END_REFUSED: list[tuple[str, Callable[[fagure.Variable], fagure.Variable]]] = [
    ("would fail the job", lambda x: one_hot(x.sum().cast("int32"), 3)),
    ("would fail the job", lambda x: x.take_rows(x.cast("int64"))),
    ("would fail the job", lambda x: x.recorder.constant(np.zeros(3, "<f4")).take_along(x.cast("int64"), 0)),
    ("would fail the job", lambda x: x.reshape(1, -1).cross_entropy(x.sum().reshape(1).cast("int32"))),
    ("where their elements lie", lambda x: x.take_along(np.zeros(1, "<i8"), 0)),
    ("where their elements lie", lambda x: sliced(x, [1], [2], [1])),
    ("where their elements lie", lambda x: fagure.concatenate([x, x])),
    ("where their elements lie", lambda x: x.pad([1], [0])),
    ("where their elements lie", lambda x: x.recorder.results(76, [x], 2, [0, 0])[0]),
]


END_PASSING: list[Callable[[fagure.Variable], fagure.Variable]] = [
    lambda x: sliced(x.reshape(1, -1), *COLUMN), lambda x: fagure.concatenate([x.reshape(1, -1)] * 2, 1) * 2,
]


def ended(made: Callable[[fagure.Variable], fagure.Variable]) -> None:
    """Checks a fold of a metric of three sums, of which a finish graph makes something."""
    step, finish = fagure.Recorder(), fagure.Recorder()
    weight, images = step.input("weight", (32, 3)), step.input("images", (-1, 2, 4, 4))
    graphs = [step.finish([(images.reshape(0, -1) @ weight).sum(0)]), finish.finish([made(finish.input("sums", (3,)))])]
    job = job_pb2.Job(
        sources=[job_pb2.Source(), job_pb2.Source(metric=0)], fold=job_pb2.Fold(constants=[0], finish_inputs=[1]))
    programs = [Program(graph.SerializeToString()) for graph in graphs]
    plan = folds.FoldPlan(*programs, job, [normal(32, 3), None])
    plan.check([normal(80, 2, 4, 4)], [None], folds.Schedule(80, ROWS, 1, 0, False), 32, "ward")


@pytest.mark.parametrize("reason, made", END_REFUSED)
def test_what_is_done_at_the_end_tells_no_more(reason: str, made: Callable[[fagure.Variable], fagure.Variable]) -> None:
    with pytest.raises(NotPermitted, match=reason):
        ended(made)


@pytest.mark.parametrize("made", END_PASSING)
def test_sums_may_be_cut_and_joined_whole(made: Callable[[fagure.Variable], fagure.Variable]) -> None:
    ended(made)
