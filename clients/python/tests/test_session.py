"""A trainer's side against the programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from programs import Program, broker

import fagure
from fagure import failures


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    program, address = broker(tmp_path)
    worker = Program("worker", "--broker", address, "--name", "north", "--dataset", "digits")
    worker.line("registered")
    yield address
    worker.kill()
    program.kill()


def test_a_graph_runs_at_a_worker(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        y = np.ones((3, 2), np.float32)
        future = session.worker("north").run(lambda a, b: [(a @ b) * 2, (1 - a).sum(axis=0)], x, y)
        product, total = future.result(10)
        np.testing.assert_allclose(product, 2 * (x @ y))
        np.testing.assert_allclose(total, (1 - x).sum(axis=0))


def test_large_and_many_tensors_travel(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        x = np.random.default_rng(1).normal(size=2_000_000).astype(np.float32)
        (y,) = north.run(lambda a: -a, x).result(60)
        np.testing.assert_array_equal(y, -x)
        many = [np.full(n % 90, n, np.float32) for n in range(600)]
        found = north.run(lambda *xs: [-x for x in xs], *many).result(60)
        assert all((one == -n).all() and one.shape == (n % 90,) for n, one in enumerate(found))


def test_many_jobs_at_once(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        worker = session.worker("north")
        futures = [worker.run(lambda a: a + a, np.float32([n])) for n in range(500)]
        assert [future.result(30)[0][0] for future in futures] == [2 * n for n in range(500)]


def test_gradients_are_those_of_differences(endpoint: str) -> None:
    random = np.random.default_rng(3)
    x, w, b = (random.normal(size=size).astype(np.float32) for size in ((5, 4), (3, 4), (3,)))
    labels = np.array([0, 1, 2, 1, 0], np.int32)

    def loss(x: fagure.Variable, w: fagure.Variable, b: fagure.Variable, labels: fagure.Variable) -> fagure.Variable:
        hidden = fagure.linear(x, w, b)
        scaled = (hidden.tanh() * hidden.sigmoid() + hidden.relu() ** 2 - (hidden * 0.1).exp() / 2).reshape(0, -1)
        return scaled.cross_entropy(labels) + (w * w).mean() + (x @ w.transpose(1, 0)).sum() * 0.01

    def program(*values: fagure.Variable) -> list[fagure.Variable]:
        value = loss(*values)
        return [value, *fagure.gradient(value, values[:3])]

    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        _, *gradients = north.run(program, x, w, b, labels).result(10)
        arrays = [x, w, b]
        for index, gradient in enumerate(gradients):
            assert gradient.shape == arrays[index].shape
            for place in np.ndindex(gradient.shape):
                ends = []
                for step in (1e-2, -1e-2):
                    moved = [one.copy() for one in arrays]
                    moved[index][place] += step
                    ends.append(north.run(loss, *moved, labels))
                up, down = (one.result(10)[0] for one in ends)
                assert abs(float(up - down) / 2e-2 - gradient[place]) < 5e-3


def test_results_of_one_operation_and_their_gradients(endpoint: str) -> None:
    def program(x: fagure.Variable, y: fagure.Variable) -> list[fagure.Variable]:
        joined = fagure.concatenate([x, y, x, y], 1)
        values, places = joined.topk(3)
        rising, order = y.sort(0)
        loss = (values * np.float32([1, 10, 100])).sum() + (rising * np.float32([[1], [7]])).sum()
        return [values, places, order, joined.take_along(places), *fagure.gradient(loss, [x, y])]

    with fagure.Session.connect(endpoint) as session:
        x, y = np.float32([[3, 1], [4, 6]]), np.float32([[5], [2]])
        values, places, order, taken, *slopes = session.worker("north").run(program, x, y).result(10)
    np.testing.assert_array_equal(values, [[5, 5, 3], [6, 6, 4]])
    np.testing.assert_array_equal(places, [[2, 5, 0], [1, 4, 0]])
    np.testing.assert_array_equal(order, [[1], [0]])
    np.testing.assert_array_equal(taken, values)
    np.testing.assert_array_equal(slopes[0], [[100, 0], [100, 11]])
    np.testing.assert_array_equal(slopes[1], [[1 + 10 + 7], [1]])


def test_pointers_stay_where_they_are(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        x = north.put(np.float32([[1, 2], [3, 4]]))
        y = 1 - (x @ x) * 2
        assert repr(y) == "Pointer(float32[2, 2] at north)"
        np.testing.assert_array_equal(y.get(10), [[-13, -19], [-29, -43]])
        with pytest.raises(failures.InvalidJob, match="matmul"):
            x @ north.put(np.ones(3, np.float32))
        number = x.number
        x.release()
        with pytest.raises(failures.UnknownObject):
            for _ in range(1_000):
                x.get(10)
        assert y.number != number


def test_a_pointer_to_what_failed_tells_why(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        labels = north.put(np.array([7], np.int32))
        (one,) = north.compute(lambda x, y: x.cross_entropy(y), np.ones((1, 3), np.float32), labels)
        with pytest.raises(failures.ExecutionFailed):
            (one + 1).get(10)


def test_pointers_move_to_another_worker(endpoint: str) -> None:
    with fagure.Worker(endpoint, {}, site="south"), fagure.Session.connect(endpoint) as session:
        north, south = session.worker("north"), session.worker("south")
        x = north.put(np.arange(50_000, dtype=np.float32))
        there = (x * 2).move_to(south)
        np.testing.assert_array_equal((there + 1).get(20), np.arange(50_000) * 2 + 1)
        back = there.move_to(north)
        np.testing.assert_array_equal((back - x).get(20), np.arange(50_000))
        with pytest.raises(ValueError, match="move one"):
            x + there


def test_a_fold_trains_where_the_rows_are(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        shard = north.shard("digits")
        feature, label = shard.columns
        width, classes = int(np.prod(feature.row.shape)), len(label.classes)

        def step(
            states: list[fagure.Variable], constants: list[fagure.Variable], columns: list[fagure.Variable]
        ) -> tuple[list[fagure.Variable], list[fagure.Variable]]:
            x = columns[0].reshape(0, -1).cast("float32") * (1 / 16)
            logits = fagure.linear(x, *states)
            new = fagure.gradient(logits.cross_entropy(columns[1]), states)
            hits = logits.argmax(1).equal(columns[1].cast("int64"))
            return (
                [state - constants[0] * change for state, change in zip(states, new)],
                [logits.cross_entropy(columns[1], "sum"), hits.sum()])

        states = [np.zeros((classes, width), np.float32), np.zeros(classes, np.float32)]
        for epoch in range(8):
            outcome = north.fold(
                shard, step, states=states, constants=[np.float32(0.5)], columns=[feature.name, label.name],
                seed=epoch).result(30)
            states = outcome.states
            assert outcome.examples == shard.train_rows
        loss, hits = (float(one) / shard.train_rows for one in outcome.metrics)
        assert loss < 0.3 and hits > 0.93
        with pytest.raises(failures.NotPermitted):
            north.fold(
                shard, lambda s, c, x: ([], [x[0].cast("float32").exp().sum(0)]), columns=[feature.name]).result(30)


def test_failures_have_types(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        with pytest.raises(failures.NoWorker, match="there are north"):
            session.worker("south")
        wrong = session.worker("north").run(
            lambda a, b: a @ b, np.ones((2, 3), np.float32), np.ones((2, 3), np.float32))
        with pytest.raises(failures.InvalidJob):
            wrong.result(10)
        with pytest.raises(TypeError):
            session.worker("north").run(lambda a: a, np.ones(2, np.complex64))


def test_a_restarted_broker_is_asked_again(tmp_path: Path) -> None:
    first, address = broker(tmp_path)
    worker = Program("worker", "--broker", address, "--name", "north", "--dataset", "toy")
    worker.line("registered")
    with fagure.Session.connect(address) as session:
        here = session.worker("north")
        assert here.run(lambda a: -a, np.float32([1])).result(10)[0][0] == -1
        first.kill()
        waiting = here.run(lambda a: -a, np.float32([2]))
        second, _ = broker(tmp_path)
        # Whether worker or trainer is back first, the job has its one answer.
        assert waiting.result(40)[0][0] == -2
    worker.kill()
    second.kill()


def test_the_catalogue_follows_who_comes_and_goes(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        assert [worker.name for worker in session.workers] == ["north"]
        with fagure.Worker(endpoint, {"noise": (np.ones((80, 2)), np.ones(80))}, site="south"):
            for _ in range(400):
                if len(session.workers) == 2:
                    break
                session.worker("north").run(lambda a: -a, np.float32([1])).result(10)
            assert [worker.name for worker in session.workers] == ["north", "south"]
            (shard,) = session.worker("south").shards
            assert (shard.dataset, shard.partition, shard.train_rows) == ("noise", "site:south", 64)
        for _ in range(400):
            if len(session.workers) == 1:
                break
            session.worker("north").run(lambda a: -a, np.float32([1])).result(10)
        assert [worker.name for worker in session.workers] == ["north"]


def test_what_is_awaited_ends_with_the_session(endpoint: str) -> None:
    session = fagure.Session.connect(endpoint)
    north = session.worker("north")
    session.close()
    with pytest.raises(failures.Cancelled):
        north.run(lambda a: -a, np.float32([1])).result(10)
    session.close()


def test_a_future_may_be_cancelled(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        north = session.worker("north")
        future = north.run(lambda a: -a, np.zeros(4_000_000, np.float32))
        assert future.cancel() or future.done()
        assert north.run(lambda a: -a, np.float32([1])).result(10)[0][0] == -1


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(failures.BrokerUnreachable):
        fagure.Session.connect(f"ipc://{tmp_path}/nobody", timeout=0.3)
    with pytest.raises(ValueError, match="cannot connect"):
        fagure.Session.connect("nonsense", timeout=0.3)


def test_keys(tmp_path: Path) -> None:
    def admin(*words: str) -> None:
        program = Program(*words)
        code, text = program.end()
        assert code == 0, text

    keys, address = tmp_path / "keys", f"ipc://{tmp_path}/broker"
    admin("broker", "keygen", "--keys", str(keys))
    for name, role in (("lab", "trainer"), ("south", "worker")):
        invitation, key = str(tmp_path / f"{name}.invitation"), str(tmp_path / f"{name}.key")
        admin(
            "broker", "invite", name, "--role", role, "--keys", str(keys), "--address", address, "--output", invitation)
        admin(role, "join", invitation, "--key", key)
        admin("broker", "enrol", str(tmp_path / f"{name}.public"), "--keys", str(keys))
    program = Program("broker", "--keys", str(keys), "--bind", address)
    program.line("listening on")
    data = {"noise": (np.ones((80, 2)), np.ones(80))}
    with fagure.Worker(datasets=data, key=tmp_path / "south.key"):
        with fagure.Session.connect(key=tmp_path / "lab.key") as session:
            assert session.worker("south").run(lambda a: -a, np.float32([1])).result(10)[0][0] == -1
        with pytest.raises(failures.BrokerUnreachable):
            fagure.Session.connect(address, timeout=1)
    with pytest.raises(fagure.KeyFault, match="a trainer's is needed"):
        fagure.Session.connect(key=tmp_path / "south.key")
    (tmp_path / "lab.key").chmod(0o644)
    with pytest.raises(fagure.KeyFault, match="chmod 600"):
        fagure.Session.connect(key=tmp_path / "lab.key")
    program.kill()
