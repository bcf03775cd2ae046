"""What people use: a session, the workers it sees, and jobs as futures."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from . import failures, job_pb2, wire_pb2
from .graph import Recorder, Variable
from .header import BODY_IS_DEFLATED, TARGETS_SESSION, Command, Record
from .link import Link
from .tensors import Array, listed, pack, unpack


@dataclass
class _Job:
    target: bytes
    body: bytes
    inline: bytes
    parts: list[bytes]
    future: Future[list[Array]]
    deadline: float | None
    attempt: int = 0
    overloads: int = 0


class Session:
    """A trainer's connection to a broker; it outlives lost connections, and each job has one answer."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._prefix = secrets.token_bytes(8)
        self._numbers = itertools.count(1)
        self._jobs: dict[bytes, _Job] = {}
        self._catalogue = wire_pb2.Catalogue()
        self._is_told = threading.Event()
        self._refusal: failures.Failure | None = None
        self._link = Link(endpoint, name, self._ready, self._take, self._refuse)

    @classmethod
    def connect(cls, endpoint: str, name: str = "python", timeout: float = 30) -> Session:
        """Connects and waits until the broker has said what there is; raises BrokerUnreachable, or its refusal."""
        session = cls(endpoint, name)
        session._link.start()
        if not session._is_told.wait(timeout):
            session.close()
            raise failures.BrokerUnreachable(f"no broker answered at {endpoint} within {timeout} s")
        if session._refusal is not None:
            session.close()
            raise session._refusal
        return session

    def close(self) -> None:
        """Ends the session; what is still awaited is cancelled."""
        self._link.close()
        for job in list(self._jobs):
            self._end(job, failures.Cancelled("the session was closed"))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def workers(self) -> list[Worker]:
        """Those that are there, by name."""
        found = (Worker(self, one.name, one.session) for one in self._catalogue.workers)
        return sorted(found, key=lambda worker: worker.name)

    def worker(self, name: str) -> Worker:
        """The worker of a name; raises NoWorker."""
        for worker in self.workers:
            if worker.name == name:
                return worker
        there = ", ".join(worker.name for worker in self.workers) or "none"
        raise failures.NoWorker(f"there is no worker {name!r}; there are {there}")

    def submit(
        self, target: bytes, graph: job_pb2.Graph, bindings: Sequence[Array], timeout: float | None = None
    ) -> Future[list[Array]]:
        """Has the worker with a session run a graph once; the future has its outputs, or raises a Failure."""
        references, inline, parts = pack(list(bindings))
        encoded = graph.SerializeToString(deterministic=True)
        once = job_pb2.Once(
            graph=job_pb2.GraphReference(hash=hashlib.sha256(encoded).digest(), graph=encoded))
        sources = [job_pb2.Source(tensor=reference) for reference in references]
        body = job_pb2.Body(job=job_pb2.Job(sources=sources, once=once))
        deadline = None if timeout is None else time.monotonic() + timeout
        identity = self._prefix + next(self._numbers).to_bytes(8, "little")
        job = _Job(target, body.SerializeToString(), inline, parts, Future(), deadline)
        self._jobs[identity] = job
        self._link.execute(lambda: self._send(identity))
        return job.future

    # On the link's thread.

    def _ready(self) -> None:
        self._link.send(self._query())
        for identity in sorted(self._jobs):
            self._send(identity)

    @staticmethod
    def _query() -> Record:
        return Record(
            Command.CATALOGUE_QUERY, body=wire_pb2.CatalogueQuery(revision=0, follows=False).SerializeToString())

    def _refuse(self, failure: failures.Failure) -> None:
        self._refusal = failure
        for job in list(self._jobs):
            self._end(job, failure)
        self._is_told.set()

    def _send(self, identity: bytes) -> None:
        job = self._jobs.get(identity)
        if job is None or not self._link.epoch:
            return
        job.attempt += 1
        left = 0 if job.deadline is None else max(1, int((job.deadline - time.monotonic()) * 1_000))
        record = Record(
            Command.SUBMIT, job=identity, attempt=job.attempt, target=job.target, flags=TARGETS_SESSION,
            deadline=left, attachments=listed(job.parts), body=job.body, inline=job.inline,
        )
        self._link.send(record, job.parts)

    def _take(self, record: Record, frames: list[bytes]) -> None:
        if record.command == Command.CATALOGUE:
            return self._take_catalogue(record)
        job = self._jobs.get(record.job)
        if job is None:
            return
        if record.command == Command.RESEND and record.attempt > job.attempt:
            job.attempt = record.attempt - 1
            self._send(record.job)
        elif record.attempt != job.attempt:
            return
        elif record.command == Command.RESULT:
            self._finish(record, frames)
        elif record.command == Command.FAILED:
            self._fail(record, job)

    def _take_catalogue(self, record: Record) -> None:
        body = record.body
        if record.flags & BODY_IS_DEFLATED:
            body = zlib.decompress(body)
        update = wire_pb2.Catalogue.FromString(body)
        if update.since == 0:
            self._catalogue = update
        else:
            self._catalogue.workers.extend(update.workers)
        if not update.is_partial:
            self._is_told.set()

    def _finish(self, record: Record, frames: list[bytes]) -> None:
        outcome = job_pb2.Outcome.FromString(record.body)
        try:
            arrays = [unpack(output.tensor, frames) for output in outcome.outputs]
        except ValueError as error:
            return self._end(record.job, failures.Malformed(f"the result cannot be read: {error}"))
        job = self._jobs.pop(record.job)
        self._link.withdraw(record.job)
        job.future.set_result(arrays)

    def _fail(self, record: Record, job: _Job) -> None:
        told = wire_pb2.Failure.FromString(record.body)
        failure = failures.failure(told.code, told.message)
        if isinstance(failure, failures.Overloaded) and job.overloads < 12:
            job.overloads += 1
            delay = max(record.wait / 1_000, 0.05)
            threading.Timer(delay, lambda: self._link.execute(lambda: self._send(record.job))).start()
            return
        self._end(record.job, failure)

    def _end(self, identity: bytes, failure: failures.Failure) -> None:
        job = self._jobs.pop(identity, None)
        if job is not None:
            self._link.withdraw(identity)
            job.future.set_exception(failure)


@dataclass(frozen=True)
class Worker:
    """A worker of a session."""

    session: Session
    name: str
    identity: bytes

    def run(
        self, function: Callable[..., Variable | Sequence[Variable]], *arrays: Array,
        timeout: float | None = None,
    ) -> Future[list[Array]]:
        """Records a function of the arrays' stand-ins, and has it run here; nothing but the graph and the arrays travel."""
        recorder = Recorder()
        inputs = [
            recorder.input(f"x{number}", array.shape, array.dtype.name) for number, array in enumerate(arrays)
        ]
        outputs = function(*inputs)
        graph = recorder.finish([outputs] if isinstance(outputs, Variable) else list(outputs))
        return self.session.submit(self.identity, graph, arrays, timeout)
