"""A worker: serves arrays of its own to trainers, in Python; PROTOCOL.md, section 6.3."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType

from zmq.utils import z85

from . import failures, job_pb2, wire_pb2
from .answers import Answer, Answers
from .datasets import Dataset
from .execution import Executor, Progress
from .header import TRANSFERRED, Command, Record
from .keys import KeyFault, Keys
from .link import Link
from .tensors import Array

CAPACITY = 256
CONTENTS = 256 << 20
JOB_BYTES_MAXIMUM = 4 << 30
LEASE = 60.0
PROGRESS = 0.25
NODE = "numpy"


class Worker:
    """Serves data sets at a broker until it is closed: `Worker("tcp://…", {"ward": (X, y)}, site="north").serve()`."""

    def __init__(
        self, endpoint: str | None = None, datasets: Mapping[str, tuple[Array, Array] | Dataset] | None = None,
        site: str | None = None, *, release_rows_min: int = 32, key: str | os.PathLike[str] | None = None,
        trainers: Collection[str] | None = None,
    ) -> None:
        """Takes what it is to serve; nothing is opened yet.

        `trainers` are the public keys, 40 characters each, that may ask it anything; without, all the broker lets in may. Raises
        ValueError for arrays that are no data set, and KeyFault.
        """
        keys = None if key is None else Keys.read(key)
        if keys is not None and keys.role != "worker":
            raise KeyFault(f"{key} is the key of a {keys.role}, a worker's is needed")
        endpoint, site = endpoint or (keys.broker if keys else None), site or (keys.name if keys else None)
        if not endpoint or not site:
            raise ValueError("an endpoint and a site's name are needed, or a key file that says both")
        found = {
            name: one if isinstance(one, Dataset) else Dataset.of(*one, release_rows_min=release_rows_min)
            for name, one in (datasets or {}).items()
        }
        self.site, self._datasets, self._trainers = site, found, trainers
        self._executor = Executor(site, found)
        self._link = Link(endpoint, self, keys, contents=CONTENTS)
        self._answers = Answers()
        self._owners: dict[bytes, str] = {}
        self._running: dict[bytes, _Held] = {}
        self._unsent: set[bytes] = set()
        self._work: queue.SimpleQueue[_Held | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._compute, name="fagure compute", daemon=True)
        self._registered = threading.Event()
        self._ended = threading.Event()
        self._is_draining = False
        self._refusal: failures.Failure | None = None

    def start(self, timeout: float = 30) -> Worker:
        """Registers, and serves on threads of its own; raises BrokerUnreachable, or the broker's refusal."""
        self._link.start()
        self._thread.start()
        if not self._registered.wait(timeout):
            self.close()
            raise failures.BrokerUnreachable(f"no broker answered at {self._link.endpoint} within {timeout} s")
        if self._refusal is not None:
            raise self._refusal
        return self

    def serve(self) -> None:
        """Registers, says so on standard error, and serves until it is closed or interrupted; raises the broker's refusal."""
        self.start()
        served = ", ".join(f"{name} of {self.site}" for name in self._datasets) or "no data of its own"
        print(f"worker {self.site} registered with {self._link.endpoint}, serves {served}", file=sys.stderr, flush=True)
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            pass
        self.close()
        if self._refusal is not None:
            raise self._refusal

    def close(self, drain: float = 25) -> None:
        """Hands back what has not begun, lets what runs finish for so many seconds, and leaves."""
        if self._thread.is_alive() and self._link.execute(self._drain):
            self._work.put(None)
            self._thread.join(drain)
        self._link.close()
        self._ended.set()

    def __enter__(self) -> Worker:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # As the link's delegate, on its thread.

    def introduction(self) -> wire_pb2.Hello:
        hello = wire_pb2.Hello(
            name=self.site, role=wire_pb2.ROLE_WORKER, capacity=CAPACITY, processor=NODE,
            open_jobs=list(self._running), open_attempts=[one.attempt for one in self._running.values()])
        for name, dataset in self._datasets.items():
            hello.datasets.append(dataset.description(name))
            hello.shards.append(dataset.shard(name, self.site))
        return hello

    def welcomed(self, is_new_run: bool) -> None:
        self._owners.clear()
        for job in list(self._unsent):
            held = self._answers.attempt(job)
            if held is not None:
                self._answer_again(job, *held)
        self._unsent.clear()
        self._registered.set()

    def refused(self, failure: failures.Failure) -> None:
        self._refusal = failure
        self._registered.set()
        self._ended.set()
        self._link.close()
        self._work.put(None)

    def expects(self, record: Record) -> bool:
        return record.command == Command.DISPATCH and not self._is_settled(record)

    def damaged(self, record: Record, reason: str) -> None:
        if record.command == Command.DISPATCH:
            self._fail(record.job, record.attempt, failures.Malformed(reason))

    def take(self, record: Record, frames: list[bytes]) -> None:
        if record.command == Command.OWNER:
            owner = wire_pb2.Owner.FromString(record.body)
            self._owners[owner.owner] = _text(owner.key)
        elif record.command == Command.DISPATCH:
            if record.attachments or not self._is_settled(record):
                self._begin(record, frames)
        elif record.command == Command.CANCEL:
            held = self._running.get(record.job)
            if held is not None:
                held.is_wanted = False
                del self._running[record.job]
        elif record.command == Command.RECEIVED:
            self._link.withdraw(record.job)

    # On the link's thread.

    def _is_settled(self, record: Record) -> bool:
        """Answers a dispatch that needs no run: one that runs, was answered, or may not be."""
        held = self._running.get(record.job)
        if held is not None:
            if held.owner != record.target:
                self._fail(record.job, record.attempt, failures.Malformed("the job is another owner's"))
            else:
                held.attempt = record.attempt
            return True
        if self._answers.has(record.target, record.job):
            self._answer_again(record.job, record.target, record.attempt)
            return True
        refusal: failures.Failure | None = None
        if self._trainers is not None and self._owners.get(record.target) not in self._trainers:
            refusal = failures.NotPermitted(f"worker {self.site} does not answer this trainer")
        elif self._is_draining:
            refusal = failures.Draining(f"worker {self.site} is going away")
        elif len(self._running) >= CAPACITY:
            refusal = failures.Overloaded(f"worker {self.site} holds {CAPACITY} jobs")
        elif sum(one.byte_count for one in record.attachments) > JOB_BYTES_MAXIMUM:
            refusal = failures.LimitExceeded(f"a job of more than {JOB_BYTES_MAXIMUM} bytes")
        if refusal is not None:
            self._fail(record.job, record.attempt, refusal)
        return refusal is not None

    def _begin(self, record: Record, frames: list[bytes]) -> None:
        body = job_pb2.Body.FromString(record.body)
        known = job_pb2.Body()
        known.CopyFrom(body)
        known.DiscardUnknownFields()
        if known.ByteSize() != body.ByteSize():
            # What is passed over may say what the job must not do.
            raise ValueError("the job has fields this worker does not know")
        deadline = time.monotonic() + record.deadline / 1_000 if record.deadline else None
        held = _Held(
            record.job, record.attempt, record.target, body.job, frames, deadline,
            bool(record.flags & TRANSFERRED))
        self._running[record.job] = held
        self._work.put(held)

    def _finish(self, held: _Held, answer: Answer) -> None:
        if self._running.get(held.job) is not held:
            return
        del self._running[held.job]
        if answer.is_kept:
            self._answers.keep(held.owner, held.job, answer, held.attempt)
        if not self._link.is_ready and answer.is_kept:
            self._unsent.add(held.job)
        self._say(held.job, held.attempt, answer)

    def _answer_again(self, job: bytes, owner: bytes, attempt: int) -> None:
        answer = self._answers.find(owner, job, attempt)
        if answer is not None:
            self._say(job, attempt, answer)

    def _say(self, job: bytes, attempt: int, answer: Answer) -> None:
        record = Record(answer.command, job=job, attempt=attempt, target=answer.target, inline=answer.inline)
        if answer.command == Command.FAILED:
            record.body = answer.body
            return self._link.send(record)
        self._link.send(record, record.carry(answer.body, list(answer.parts)))

    def _fail(self, job: bytes, attempt: int, failure: failures.Failure) -> None:
        self._say(job, attempt, Answer.failed(failure))

    def _drain(self) -> None:
        self._is_draining = True
        for held in list(self._running.values()):
            if not held.has_begun:
                held.is_wanted = False
                del self._running[held.job]
                self._fail(held.job, held.attempt, failures.Draining(f"worker {self.site} is going away"))

    def _started(self, held: _Held) -> None:
        if held.is_wanted:
            self._link.send(Record(Command.STARTED, job=held.job, attempt=held.attempt))

    def _progressed(self, held: _Held, progress: Progress) -> None:
        if held.is_wanted:
            told = wire_pb2.Progress(
                batches_done=progress.batches, batches_total=progress.of, examples_done=progress.examples)
            self._link.send(
                Record(Command.PROGRESS, job=held.job, attempt=held.attempt, body=told.SerializeToString()))

    # On the computing thread.

    def _compute(self) -> None:
        while True:
            try:
                held = self._work.get(timeout=1)
            except queue.Empty:
                self._executor.forget_owners(before=time.monotonic() - LEASE)
                continue
            if held is None:
                return
            if held.is_wanted:
                self._run(held)

    def _run(self, held: _Held) -> None:
        held.has_begun = True
        self._link.execute(lambda: self._started(held))
        last = time.monotonic()

        def report(progress: Progress) -> None:
            nonlocal last
            now = time.monotonic()
            if not held.is_wanted:
                raise failures.Cancelled("nobody wants it any more")
            if held.deadline is not None and now > held.deadline:
                raise failures.DeadlineExceeded("the job took longer than it was given")
            if now - last > PROGRESS:
                last = now
                self._link.execute(lambda: self._progressed(held, progress))

        try:
            report(Progress(0, 0, 0))  # It may have waited longer than it was given.
            answer = self._executor.run(held.owner, held.content, held.frames, held.is_transferred, report)
        except failures.Failure as failure:
            answer = Answer.failed(failure)
        except MemoryError:
            answer = Answer.failed(failures.LimitExceeded("the job needs more memory than there is"))
        except Exception as error:  # A fault of this program: its text may tell of rows, its kind does not.
            answer = Answer.failed(failures.ExecutionFailed(f"it failed while it ran: {type(error).__name__}"))
        self._link.execute(lambda: self._finish(held, answer))


class _Held:
    """A job that waits or runs."""

    def __init__(
        self, job: bytes, attempt: int, owner: bytes, content: job_pb2.Job, frames: Sequence[bytes],
        deadline: float | None, is_transferred: bool,
    ) -> None:
        self.job, self.attempt, self.owner = job, attempt, owner
        self.content, self.frames, self.deadline, self.is_transferred = content, frames, deadline, is_transferred
        self.is_wanted, self.has_begun = True, False


def _text(key: bytes) -> str:
    """A public key as people write it."""
    text: bytes = z85.encode(key) if len(key) == 32 else b""
    return text.decode()
