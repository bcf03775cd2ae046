"""What a trainer has: a session, the workers it sees, and jobs as futures."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import failures, job_pb2, wire_pb2
from .catalogue import Catalogue
from .header import TARGETS_SESSION, Command, Record
from .keys import KeyFault, Keys
from .link import Link
from .remote import RemoteWorker

RETURN_GRACE = 15.0
RENEWAL = 20.0
OVERLOADS_MAXIMUM = 12

Reader = Callable[[job_pb2.Outcome, Sequence[bytes]], Any]


@dataclass
class _Job:
    target: bytes
    body: bytes
    inline: bytes
    parts: list[bytes]
    read: Reader
    future: Future[Any]
    deadline: float | None
    needs: Sequence[object]
    """What must not be let go before the job has its answer."""
    attempt: int = 0
    overloads: int = 0


@dataclass
class _Held:
    """What a worker keeps for this session."""

    count: int = 0
    released: list[int] = field(default_factory=list)


class Session:
    """A trainer's connection to a broker; it outlives lost connections, and each job has one answer."""

    def __init__(self, endpoint: str, name: str, keys: Keys | None = None) -> None:
        self._name = name
        self._prefix = secrets.token_bytes(8)
        self._numbers, self._objects = itertools.count(1), itertools.count(1)
        self._jobs: dict[bytes, _Job] = {}
        self._held: dict[bytes, _Held] = {}
        self._returning: set[bytes] = set()
        self._catalogue = Catalogue()
        self._is_told = threading.Event()
        self._refusal: failures.Failure | None = None
        self._restarted_at: float | None = None
        self._link = Link(endpoint, self, keys)

    @classmethod
    def connect(
        cls, endpoint: str | None = None, name: str = "python", timeout: float = 30,
        key: str | os.PathLike[str] | None = None,
    ) -> Session:
        """Connects and waits until the broker has said what there is.

        With the path of a key file, name and endpoint are those of the file where none are given. Raises ValueError for an
        endpoint that is none, KeyFault for a file that cannot be used, BrokerUnreachable, or the broker's refusal.
        """
        keys = None if key is None else Keys.read(key)
        if keys is not None and keys.role == "worker":
            raise KeyFault(f"{key} is the key of a worker, a trainer's is needed")
        endpoint = endpoint or (keys.broker if keys else None)
        if endpoint is None:
            raise ValueError("an endpoint is needed, such as tcp://127.0.0.1:5555, or a key file that names one")
        session = cls(endpoint, keys.name if keys else name, keys)
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
        self._link.execute(lambda: self._end_all(failures.Cancelled("the session was closed")))
        self._link.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def workers(self) -> list[RemoteWorker]:
        """Those that are there, by name."""
        found = (RemoteWorker(self, one.name, one.session) for one in self._catalogue.workers.values())
        return sorted(found, key=lambda worker: worker.name)

    def worker(self, name: str) -> RemoteWorker:
        """The worker of a name; raises NoWorker."""
        for worker in self.workers:
            if worker.name == name:
                return worker
        there = ", ".join(worker.name for worker in self.workers) or "none"
        raise failures.NoWorker(f"there is no worker {name!r}; there are {there}")

    @property
    def catalogue(self) -> Catalogue:
        """What the broker said there is."""
        return self._catalogue

    def submit(
        self, target: bytes, job: job_pb2.Job, inline: bytes, parts: list[bytes], read: Reader,
        timeout: float | None = None, needs: Sequence[object] = (),
    ) -> Future[Any]:
        """Has the worker with a session do a job; the future has what `read` makes of its outcome, or raises a Failure."""
        body = job_pb2.Body(job=job).SerializeToString()
        deadline = None if timeout is None else time.monotonic() + timeout
        identity = self._prefix + next(self._numbers).to_bytes(8, "little")
        one = _Job(target, body, inline, parts, read, Future(), deadline, needs)
        if not self._link.execute(lambda: self._admit(identity, one)):
            one.future.set_exception(self._refusal or failures.Cancelled("the session is closed"))
        return one.future

    def next_object(self) -> int:
        """A number no object of this session had."""
        return next(self._objects)

    def hold(self, worker: bytes) -> None:
        """Renews the lease of what a worker keeps, until it is let go."""
        self._link.execute(lambda: self._hold(worker))

    def let_go(self, worker: bytes, number: int) -> None:
        """Tells a worker that nobody points to an object any more."""
        self._link.execute(lambda: self._let_go(worker, number))

    # As the link's delegate, on its thread.

    def introduction(self) -> wire_pb2.Hello:
        return wire_pb2.Hello(name=self._name, role=wire_pb2.ROLE_TRAINER)

    def welcomed(self, is_new_run: bool) -> None:
        if is_new_run:
            self._catalogue = Catalogue()
            self._restarted_at = time.monotonic()
        self._query(self._catalogue.revision)
        for identity in list(self._jobs):
            self._send(identity)

    def refused(self, failure: failures.Failure) -> None:
        self._refusal = failure
        self._end_all(failure)
        self._is_told.set()
        self._link.close()

    def expects(self, record: Record) -> bool:
        job = self._jobs.get(record.job)
        return record.command == Command.RESULT and job is not None and job.attempt == record.attempt

    def damaged(self, record: Record, reason: str) -> None:
        job = self._jobs.get(record.job)
        if job is not None and job.attempt == record.attempt:
            self._end(record.job, failures.Malformed(f"the answer cannot be read: {reason}"))

    def take(self, record: Record, frames: list[bytes]) -> None:
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
            outcome = job.read(job_pb2.Outcome.FromString(record.body), frames)
            self._forget(record.job)
            _settle(job.future, partial(job.future.set_result, outcome))
        elif record.command == Command.FAILED:
            self._fail(record, job)

    # On the link's thread.

    def _admit(self, identity: bytes, job: _Job) -> None:
        if self._link.is_over:
            failure = self._refusal or failures.Cancelled("the session is closed")
            return _settle(job.future, partial(job.future.set_exception, failure))
        self._jobs[identity] = job
        job.future.add_done_callback(lambda future: self._cancel_if_unwanted(identity, future))
        if job.deadline is not None:
            # The broker keeps time; this is for one that is not there.
            self._link.after(job.deadline - time.monotonic() + 1, lambda: self._expire(identity))
        self._send(identity)

    def _cancel_if_unwanted(self, identity: bytes, future: Future[Any]) -> None:
        if future.cancelled():
            self._link.execute(lambda: self._cancel(identity))

    def _cancel(self, identity: bytes) -> None:
        job = self._forget(identity)
        if job is not None:
            self._link.send(Record(Command.CANCEL, job=identity, attempt=job.attempt))

    def _expire(self, identity: bytes) -> None:
        if identity in self._jobs:
            self._end(identity, failures.DeadlineExceeded("the job took longer than it was given"))

    def _query(self, revision: int) -> None:
        query = wire_pb2.CatalogueQuery(revision=revision, follows=True)
        self._link.send(Record(Command.CATALOGUE_QUERY, body=query.SerializeToString()))

    def _take_catalogue(self, record: Record) -> None:
        done = self._catalogue.take(wire_pb2.Catalogue.FromString(record.body))
        if done is None:
            self._query(0)
        elif done:
            self._is_told.set()
            for identity in [one for one in self._returning if self._jobs[one].target in self._catalogue.workers]:
                self._send(identity)

    def _send(self, identity: bytes) -> None:
        job = self._jobs.get(identity)
        if job is None or not self._link.is_ready:
            return
        self._returning.discard(identity)
        job.attempt += 1
        left = 0 if job.deadline is None else max(1, int((job.deadline - time.monotonic()) * 1_000))
        record = Record(
            Command.SUBMIT, job=identity, attempt=job.attempt, target=job.target, flags=TARGETS_SESSION,
            deadline=left, inline=job.inline)
        parts = record.carry(job.body, job.parts)
        self._link.send(record, parts)

    def _fail(self, record: Record, job: _Job) -> None:
        told = wire_pb2.Failure.FromString(record.body)
        failure = failures.failure(told.code, told.message)
        if isinstance(failure, failures.Overloaded) and job.overloads < OVERLOADS_MAXIMUM:
            job.overloads += 1
            delay = max(record.wait / 1_000, 0.05 * 2 ** (job.overloads - 1))
            return self._link.after(delay, lambda: self._send(record.job))
        if isinstance(failure, failures.NoWorker) and self._may_return():
            # It connects to the broker's new run at a time of its own.
            self._returning.add(record.job)
            return self._link.after(RETURN_GRACE, lambda: self._send_if_returning(record.job))
        self._end(record.job, failure)

    def _may_return(self) -> bool:
        return self._restarted_at is not None and time.monotonic() - self._restarted_at < RETURN_GRACE

    def _send_if_returning(self, identity: bytes) -> None:
        if identity in self._returning:
            self._send(identity)

    def _forget(self, identity: bytes) -> _Job | None:
        self._returning.discard(identity)
        self._link.withdraw(identity)
        return self._jobs.pop(identity, None)

    def _end(self, identity: bytes, failure: failures.Failure) -> None:
        job = self._forget(identity)
        if job is not None:
            _settle(job.future, partial(job.future.set_exception, failure))

    def _end_all(self, failure: failures.Failure) -> None:
        for identity in list(self._jobs):
            self._end(identity, failure)

    # Objects.

    def _hold(self, worker: bytes) -> None:
        if worker not in self._held:
            self._held[worker] = _Held()
            self._link.after(RENEWAL, lambda: self._renew(worker))
        self._held[worker].count += 1

    def _let_go(self, worker: bytes, number: int) -> None:
        held = self._held.get(worker)
        if held is None:
            return
        held.count -= 1
        held.released.append(number)
        if len(held.released) == 1:
            # Those let go in the same moment go together.
            self._link.after(0.01, lambda: self._tell_released(worker))

    def _tell_released(self, worker: bytes) -> None:
        held = self._held.get(worker)
        if held is None or not held.released:
            return
        released, held.released = held.released, []
        if held.count == 0:
            del self._held[worker]
        self._say(worker, job_pb2.Job(released=released))

    def _renew(self, worker: bytes) -> None:
        if worker in self._held:
            self._say(worker, job_pb2.Job())
            self._link.after(RENEWAL, lambda: self._renew(worker))

    def _say(self, worker: bytes, job: job_pb2.Job) -> None:
        """A job nobody awaits; a worker that is away has nothing to be told any more."""
        body = job_pb2.Body(job=job).SerializeToString()
        one = _Job(worker, body, b"", [], lambda outcome, frames: None, Future(), time.monotonic() + 60, ())
        self._admit(self._prefix + next(self._numbers).to_bytes(8, "little"), one)


def _settle(future: Future[Any], settle: Callable[[], None]) -> None:
    """Gives a future its end, unless its owner wants none any more."""
    if not future.done() and future.set_running_or_notify_cancel():
        settle()
