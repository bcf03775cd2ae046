#!/usr/bin/env python3
"""A broker with a script, for whoever writes a worker or a trainer: see README.md beside it.

usage: broker.py (worker|trainer) ENDPOINT
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import zmq

from fagure import Recorder, job_pb2, wire_pb2
from fagure.catalogue import schema_hash
from fagure.header import Attachment, Command, Extent, Malformed, Record, decode
from fagure.remote import sealed
from fagure.tensors import TYPES, pack, unpack

HEARTBEAT, SILENCE = 300, 2_000
NO_LIMIT, TARGETS_SESSION = 0, 1


class Broken(Exception):
    """The peer did something else than it has to."""


def require(condition: bool, expected: str) -> None:
    if not condition:
        raise Broken(expected)


def said(section: str, what: str) -> None:
    print(f"ok {section:6} {what}", flush=True)


class Broker:
    """A ROUTER that does nothing by itself but count bytes and answer heartbeats."""

    def __init__(self, endpoint: str) -> None:
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.socket.setsockopt(zmq.LINGER, 500)
        self.socket.bind(endpoint)
        self.peer, self.heard, self.epoch = b"", 0, secrets.randbits(52) | 1
        self.waiting: list[Record] = []
        self.is_silent = False

    def send(self, record: Record) -> None:
        record.epoch = self.epoch
        self.socket.send_multipart([self.peer, record.encode(self.heard)])

    def next(self, seconds: float = 5) -> Record | None:
        """What the peer says next; nothing where it says nothing."""
        end = time.monotonic() + seconds
        while not self.waiting:
            if not self.socket.poll(max(0, int((end - time.monotonic()) * 1_000))):
                return None
            self._receive()
        return self.waiting.pop(0)

    def _receive(self) -> None:
        parts = self.socket.recv_multipart()
        require(len(parts) == 2, f"a message of one frame (3), got {len(parts) - 1}")
        peer, frame = parts
        if peer != self.peer:
            self.peer, self.heard = peer, 0
        self.heard += len(frame)
        try:
            records = list(decode(frame))
        except Malformed as error:
            raise Broken(f"a frame that can be read (3), got {error}") from None
        for record in records:
            if record.command == Command.HEARTBEAT and not self.is_silent:
                self.send(Record(Command.HEARTBEAT))
        self.waiting += records

    def expect(self, *commands: Command, seconds: float = 10) -> Record:
        """The next of some commands; heartbeats and counts may come between."""
        passing = {Command.HEARTBEAT, Command.HEARD, Command.STARTED, Command.PROGRESS} - set(commands)
        while True:
            record = self.next(seconds)
            names = " or ".join(command.name.lower() for command in commands)
            require(record is not None, f"{names} within {seconds} s")
            assert record is not None
            if record.command in commands:
                return record
            require(record.command in passing, f"{names}, got {record.command.name.lower()}")

    def welcome(self) -> None:
        welcome = wire_pb2.Welcome(
            protocol_version=2, heartbeat_milliseconds=HEARTBEAT, silence_milliseconds=SILENCE,
            frame_byte_count_maximum=9 << 20)
        self.send(Record(Command.WELCOME, body=welcome.SerializeToString()))

    def hello(self, role: int) -> wire_pb2.Hello:
        """Waits for a hello, and checks it."""
        record = self.expect(Command.HELLO, seconds=30)
        require(record.epoch == 0 and record.job == bytes(16) and record.attempt == 0, "a hello's header of zeros (6.3)")
        body = record.body
        if record.flags & 8:
            body = zlib.decompress(body)
        hello = wire_pb2.Hello.FromString(body)
        require(hello.role == role, f"role {role} in the hello, got {hello.role}")
        require(len(hello.session) == 16 and any(hello.session), "a session of 16 bytes that are not zeros (2)")
        require(hello.protocol_minimum <= 2 <= hello.protocol_maximum, "protocol 2 among the versions (5)")
        return hello


class Jobs:
    """Gives jobs to a worker, hands out what is attached, and takes answers."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.owner = secrets.token_bytes(16)
        self.wanted = 0

    def dispatch(
        self, job: job_pb2.Job, arrays: list[np.ndarray], identity: bytes | None = None, attempt: int = 1,
        owner: bytes | None = None, name: bytes = bytes(32),
    ) -> tuple[Record, list[bytes]]:
        """Sends a job whose tensors are the arrays, in the order of its tensor sources; gives its end."""
        references, inline, parts = pack(arrays)
        sources = [one for one in job.sources if one.WhichOneof("kind") == "tensor"]
        for source, reference in zip(sources, references):
            source.tensor.CopyFrom(reference)
        record = Record(
            Command.DISPATCH, job=identity or secrets.token_bytes(16), attempt=attempt, target=owner or self.owner,
            inline=inline)
        parts = record.carry(job_pb2.Body(job=job).SerializeToString(), parts)
        record.attachments = [Attachment(one.byte_count, name) for one in record.attachments]
        self.broker.send(record)
        return self.end(record, parts)

    def end(self, record: Record, parts: list[bytes]) -> tuple[Record, list[bytes]]:
        ends = (Command.RESULT, Command.FAILED, Command.TRANSFER)
        while True:
            answer = self.broker.expect(Command.WANT, *ends)
            require(
                answer.job == record.job and answer.attempt == record.attempt,
                "the job and the attempt of its last dispatch (7.2)")
            if answer.command != Command.WANT:
                return answer, self.fetch(answer)
            self.wanted += 1
            extent = Extent.decode(answer.body)
            require(extent.attachment < len(parts), "a want of an attachment there is (7.9)")
            require(extent.stop <= len(parts[extent.attachment]), "a want within the attachment (7.9)")
            self.hand_out(record, extent, parts[extent.attachment])

    def hand_out(self, record: Record, extent: Extent, part: bytes) -> None:
        for start in range(extent.start, extent.stop, 64 << 10):
            piece = Extent(extent.attachment, start, min(extent.stop, start + (64 << 10)))
            self.broker.send(
                Record(
                    Command.PIECE, job=record.job, attempt=record.attempt, body=piece.encode(),
                    inline=part[piece.start : piece.stop]))

    def fetch(self, answer: Record) -> list[bytes]:
        """The frames of an answer, fetched where they are attached."""
        parts = []
        for number, one in enumerate(answer.attachments):
            extent = Extent(number, 0, one.byte_count)
            self.broker.send(
                Record(Command.WANT, job=answer.job, attempt=answer.attempt, body=extent.encode()))
            part = bytearray()
            while len(part) < one.byte_count:
                piece = self.broker.expect(Command.PIECE)
                found = Extent.decode(piece.body)
                require(
                    found.attachment == number and found.start == len(part) and len(piece.inline) <= 1 << 20
                    and found.stop - found.start == len(piece.inline),
                    "pieces in order, without gaps, of at most 1 MiB (7.9)")
                part += piece.inline
            parts.append(bytes(part))
        if answer.attachments:
            self.broker.send(Record(Command.RECEIVED, job=answer.job, attempt=answer.attempt))
        if answer.flags & 4:
            answer.body, parts = parts[0], parts[1:]
        return ([answer.inline] if answer.inline else []) + parts


def outputs(answer: tuple[Record, list[bytes]]) -> list[np.ndarray]:
    record, frames = answer
    if record.command == Command.FAILED:
        failure = wire_pb2.Failure.FromString(record.body)
        raise Broken(f"a result, got failed: {failure.code} {failure.message}")
    outcome = job_pb2.Outcome.FromString(record.body)
    return [unpack(output.tensor, frames) for output in outcome.outputs]


def code(answer: tuple[Record, list[bytes]]) -> int:
    require(answer[0].command == Command.FAILED, f"failed, got {answer[0].command.name.lower()}")
    return wire_pb2.Failure.FromString(answer[0].body).code


def once(graph: job_pb2.Graph, count: int, includes: bool = True) -> job_pb2.Job:
    reference = sealed(graph)
    if not includes:
        reference.graph = b""
    return job_pb2.Job(
        sources=[job_pb2.Source(tensor=job_pb2.TensorReference()) for _ in range(count)],
        once=job_pb2.Once(graph=reference))


def negation(size: int = 3) -> job_pb2.Graph:
    recorder = Recorder()
    return recorder.finish([-recorder.input(f"x{size}", [size])])


def check_worker(broker: Broker) -> None:
    hello = broker.hello(wire_pb2.ROLE_WORKER)
    said("6.3", f"hello of {hello.name}")
    check_announcement(hello)
    again = broker.hello(wire_pb2.ROLE_WORKER)
    require(again.session == hello.session, "the same session in the next hello (6.1)")
    said("6.1", "says hello again until it is welcomed")
    broker.welcome()
    broker.expect(Command.HEARTBEAT, seconds=3)
    said("6.3", "a heartbeat when nothing else was to say")
    jobs = Jobs(broker)
    check_operations(jobs)
    check_graphs(jobs)
    check_repeats(jobs)
    check_bytes(jobs)
    check_objects(jobs)
    check_damage(jobs)
    check_folds(jobs, hello)
    check_reconnection(broker, hello)


def check_announcement(hello: wire_pb2.Hello) -> None:
    hashes = {(dataset.name, schema_hash(dataset)) for dataset in hello.datasets}
    for shard in hello.shards:
        require((shard.dataset, shard.schema) in hashes, f"the hash of {shard.dataset}'s schema in its shard (3.3)")
        require(shard.index < shard.count, "an index below the count (3.2)")
        if shard.partition.startswith("site:"):
            require((shard.index, shard.count) == (0, 1), "a site's rows as one part of one (3.2)")
    said("3.3", f"{len(hello.datasets)} data sets, {len(hello.shards)} shards, with the hashes of their schemas")


def check_operations(jobs: Jobs) -> None:
    rows = json.loads((Path(__file__).parent / "operations.json").read_text())
    for row in rows:
        values = [
            np.array(one["numbers"]).astype(TYPES[one["type"]]).reshape(one["dimensions"])
            for one in row["inputs"] + row["outputs"]
        ]
        inputs, expected = values[:len(row["inputs"])], values[len(row["inputs"]):]
        job = once(job_pb2.Graph(), len(inputs))
        job.once.graph.hash, job.once.graph.graph = bytes.fromhex(row["hash"]), bytes.fromhex(row["graph"])
        found = outputs(jobs.dispatch(job, inputs))
        require(len(found) == len(expected), f"{len(expected)} results of {row['name']} (10.1), got {len(found)}")
        for one, right in zip(found, expected):
            require(
                one.dtype == right.dtype and one.shape == right.shape
                and bool(np.allclose(one, right, rtol=1e-5, atol=1e-6)),
                f"what {row['name']} {row['integers']} gives (10.1): {right.tolist()}, got {one.tolist()}")
    said("10.1", f"{len(rows)} graphs of {len({row['code'] for row in rows})} operations")


def check_graphs(jobs: Jobs) -> None:
    x = np.float32([1, 2, 3])
    identity = secrets.token_bytes(16)
    require(code(jobs.dispatch(once(negation(), 1, includes=False), [x], identity)) in (9,), "unknown-graph (10)")
    (found,) = outputs(jobs.dispatch(once(negation(), 1), [x], identity, attempt=2))
    require(found.tolist() == [-1, -2, -3], "the result once the bytes are there (10)")
    (found,) = outputs(jobs.dispatch(once(negation(), 1, includes=False), [x]))
    require(found.tolist() == [-1, -2, -3], "a graph that is known by its hash (10)")
    said("10", "a graph by its hash, asked for with its bytes where it is not known")
    wrong = {
        "an operation nobody knows": job_pb2.Node(operation=9_999, inputs=[0]),
        "a value that comes later": job_pb2.Node(operation=1, inputs=[0, 7]),
        "one input too many": job_pb2.Node(operation=30, inputs=[0, 0]),
        "an attribute too many": job_pb2.Node(operation=30, inputs=[0], integers=[1]),
        "an axis there is not": job_pb2.Node(operation=70, inputs=[0], integers=[0, 0, 5]),
        "two results": job_pb2.Node(operation=30, inputs=[0], results=2),
    }
    for what, node in wrong.items():
        graph = job_pb2.Graph(
            inputs=[job_pb2.GraphInput(name="x", element_type=1, dimensions=[3])], nodes=[node], outputs=[1])
        require(code(jobs.dispatch(once(graph, 1), [x])) in (2, 3, 10), f"a refusal of {what} (10)")
    reference = once(negation(), 1)
    reference.once.graph.hash = hashlib.sha256(b"another").digest()
    require(code(jobs.dispatch(reference, [x])) in (2, 10), "a refusal of bytes that do not have the hash (10)")
    said("10", f"{len(wrong) + 1} graphs that break a rule are refused")


def check_repeats(jobs: Jobs) -> None:
    x, identity = np.float32([5, 6, 7]), secrets.token_bytes(16)
    first = jobs.dispatch(once(negation(), 1), [x], identity)
    second = jobs.dispatch(once(negation(), 1), [x], identity, attempt=2)
    require(outputs(first)[0].tolist() == outputs(second)[0].tolist(), "the same answer again (7.3)")
    require(first[0].body == second[0].body, "the answer it kept, its seconds among it, not a second run (7.3)")
    said("7.3", "a job that was answered is answered again, under the new attempt")
    other = jobs.dispatch(once(negation(), 1), [x + 1], identity, owner=secrets.token_bytes(16))
    require(other[0].body != first[0].body, "nothing of another owner's answer (7.3)")
    said("7.3", "another owner's job of that number is another job")


def check_bytes(jobs: Jobs) -> None:
    x = np.arange(300_000, dtype=np.float32)
    (found,) = outputs(jobs.dispatch(once(negation(300_000), 1), [x]))
    require(bool((found == -x).all()), "a tensor that came in pieces, negated (7.9)")
    said("7.9", "asks for what is attached, and hands out what it attaches")
    name = secrets.token_bytes(32)
    jobs.dispatch(once(negation(300_000), 1), [x], name=name)
    before = jobs.wanted
    (found,) = outputs(jobs.dispatch(once(negation(300_000), 1), [x], name=name))
    require(bool((found == -x).all()), "a tensor with a name it has, negated (7.9)")
    said("7.9", "bytes with a name " + ("are asked for once" if jobs.wanted == before else "(asked for again, which it may)"))


def check_objects(jobs: Jobs) -> None:
    x = np.float32([1, 2])
    keep = job_pb2.Job(
        sources=[job_pb2.Source(tensor=job_pb2.TensorReference())], outputs=[job_pb2.Output(object=5)])
    require(outputs(jobs.dispatch(keep, [x])) == [], "nothing released of what is kept (11)")
    fetch = job_pb2.Job(sources=[job_pb2.Source(object=5)])
    require(outputs(jobs.dispatch(fetch, []))[0].tolist() == [1, 2], "the object (7.6)")
    require(code(jobs.dispatch(fetch, [], owner=secrets.token_bytes(16))) == 16, "unknown-object for another owner (7.6)")
    said("7.6", "an object is kept for its owner, and for nobody else")
    destination = secrets.token_bytes(16)
    move = job_pb2.Job(
        sources=[job_pb2.Source(object=5)],
        outputs=[job_pb2.Output(transfer=job_pb2.Transfer(worker=destination, object=9))], released=[5])
    record, frames = jobs.dispatch(move, [])
    require(record.command == Command.TRANSFER and record.target == destination, "a transfer to the destination (7.7)")
    body = job_pb2.Body.FromString(record.body).job
    require(
        unpack(body.sources[0].tensor, frames).tolist() == [1, 2] and body.outputs[0].object == 9,
        "the tensor, and what it becomes there (7.7)")
    jobs.broker.send(Record(Command.RECEIVED, job=record.job, attempt=record.attempt))
    require(code(jobs.dispatch(fetch, [])) == 16, "nothing of an object that was released (11)")
    said("7.7", "a transfer, and what was released is gone")


def check_damage(jobs: Jobs) -> None:
    record = Record(Command.DISPATCH, job=secrets.token_bytes(16), attempt=1, target=jobs.owner, body=b"\xff\xff\xff")
    jobs.broker.send(record)
    require(code(jobs.end(record, [])) == 2, "malformed for a body that cannot be read (7.8)")
    job = once(negation(), 1)
    inner = job.SerializeToString() + bytes([0xFA, 0x07, 0x01, 0x00])  # Field 127, a byte.
    unknown = bytes([0x0A]) + varint(len(inner)) + inner
    record = Record(Command.DISPATCH, job=secrets.token_bytes(16), attempt=1, target=jobs.owner, body=unknown)
    jobs.broker.send(record)
    require(code(jobs.end(record, [])) == 2, "malformed for a job with a field nobody knows (11)")
    jobs.broker.socket.send_multipart([jobs.broker.peer, b"noise"])
    jobs.broker.socket.send_multipart([jobs.broker.peer, secrets.token_bytes(200)])
    jobs.broker.send(Record(Command.CANCEL, job=secrets.token_bytes(16), attempt=1))
    outputs(jobs.dispatch(once(negation(), 1), [np.float32([1, 2, 3])]))
    said("7.8", "damaged jobs are answered for, noise and cancels of nothing are dropped")


def varint(number: int) -> bytes:
    groups = []
    while True:
        number, low = number >> 7, number & 0x7F
        groups.append(low | (0x80 if number else 0))
        if not number:
            return bytes(groups)


def check_folds(jobs: Jobs, hello: wire_pb2.Hello) -> None:
    shard = next((one for one in hello.shards if one.train_rows >= 64), None)
    require(shard is not None, "a shard of at least 64 rows to train on")
    assert shard is not None
    dataset = next(one for one in hello.datasets if one.name == shard.dataset)
    column = next(one for one in dataset.columns if one.role == wire_pb2.COLUMN_ROLE_FEATURE)
    width = int(np.prod(column.dimensions, dtype=np.int64))
    answer = jobs.dispatch(fold(shard, column, width, batch_size=int(shard.train_rows)), [np.ones((1, width), "<f4"), np.zeros(1, "<f4")])
    require(answer[0].command == Command.RESULT, f"a fold of all rows, got {answer[0].command.name.lower()}: {answer[0].body!r}")
    outcome = job_pb2.Outcome.FromString(answer[0].body)
    require(len(outcome.parts) == 1 and outcome.parts[0].examples == shard.train_rows, "the rows it saw (11)")
    require(outcome.parts[0].batches == 1 and len(outcome.parts[0].outputs) == 1, "one batch, one output (11)")
    loss = unpack(outcome.parts[0].outputs[0].tensor, answer[1])
    require(loss.shape == () and bool(np.isfinite(loss)), "a loss (11)")
    said("11", f"a fold over {shard.train_rows} rows of {shard.dataset}")
    if shard.release_rows_minimum > 1:
        single = fold(shard, column, width, batch_size=1)
        single.fold.schedule.batch_limit = 1
        require(code(jobs.dispatch(single, [np.ones((1, width), "<f4"), np.zeros(1, "<f4")])) == 11, "not-permitted for a sum over one row (13)")
        rows = job_pb2.Job(
            sources=[
                job_pb2.Source(
                    column=job_pb2.Column(
                        shard=job_pb2.Shard(
                            dataset=shard.dataset, partition=shard.partition, index=shard.index, count=shard.count),
                        part=job_pb2.PART_TRAIN, name=column.name))
            ])
        require(code(jobs.dispatch(rows, [])) == 11, "not-permitted for the rows themselves (13)")
        said("13", "what would tell of single rows is refused")


def fold(shard: wire_pb2.Shard, column: wire_pb2.Column, width: int, batch_size: int) -> job_pb2.Job:
    """The sum of the squares of a linear model's outputs, as a loss is."""
    step = Recorder()
    weight, bias = step.input("weight", [1, width]), step.input("bias", [1])
    x = step.input("x", [-1, *column.dimensions], TYPES[column.element_type].name)
    flat = x.reshape(0, -1).cast("float32") * 0.001
    y = flat.combine(101, [flat, weight, bias])
    finish = Recorder()
    loss = finish.input("loss", [])
    job = job_pb2.Job(
        sources=[
            job_pb2.Source(tensor=job_pb2.TensorReference()), job_pb2.Source(tensor=job_pb2.TensorReference()),
            job_pb2.Source(metric=0),
        ], outputs=[job_pb2.Output(name="loss")])
    job.fold.CopyFrom(
        job_pb2.Fold(
            step=sealed(step.finish([(y * y).sum()])), constants=[0, 1], columns=[column.name],
            finish=sealed(finish.finish([loss])), finish_inputs=[2], part=job_pb2.PART_TRAIN,
            schedule=job_pb2.Schedule(epochs=1),
            shards=[
                job_pb2.FoldShard(
                    shard=job_pb2.Shard(
                        dataset=shard.dataset, partition=shard.partition, index=shard.index, count=shard.count),
                    batch_size=batch_size)
            ]))
    return job


def check_reconnection(broker: Broker, hello: wire_pb2.Hello) -> None:
    broker.send(Record(Command.RESET))
    again = broker.hello(wire_pb2.ROLE_WORKER)
    require(again.session == hello.session, "the same session after a reset (6.1)")
    broker.welcome()
    said("6.1", "says hello again after a reset")
    before, broker.is_silent = broker.peer, True
    end = time.monotonic() + SILENCE / 1_000 + 5
    while broker.peer == before:
        require(time.monotonic() < end, f"a new socket after {SILENCE} ms of silence (6.3)")
        broker.next(0.5)
    broker.is_silent = False
    broker.waiting = [one for one in broker.waiting if one.command == Command.HELLO]
    again = broker.hello(wire_pb2.ROLE_WORKER) if not broker.waiting else wire_pb2.Hello.FromString(b"")
    broker.welcome()
    said("6.3", "opens a new socket when nothing was heard")
    outputs(Jobs(broker).dispatch(once(negation(), 1), [np.float32([1, 2, 3])]))
    said("6.3", "and does jobs there")


def check_trainer(broker: Broker) -> None:
    hello = broker.hello(wire_pb2.ROLE_TRAINER)
    said("6.1", f"hello of {hello.name}")
    worker = secrets.token_bytes(16)
    catalogue = wire_pb2.Catalogue(
        workers=[wire_pb2.Worker(name="kit", session=worker, software="kit 1", state="ready")], revision=1)
    broker.welcome()

    def tell(_: Record) -> None:
        broker.send(Record(Command.CATALOGUE, body=catalogue.SerializeToString()))

    first = submission(broker, tell)
    require(first.target == worker and first.flags & TARGETS_SESSION == 1, "a submit to the worker's session (3.1)")
    require(first.attempt == 1, "attempt 1 (7.2)")
    said("7", "submits a job")
    broker.send(Record(Command.RESEND, job=first.job, attempt=4))
    second = submission(broker, tell)
    require(second.job == first.job and second.attempt == 4, "the same job, as the attempt that was named (7.2)")
    said("7.2", "submits again what it is asked to resend")
    broker.epoch += 1
    broker.send(Record(Command.RESET))
    broker.hello(wire_pb2.ROLE_TRAINER)
    broker.welcome()
    third = submission(broker, tell)
    require(third.job == first.job and third.attempt == 5, "its open job, as the next attempt (7.4)")
    said("7.4", "submits its open jobs again when it is welcomed under another epoch")
    reply = Record(Command.RESULT, job=third.job, attempt=4, body=b"late")
    broker.send(reply)
    answer(broker, third)
    said("7.9", "drops a late answer, fetches what is attached, and says received")


def submission(broker: Broker, tell: object) -> Record:
    while True:
        record = broker.expect(Command.SUBMIT, Command.CATALOGUE_QUERY, seconds=15)
        if record.command == Command.SUBMIT:
            return record
        tell(record)  # type: ignore[operator]


def answer(broker: Broker, submit: Record) -> None:
    job = job_pb2.Body.FromString(submit.body).job
    x = unpack(job.sources[0].tensor, [submit.inline])
    part = (-x).astype("<f4").tobytes()
    reference = job_pb2.TensorReference(element_type=1, dimensions=x.shape, frame=0)
    outcome = job_pb2.Outcome(outputs=[job_pb2.NamedTensor(tensor=reference)], seconds=0)
    broker.send(
        Record(
            Command.RESULT, job=submit.job, attempt=submit.attempt, attachments=[Attachment(len(part))],
            body=outcome.SerializeToString()))
    want = broker.expect(Command.WANT, Command.CATALOGUE_QUERY)
    while want.command != Command.WANT:
        want = broker.expect(Command.WANT, Command.CATALOGUE_QUERY)
    extent = Extent.decode(want.body)
    require(extent == Extent(0, 0, len(part)), "a want of all of the attachment (7.9)")
    Jobs(broker).hand_out(submit, extent, part)
    broker.expect(Command.RECEIVED)


def main() -> int:
    checks = {"worker": check_worker, "trainer": check_trainer}
    if len(sys.argv) != 3 or sys.argv[1] not in checks:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    broker = Broker(sys.argv[2])
    print(f"waiting for a {sys.argv[1]} at {sys.argv[2]}", flush=True)
    try:
        checks[sys.argv[1]](broker)
    except Broken as fault:
        print(f"expected {fault}", flush=True)
        return 1
    print("all was as it should be", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
