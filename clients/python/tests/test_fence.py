"""The fence against the rule: whatever Python's lets pass, the Swift worker's must let pass, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from programs import Program as Process
from programs import broker

import fagure
from fagure import failures
from fagure.program import Program
from fagure.typerules import END
from fagure.values import FLOAT, ValueType

Variables = Sequence[fagure.Variable]


class Draw:
    """A step drawn at random: of values that are there, one after the other is combined into another."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.batch_size = int(self.random.choice([1, 8, 32, 40, 80]))
        self.states = [np.ones((4, 1), np.float32), np.float32(1)][: int(self.random.integers(0, 3))]
        self.constants = [np.full((4, 1), 0.5, np.float32), np.float32(0.9), np.float32(2)]

    def __call__(self, states: Variables, constants: Variables, columns: Variables) -> tuple[Variables, Variables]:
        values = [*states, *constants, *columns]
        for _ in range(int(self.random.integers(1, 10))):
            made = self.combined(values)
            if made is not None:
                values.append(made)
        new: list[fagure.Variable] = []
        for state in states:
            change = self.one(values[-5:])
            keeps = [state, state * constants[1], state * 0.25][int(self.random.integers(0, 3))]
            change = change.sum() * self.one(values[: len(states) + 3]) if self.random.random() < 0.5 else change
            made = keeps + change
            new.append(state if self.random.random() < 0.2 else made)
        metrics = [self.one(values[-5:]) for _ in range(int(self.random.integers(1, 3)))]
        return new, [one.sum() if self.random.random() < 0.7 else one for one in metrics]

    def one(self, values: Variables) -> fagure.Variable:
        return values[int(self.random.integers(len(values)))]

    def combined(self, values: Variables) -> fagure.Variable | None:
        a, b = self.one(values), self.one(values[-4:])
        kind = int(self.random.integers(0, 20))
        recorder, before = a.recorder, len(a.recorder._nodes)
        try:
            made = [
                lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: a @ b,
                lambda: a.combine(100, [a, b], [1, 0]), lambda: b.sum(0), lambda: b.sum(), lambda: b.mean(),
                lambda: b.sigmoid(), lambda: b**2, lambda: b.relu(), lambda: b.exp(), lambda: b.reshape(-1),
                lambda: b.erf(), lambda: b.cumulative_sum(int(self.random.integers(0, 2))),
                lambda: self.windowed(a, b, self.one(values)), lambda: self.windowed(a, b, self.one(values)),
                lambda: self.picked(a, b), lambda: self.picked(a, b),
            ][kind]()
            graph = Program(recorder.finish([made]).SerializeToString())
            sizes = [one.shape for one in (*self.states, *self.constants)] + [(80, 4)]
            for size in (80, 7):
                graph.types([ValueType(FLOAT, shape) for shape in [*sizes[:-1], (size, 4)]])
            return made
        except failures.Failure:
            del recorder._nodes[before:]
            return None

    def picked(self, a: fagure.Variable, b: fagure.Variable) -> fagure.Variable:
        """Parts of values, and what is joined of them."""
        ranges = [[], [0, 1, END, 2, 1, 1], [0, 0, END, END, 1, 2], [1, END, 1], [0, 8, 1]][int(self.random.integers(0, 5))]
        axis = int(self.random.integers(-1, 2))
        answer = b.argmax(1)
        return [
            lambda: b.combine(123, [b], ranges), lambda: b.combine(124, [b.combine(123, [b], ranges), a], ranges),
            lambda: fagure.concatenate([a, b], axis), lambda: fagure.concatenate([b, b], axis),
            lambda: b.recorder.results(128, [b, a.combine(123, [a], ranges), a], 2, [axis, 2])[0],
            lambda: b.recorder.results(128, [fagure.concatenate([b, a], axis), b, a], 2, [axis, 2])[0],
            lambda: answer.cast("float32"), lambda: answer.combine(154, [answer], [4]), lambda: b.take_along(answer, 0),
        ][int(self.random.integers(0, 9))]()

    def windowed(self, a: fagure.Variable, b: fagure.Variable, c: fagure.Variable) -> fagure.Variable:
        """Of rows taken for small images, and a parameter for a weight."""
        x, y, weight = a.reshape(0, 2, 2), b.reshape(0, 2, 2), c.reshape(2, 2, 1)
        values, places = fagure.max_pool_with_indices(y, [2], 1)
        pool = [2, 1, 1]
        made = [
            lambda: fagure.convolution(y, weight), lambda: y.combine(103, [y, weight, x], [1, 1, 0, 1]),
            lambda: x.combine(104, [x, y, weight], [1, 1, 0, 1]), lambda: values,
            lambda: y.combine(133, [values, places, y], [1]), lambda: y.combine(132, [x, places], [1]),
            lambda: y.combine(111, [y], pool), lambda: y.combine(112, [y.combine(111, [y], pool), x], pool),
            lambda: y.pad([0, 1], [0, 0]), lambda: y.pad([1], [0]), lambda: y.take_rows(places),
        ][int(self.random.integers(0, 11))]()
        return made.reshape(0, -1)


def outcome(worker: fagure.RemoteWorker, dataset: str, column: str, draw: Draw) -> str:
    shard = worker.shard(dataset)
    try:
        worker.fold(
            shard, draw, states=draw.states, constants=draw.constants, columns=[column], batch_size=draw.batch_size
        ).result(30)
    except failures.Failure as failure:
        return f"{type(failure).__name__}: {failure}"
    return "passed"


def rows_of_a_ward() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(100, 4)).astype(np.float32)


def test_what_python_lets_out_swift_lets_out(tmp_path: Path) -> None:
    program, address = broker(tmp_path)
    rows = rows_of_a_ward()
    lines = ["a,b,c,d,y", *(",".join(f"{x:.6f}" for x in [*row, row[0]]) for row in rows)]
    (tmp_path / "ward.csv").write_text("\n".join(lines) + "\n")
    swift = Process("worker", "--broker", address, "--data", tmp_path / "ward.csv", "--label", "y", "--name", "swift")
    swift.line("registered")
    try:
        compare(address)
    finally:
        swift.kill()
        program.kill()


def compare(address: str) -> None:
    rows = rows_of_a_ward()
    counts: dict[tuple[str, str], int] = {}
    with fagure.Worker(address, {"own": (rows, rows[:, 0])}, site="python"), fagure.Session.connect(address) as session:
        for seed in range(int(os.environ.get("FAGURE_SEEDS", 2_000))):
            own = outcome(session.worker("python"), "own", "features", Draw(seed))
            other = outcome(session.worker("swift"), "ward", "features", Draw(seed))
            kinds = own.split(":")[0], other.split(":")[0]
            counts[kinds] = counts.get(kinds, 0) + 1
            assert own != "passed" or other == "passed", f"seed {seed}: {own} here, {other} there"
    assert counts["passed", "passed"] > 100 and counts["NotPermitted", "NotPermitted"] > 300, counts
    print(counts)


Made = Callable[..., fagure.Variable]
WIDE, NARROW, TABLE = np.ones((4, 3), np.float32), np.full((4, 1), 0.5, np.float32), np.ones((3, 4), np.float32)


def sliced(x: fagure.Variable, *ranges: int) -> fagure.Variable:
    return x.combine(123, [x], ranges)


def answer(x: fagure.Variable, w: fagure.Variable) -> fagure.Variable:
    return (x @ w).argmax(1)


def one_hot(x: fagure.Variable) -> fagure.Variable:
    return x.combine(154, [x], [3])


PASSING: list[tuple[Made, list[np.ndarray]]] = [
    (lambda x, y, w: answer(x, w).equal(y.cast("int64")).sum(), [WIDE]),
    (lambda x, y, w: (x @ w).cross_entropy(y, "sum"), [WIDE]),
    (lambda x, y, e: e.take_rows(y).sum(), [TABLE]),
    (lambda x, y, e: e.combine(131, [x * e.take_rows(y), y, e]), [TABLE]),
    (lambda x, y, w: sliced(x @ w, 0, 1, END, 3, 1, 1).sum(), [WIDE]),
    (lambda x, y, w: x.combine(124, [sliced(x @ w, 0, 1, END, 3, 1, 1), x @ w], [0, 1, END, 3, 1, 1]).sum(), [WIDE]),
    (lambda x, y, w: sliced((x @ w).sum(0, keepdims=True), 0, 1, END, 2, 1, 1), [WIDE]),
    (lambda x, y, w, v: fagure.concatenate([x @ w, x @ v], 1).sum(), [WIDE, NARROW]),
    (lambda x, y, w, v: x.recorder.results(128, [x @ w, x @ v, sliced(x, 0, 0, END, 2, 1, 1)], 2, [
        1, 2])[1].sum(), [WIDE, NARROW]),
    (lambda x, y, m: ((x - m).combine(38, [x - m]) * x.recorder.constant(2.0)).sum(0), [np.float32(3)]),
]

REFUSED: list[tuple[Made, list[np.ndarray]]] = [
    (lambda x, y, w, v: (answer(x, w).cast("float32") * v.sum()).sum(), [WIDE, NARROW]),
    (lambda x, y, w: one_hot(answer(x, w)).sum(), [WIDE]),
    (lambda x, y, w: answer(x, w).reshape(0, 1).equal(y.reshape(0, 1).cast("int64")).sum(), [WIDE]),
    (lambda x, y, w, v: (answer(x, w).equal(y.cast("int64")) * v.sum()).sum(), [WIDE, NARROW]),
    (lambda x, y, w: answer(x, w).equal(y.cast("int64")).mean(), [WIDE]),
    (lambda x, y, w: (x @ w).cross_entropy(y, "sum"), [NARROW]),
    (lambda x, y, w: (x @ w).cross_entropy(y.cast("float32").cast("int64"), "sum"), [WIDE]),
    (lambda x, y, e: e.take_rows(y).sum(), [TABLE[:2]]),
    (lambda x, y, e: e.combine(131, [x * e.sum(), y, e]), [TABLE[:2]]),
    (lambda x, y, w: one_hot((x @ w).sum().cast("int64")), [WIDE]),
    (lambda x, y, w, e: e.take_rows((x @ w).sum().cast("int64")), [WIDE, TABLE]),
    (lambda x, y, w: (x @ w).sum(0).take_along(np.zeros(1, "<i8"), 0), [WIDE]),
    (lambda x, y, w: sliced((x @ w).sum(0), 1, 2, 1), [WIDE]),
    (lambda x, y: sliced(x, 0, 1, END, 3, 1, 1).sum(), []),
    (lambda x, y, w: fagure.concatenate([x @ w, x], 1).sum(), [WIDE]),
    (lambda x, y, w: fagure.concatenate([(x @ w).sum(0)] * 2), [WIDE]),
    (lambda x, y: x.cast("int32").cast("float32").sum(0), []),
    (lambda x, y: (x**2 * x.recorder.constant(2.0)).sum(0), []),
    (lambda x, y: (x.recorder.constant(2.0) - x).sum(0), []),
]


def test_labels_answers_and_parts_are_judged_alike(tmp_path: Path) -> None:
    """What is passed here is passed there; what is refused here is refused there, too."""
    program, address = broker(tmp_path)
    rows, names = rows_of_a_ward(), [["no", "why", "yes"][n % 3] for n in range(100)]
    lines = ["a,b,c,d,y", *(",".join([*(f"{x:.6f}" for x in row), name]) for row, name in zip(rows, names))]
    (tmp_path / "ward.csv").write_text("\n".join(lines) + "\n")
    swift = Process("worker", "--broker", address, "--data", tmp_path / "ward.csv", "--label", "y", "--name", "swift")
    swift.line("registered")
    own = fagure.Worker(address, {"own": (rows, np.array(names))}, site="python")
    try:
        with own, fagure.Session.connect(address) as session:
            for index, (made, constants) in enumerate([*PASSING, *REFUSED]):
                wanted = "passed" if index < len(PASSING) else "NotPermitted"
                for name, dataset in (("python", "own"), ("swift", "ward")):
                    found = metric_of(session.worker(name), dataset, made, constants)
                    assert found.split(":")[0] == wanted, f"{index} at {name}: {found}"
    finally:
        swift.kill()
        program.kill()


def metric_of(worker: fagure.RemoteWorker, dataset: str, made: Made, constants: list[np.ndarray]) -> str:
    shard = worker.shard(dataset)
    try:
        worker.fold(
            shard, lambda s, c, columns: ([], [made(*columns, *c)]), constants=constants,
            columns=[column.name for column in shard.columns], batch_size=40).result(30)
    except failures.Failure as failure:
        return f"{type(failure).__name__}: {failure}"
    return "passed"
