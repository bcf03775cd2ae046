"""The fence against the rule: whatever Python's lets pass, the Swift worker's must let pass, too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from programs import Program as Process
from programs import broker

import fagure
from fagure import failures
from fagure.program import Program
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
        kind = int(self.random.integers(0, 14))
        recorder, before = a.recorder, len(a.recorder._nodes)
        try:
            made = [
                lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: a @ b,
                lambda: a.combine(100, [a, b], [1, 0]), lambda: b.sum(0), lambda: b.sum(), lambda: b.mean(),
                lambda: b.sigmoid(), lambda: b**2, lambda: b.relu(), lambda: b.exp(), lambda: b.reshape(-1),
            ][kind]()
            graph = Program(recorder.finish([made]).SerializeToString())
            sizes = [one.shape for one in (*self.states, *self.constants)] + [(80, 4)]
            for size in (80, 7):
                graph.types([ValueType(FLOAT, shape) for shape in [*sizes[:-1], (size, 4)]])
            return made
        except failures.Failure:
            del recorder._nodes[before:]
            return None


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
