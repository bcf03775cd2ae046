"""The package, and the programs, against the conformance kit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import KIT, Program

import fagure
from fagure import orders
from fagure.header import Command, Malformed, Record, decode, shard_key
from fagure.program import Program as Graph
from fagure.tensors import TYPES


def rows(name: str) -> list[Any]:
    found = json.loads((KIT / name).read_text())
    assert len(found) > 2
    return list(found)


@pytest.mark.parametrize("row", rows("operations.json"), ids=lambda row: f"{row['name']}{row['integers']}")
def test_operations(row: dict[str, Any]) -> None:
    inputs, outputs = (
        [np.array(one["numbers"]).astype(TYPES[one["type"]]).reshape(one["dimensions"]) for one in row[name]]
        for name in ("inputs", "outputs")
    )
    graph = Graph(bytes.fromhex(row["graph"]))
    assert graph.hash.hex() == row["hash"]
    results = graph.run(inputs)
    assert len(results) == len(outputs)
    for found, output in zip(results, outputs):
        assert found.dtype == output.dtype and found.shape == output.shape
        np.testing.assert_allclose(found, output, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("row", rows("records.json"), ids=lambda row: row["what"])
def test_records(row: dict[str, Any]) -> None:
    found: list[Record] = []
    try:
        for record in decode(bytes.fromhex(row["frame"])):
            found.append(record)
        is_damaged = False
    except Malformed:
        is_damaged = True
    assert is_damaged == row["isDamaged"]
    told = [
        {
            "command": int(one.command), "flags": one.flags, "heard": one.heard, "epoch": one.epoch,
            "job": one.job.hex(), "target": one.target.hex(), "attempt": one.attempt, "deadline": one.deadline,
            "slot": 0, "wait": one.wait, "body": one.body.hex(), "inline": one.inline.hex(),
            "attachments": [
                {"name": attached.name.hex() if any(attached.name) else "", "byteCount": attached.byte_count}
                for attached in one.attachments
            ],
        }
        for one in found
    ]
    assert told == row["records"]
    if len(found) == 1 and not is_damaged:
        assert found[0].encode(found[0].heard).hex() == row["frame"]


def test_every_command_is_recorded() -> None:
    told = {record["command"] for row in rows("records.json") for record in row["records"]}
    assert told == {int(command) for command in Command}


def test_orders() -> None:
    for row in rows("orders.json"):
        if row["what"] == "epoch":
            found = orders.permutation(row["count"], row["seed"], orders.Purpose.ROW_ORDER, row["round"])
        elif row["what"] == "held out":
            found = orders.held_out(row["count"])[1]
        else:
            order = np.arange(row["count"])
            if row["partition"].startswith("iid"):
                order = orders.permutation(row["count"], row["seed"], orders.Purpose.PARTITION)
            found = np.sort(order[orders.dealt(row["count"], row["part"], row["parts"])])
        assert found.tolist() == row["rows"]


def test_numbers() -> None:
    for row in rows("numbers.json"):
        found = orders.random((len(row["numbers"]),), row["seed"], row["distribution"] == "normal")
        np.testing.assert_allclose(found, row["numbers"], atol=1e-6)


def test_names() -> None:
    for row in rows("names.json"):
        dataset, partition, index, count = row["text"].split("\0")
        assert shard_key(dataset, partition, int(index), int(count)).hex() == row["bytes"]


def test_bytes_are_records_or_refused() -> None:
    generator = np.random.default_rng(7)
    good = [bytes.fromhex(row["frame"]) for row in rows("records.json")]
    refused = 0
    for number in range(20_000):
        damaged = bytearray(good[number % len(good)])
        damaged[generator.integers(len(damaged))] = generator.integers(256)
        try:
            list(decode(bytes(damaged[: generator.integers(1, len(damaged) + 1)])))
        except Malformed:
            refused += 1
    assert 10_000 < refused < 20_000


def serve(endpoint: str) -> fagure.Worker:
    random = np.random.default_rng(5)
    x = random.normal(size=(200, 4))
    return fagure.Worker(endpoint, {"ward": (x, x[:, 0])}, site="north")


def test_the_python_worker_plays_by_the_script(tmp_path: Path) -> None:
    script = Program("python", KIT / "broker.py", "worker", f"ipc://{tmp_path}/kit")
    script.line("waiting")
    with serve(f"ipc://{tmp_path}/kit"):
        code, text = script.end()
    assert code == 0, text


def test_the_worker_plays_by_the_script(tmp_path: Path) -> None:
    lines = ["age,dose,outcome", *(f"{n % 90},{n % 7 * 0.5},{n % 3 * 1.5}" for n in range(200))]
    (tmp_path / "ward.csv").write_text("\n".join(lines) + "\n")
    script = Program("python", KIT / "broker.py", "worker", f"ipc://{tmp_path}/kit")
    script.line("waiting")
    worker = Program(
        "worker", "--broker", f"ipc://{tmp_path}/kit", "--data", tmp_path / "ward.csv", "--label", "outcome", "--name",
        "north")
    code, text = script.end()
    worker.kill()
    assert code == 0, text


def test_the_python_trainer_plays_by_the_script(tmp_path: Path) -> None:
    script = Program("python", KIT / "broker.py", "trainer", f"ipc://{tmp_path}/kit")
    script.line("waiting")
    with fagure.Session.connect(f"ipc://{tmp_path}/kit") as session:
        future = session.worker("kit").run(lambda x: -x, np.float32([1, 2, 3]))
        assert future.result(30)[0].tolist() == [-1, -2, -3]
        code, text = script.end()
    assert code == 0, text


def test_a_peer_that_is_not_what_it_should_be_is_told(tmp_path: Path) -> None:
    script = Program("python", KIT / "broker.py", "worker", f"ipc://{tmp_path}/kit")
    script.line("waiting")
    with pytest.raises(fagure.Failure):
        fagure.Session.connect(f"ipc://{tmp_path}/kit", timeout=2)
    code, text = script.end()
    assert code == 1 and "expected role 1" in text
