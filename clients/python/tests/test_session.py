"""Real processes: the folder of the built programs is in FAGURE_PROGRAMS."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fagure
from fagure import failures
from fagure.header import Command, Malformed, Record, decode, shard_key


class Program:
    """One of the programs, followed by its lines."""

    def __init__(self, *words: str) -> None:
        path = Path(os.environ["FAGURE_PROGRAMS"]) / words[0]
        self.process = subprocess.Popen(
            [path, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def line(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"ended with {self.process.wait()} before {text!r}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    address = f"ipc://{tmp_path}/broker"
    broker = Program("broker", "--bind", address)
    broker.line("listening on")
    worker = Program("worker", "--broker", address, "--name", "north", "--dataset", "toy")
    worker.line("registered")
    yield address
    worker.kill()
    broker.kill()


def test_a_graph_runs_at_a_worker(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        y = np.ones((3, 2), np.float32)
        future = session.worker("north").run(lambda a, b: [(a @ b) * 2, (1 - a).sum(axis=0)], x, y)
        product, total = future.result(10)
        np.testing.assert_allclose(product, 2 * (x @ y))
        np.testing.assert_allclose(total, (1 - x).sum(axis=0))


def test_large_tensors_travel_in_pieces(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        x = np.random.default_rng(1).normal(size=2_000_000).astype(np.float32)
        (y,) = session.worker("north").run(lambda a: -a, x).result(60)
        np.testing.assert_array_equal(y, -x)


def test_many_jobs_at_once(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        worker = session.worker("north")
        futures = [worker.run(lambda a: a + a, np.float32([n])) for n in range(500)]
        assert [future.result(30)[0][0] for future in futures] == [2 * n for n in range(500)]


def test_failures_have_types(endpoint: str) -> None:
    with fagure.Session.connect(endpoint) as session:
        with pytest.raises(failures.NoWorker, match="there are north"):
            session.worker("south")
        wrong = session.worker("north").run(lambda a, b: a @ b, np.ones((2, 3), np.float32), np.ones((2, 3), np.float32))
        with pytest.raises(failures.InvalidJob):
            wrong.result(10)
        with pytest.raises(TypeError):
            session.worker("north").run(lambda a: a, np.ones(2, np.complex64))


def test_a_restarted_broker_is_asked_again(tmp_path: Path) -> None:
    address = f"ipc://{tmp_path}/broker"
    broker = Program("broker", "--bind", address)
    broker.line("listening on")
    worker = Program("worker", "--broker", address, "--name", "north", "--dataset", "toy")
    worker.line("registered")
    with fagure.Session.connect(address) as session:
        here = session.worker("north")
        assert here.run(lambda a: -a, np.float32([1])).result(10)[0][0] == -1
        broker.kill()
        broker = Program("broker", "--bind", address)
        broker.line("listening on")
        for _ in range(100):
            try:
                assert here.run(lambda a: -a, np.float32([2])).result(30)[0][0] == -2
                break
            except failures.Absent:
                continue  # The worker is not back yet.
    worker.kill()
    broker.kill()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(failures.BrokerUnreachable):
        fagure.Session.connect(f"ipc://{tmp_path}/nobody", timeout=0.3)


def test_vectors_of_the_document() -> None:
    key = shard_key("fashion-mnist", "iid:0", 2, 4)
    assert key[:8][::-1].hex() + key[8:][::-1].hex() == "c2f9a124ab289d18460ee6a6699b7819"
    header = bytes.fromhex(
        "4647520a020020010000000000000000000000000403020118171615141312112827262524232221383736353433323148474645444342"
        "4158575655545352516463626174737271000000009493929"
        "1")
    (record,) = decode(header)
    assert record.command == Command.SUBMIT and record.flags == 1 and record.attempt == 0x61626364
    assert record.encode(record.heard) == header


def test_bytes_are_records_or_refused() -> None:
    generator = np.random.default_rng(7)
    good = Record(Command.RESULT, body=b"body", inline=b"inline").encode()
    for _ in range(5_000):
        bytes_ = bytearray(good)
        bytes_[generator.integers(len(bytes_))] = generator.integers(256)
        try:
            list(decode(bytes(bytes_[: generator.integers(1, len(bytes_) + 1)])))
        except Malformed:
            pass
