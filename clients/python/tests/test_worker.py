"""A worker in Python against the programs."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from programs import Program, broker

import fagure
from fagure import failures, job_pb2


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    program, address = broker(tmp_path)
    yield address
    program.kill()


def ward(seed: int, rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 8))
    return x, (x @ np.linspace(-1, 1, 8) + 0.3 * random.normal(size=rows) > 0).astype(np.int64)


@pytest.mark.parametrize(
    "flags", [
        ["--model", "logistic"], ["--model", "mlp", "--hidden", "20", "--momentum", "0.9", "--weight-decay", "0.001"],
        ["--model", "mlp", "--hidden", "20", "--optimizer", "adam", "--learning-rate", "0.01"],
    ], ids=lambda flags: " ".join(flags[1::2]))
def test_a_swift_trainer_learns_from_python_workers(endpoint: str, tmp_path: Path, flags: list[str]) -> None:
    with fagure.Worker(endpoint, {"ward": ward(1)}, site="north"), fagure.Worker(endpoint, {"ward": ward(2)}, site="south"):
        trainer = Program(
            "trainer", "--broker", endpoint, "--rounds", "8", "--workers-min", "2", "--output", str(tmp_path / "run"), *flags)
        code, text = trainer.end()
    assert code == 0, text
    last = [line for line in text.splitlines() if "epoch 8/8" in line][0]
    assert float(last.split("test accuracy")[1].split()[0]) > 0.85, text
    assert "2 shards" in last


def test_python_and_swift_workers_learn_the_same(endpoint: str, tmp_path: Path) -> None:
    x, _ = ward(3)
    y = x @ np.linspace(-1, 1, 8) + np.sin(x[:, 0])
    columns = "\n".join(",".join(f"{value:.9g}" for value in [*row, float(label)]) for row, label in zip(x, y))
    (tmp_path / "ward.csv").write_text(",".join([*(f"x{n}" for n in range(8)), "y"]) + "\n" + columns + "\n")
    losses = []
    for name in ("python", "swift"):
        if name == "python":
            worker = fagure.Worker(endpoint, {"ward": (x, y)}, site="north").start()
        else:
            process = Program(
                "worker", "--broker", endpoint, "--data", tmp_path / "ward.csv", "--label", "y", "--name", "north")
            process.line("registered")
        code, text = Program("trainer", "--broker", endpoint, "--rounds", "4", "--model", "linear").end()
        assert code == 0, text
        losses.append([line.split("s  1 shard")[0].rsplit("  ", 1)[0] for line in text.splitlines() if line.startswith("epoch")])
        worker.close() if name == "python" else process.kill()
    assert len(losses[0]) == 4 and losses[0] == losses[1]


def test_rows_stay(endpoint: str) -> None:
    x, _ = ward(4)
    with fagure.Worker(endpoint, {"ward": (x, x[:, 0])}, site="north"), fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        shard = north.shard("ward")

        def refused(step: object, match: str, batch_size: int = 64, **more: object) -> None:
            with pytest.raises(failures.NotPermitted, match=match):
                north.fold(
                    shard, step, columns=["features", "label"], batch_size=batch_size, **more  # type: ignore[arg-type]
                ).result(20)

        weight = np.ones((8, 1), np.float32)
        mask = np.zeros((64, 1), np.float32)
        mask[5] = 1
        refused(lambda s, c, r: ([], [r[0]]), "no sum")
        refused(lambda s, c, r: ([], [r[0].exp().sum(0)]), "no model has met")
        refused(lambda s, c, r: ([], [((r[0] @ c[0]) * c[1]).sum()]), "lies along the rows", constants=[weight, mask])
        refused(lambda s, c, r: ([], [(r[0] @ c[0]).argmax(0)]), "mixes rows", constants=[weight])
        refused(lambda s, c, r: ([], [(r[0] @ c[0]).combine(73, [r[0] @ c[0]], [0, 1])]), "does not know", constants=[weight])
        refused(lambda s, c, r: ([r[0].sum(0)], []), "no sum over a batch that a model has met", states=[np.zeros(8, np.float32)])
        refused(lambda s, c, r: ([], [(r[0] @ c[0]).mean().exp()]), "about 1", constants=[weight], batch_size=1)
        refused(lambda s, c, r: ([], [(r[0] @ c[0] - (r[0] @ c[0]).mean()).sum()]), "sum over their batch", constants=[weight])
        refused(lambda s, c, r: ([s[0] + 1], [(r[0] @ c[0] * s[0]).sum()]), "about 1", batch_size=1, states=[np.float32(0)], constants=[weight])
        # A state that forgets: the last batch alone.
        refused(
            lambda s, c, r: ([s[0] * 0.0 + (r[0] @ c[0]).sum()], []), "about 1", batch_size=1,
            states=[np.float32(0)], constants=[weight])
        # A sum halved with every row is a number whose digits are the rows.
        refused(
            lambda s, c, r: ([s[0] * 0.5 + (r[0] @ c[0]).sum()], []), "about 1", batch_size=1,
            states=[np.float32(0)], constants=[weight])
        column = job_pb2.Source(
            column=job_pb2.Column(
                shard=job_pb2.Shard(dataset="ward", partition="site:north", index=0, count=1), part=1, name="features"))
        with pytest.raises(failures.NotPermitted):
            session.submit(north.identity, job_pb2.Job(sources=[column]), b"", [], lambda *_: None).result(10)


def test_what_a_statistic_may_be(endpoint: str) -> None:
    x, _ = ward(4)
    with fagure.Worker(endpoint, {"ward": (x, x[:, 0])}, site="north"), fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        shard = north.shard("ward")
        step = lambda s, c, r: ([], [r[0].sum(0), ((r[0] - c[0]) ** 2).sum(0)])
        found = north.fold(shard, step, columns=["features"], constants=[np.zeros(8, np.float32)]).result(20)
        rows = fagure.orders.held_out(600)[0]
        np.testing.assert_allclose(found.metrics[0], x[rows].sum(0), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(found.metrics[1], (x[rows] ** 2).sum(0), rtol=1e-4)


def test_what_is_no_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        fagure.Dataset.of(np.full((40, 2), np.nan), np.ones(40))
    with pytest.raises(ValueError, match="a row each"):
        fagure.Dataset.of(np.ones((40, 2)), np.ones(39))
    with pytest.raises(ValueError, match="fewer than 32 rows"):
        fagure.Dataset.of(np.ones((40, 2)), np.array(["ill"] + ["well"] * 39))
    assert fagure.Dataset.of(np.ones((40, 2)), np.array(["ill"] * 40), classes=["ill", "well"]).classes == ("ill", "well")
    with pytest.raises(ValueError, match="none of the"):
        fagure.Dataset.of(np.ones((40, 2)), np.array(["ill"] * 40), classes=["well"])


def test_a_worker_that_leaves_hands_back(endpoint: str) -> None:
    worker = fagure.Worker(endpoint, {}, site="north").start()
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        x = np.ones((400, 400), np.float32)
        futures = [north.run(lambda a: a @ a @ a @ a, x) for _ in range(200)]
        # Which of them is done first is no promise: all fetch their tensor at once.
        done, _ = concurrent.futures.wait(futures, 60, concurrent.futures.FIRST_COMPLETED)
        worker.close()
        ends = [future.exception(60) for future in futures]
    assert done and all(future.exception() is None for future in done)
    assert all(end is None or isinstance(end, failures.Absent) for end in ends)


def test_a_job_that_has_waited_too_long_is_not_done(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with fagure.Worker(endpoint, {}, site="north") as worker, fagure.Session.connect(endpoint) as session:
        gate, run, done = threading.Event(), worker._executor.run, list[object]()

        def waiting(*arguments: object) -> object:
            gate.wait()
            done.append(arguments)
            return run(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(worker._executor, "run", waiting)
        north = session.worker("north")
        first = north.run(lambda a: -a, np.float32([1]))
        with pytest.raises(failures.DeadlineExceeded):
            north.run(lambda a: -a, np.float32([2]), timeout=0.2).result(30)
        gate.set()
        assert first.result(30)[0][0] == -1
        assert north.run(lambda a: -a, np.float32([3])).result(30)[0][0] == -3
        assert len(done) == 2


def test_only_named_trainers_are_answered(endpoint: str) -> None:
    with fagure.Worker(endpoint, {}, site="north", trainers=["a" * 40]), fagure.Session.connect(endpoint) as session:
        with pytest.raises(failures.NotPermitted, match="does not answer"):
            session.worker("north").run(lambda a: -a, np.float32([1])).result(10)
