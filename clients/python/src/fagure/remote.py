"""A worker as a trainer sees it: what it holds, what it runs, and pointers to what it keeps."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import failures, job_pb2
from .catalogue import Shard
from .graph import Arithmetic, Recorder, Variable
from .program import Program
from .tensors import Array, pack, unpack
from .values import ValueType

if TYPE_CHECKING:
    from .session import Session

PARTS = {"train": job_pb2.PART_TRAIN, "held out": job_pb2.PART_HELD_OUT}

Step = Callable[
    [Sequence[Variable], Sequence[Variable], Sequence[Variable]], tuple[Sequence[Variable], Sequence[Variable]]]


@dataclass(frozen=True)
class FoldOutcome:
    """What a fold over a shard's batches gave."""

    states: list[Array]
    metrics: list[Array]
    examples: int
    batches: int


@dataclass(frozen=True)
class RemoteWorker:
    """A worker of a session."""

    session: Session
    name: str
    identity: bytes

    @property
    def shards(self) -> list[Shard]:
        """What it holds."""
        return self.session.catalogue.shards(self.identity)

    def shard(self, dataset: str) -> Shard:
        """The first of its shards of a data set; raises UnknownDataset."""
        for shard in self.shards:
            if shard.dataset == dataset:
                return shard
        there = ", ".join(sorted({shard.dataset for shard in self.shards})) or "nothing"
        raise failures.UnknownDataset(f"worker {self.name} holds no {dataset!r}; it holds {there}")

    def run(
        self, function: Callable[..., Variable | Sequence[Variable]], *arguments: Array | Pointer,
        timeout: float | None = None,
    ) -> Future[list[Array]]:
        """Records a function of the arguments' stand-ins, and has it run here; nothing but graph and arrays travel."""
        recorded = _Once(function, arguments)
        job, inline, parts = recorded.job(self)
        return self._submit(job, inline, parts, _outputs, timeout, recorded.pointers)

    def compute(
        self, function: Callable[..., Variable | Sequence[Variable]], *arguments: Array | Pointer,
        timeout: float | None = None,
    ) -> list[Pointer]:
        """As `run`, but what comes of it stays here: pointers to it; raises InvalidJob where shapes do not fit."""
        recorded = _Once(function, arguments)
        types = recorded.types()
        job, inline, parts = recorded.job(self)
        numbers = [self.session.next_object() for _ in types]
        job.outputs.extend(job_pb2.Output(object=number) for number in numbers)
        made = self._submit(job, inline, parts, _nothing, timeout, recorded.pointers)
        return [Pointer(self, number, one, made) for number, one in zip(numbers, types)]

    def put(self, array: Array, timeout: float | None = None) -> Pointer:
        """Has an array kept here."""
        (reference,), inline, parts = pack([array])
        number = self.session.next_object()
        job = job_pb2.Job(
            sources=[job_pb2.Source(tensor=reference)], outputs=[job_pb2.Output(object=number)])
        made = self._submit(job, inline, parts, _nothing, timeout, ())
        return Pointer(self, number, ValueType(array.dtype.newbyteorder("<"), array.shape), made)

    def fold(
        self, shard: Shard, step: Step, *, columns: Sequence[str], states: Sequence[Array] = (),
        constants: Sequence[Array] = (), part: str = "train", batch_size: int = 32, epochs: int = 1,
        seed: int | None = None, timeout: float | None = None,
    ) -> Future[FoldOutcome]:
        """Folds a step over the batches of a shard's rows, where they are.

        `step` has stand-ins for states, constants and columns, and gives new states and metrics, which are summed. Only the last
        states and the sums come back, and only if they are about as many rows as the worker asks for.
        """
        recorded = _Fold(shard, step, columns, states, constants)
        job, inline, parts = recorded.job()
        job.fold.part = PARTS[part]
        job.fold.schedule.epochs, job.fold.schedule.shuffles = epochs, seed is not None
        job.fold.shards.add(
            shard=job_pb2.Shard(
                dataset=shard.dataset, partition=shard.partition, index=shard.index, count=shard.count),
            batch_size=batch_size, shuffle_seed=seed or 0)

        def read(outcome: job_pb2.Outcome, frames: Sequence[bytes]) -> FoldOutcome:
            if len(outcome.parts) != 1:
                raise ValueError(f"an outcome of {len(outcome.parts)} parts, asked was for one shard")
            one = outcome.parts[0]
            arrays = [unpack(output.tensor, frames) for output in one.outputs]
            return FoldOutcome(arrays[: len(states)], arrays[len(states) :], one.examples, one.batches)

        return self._submit(job, inline, parts, read, timeout, ())

    def _submit(
        self, job: job_pb2.Job, inline: bytes, parts: list[bytes],
        read: Callable[[job_pb2.Outcome, Sequence[bytes]], Any], timeout: float | None, needs: Sequence[Pointer],
    ) -> Future[Any]:
        """Submits a job once all it needs is there."""
        if not needs:
            return self.session.submit(self.identity, job, inline, parts, read, timeout)
        result: Future[Any] = Future()

        def submit() -> None:
            failure = next(filter(None, (pointer.made.exception() for pointer in needs)), None)
            if failure is not None:
                return _settle_with(result, failure)
            inner = self.session.submit(self.identity, job, inline, parts, read, timeout, needs)
            result.add_done_callback(lambda outer: inner.cancel() if outer.cancelled() else None)
            inner.add_done_callback(lambda done: _pass_on(done, result))

        _when_done([pointer.made for pointer in needs], submit)
        return result


def _when_done(futures: Sequence[Future[Any]], action: Callable[[], None]) -> None:
    """Acts once, when the last of some futures has its end."""
    left = len(futures)
    lock = threading.Lock()

    def count(_: Future[Any]) -> None:
        nonlocal left
        with lock:
            left -= 1
            is_last = left == 0
        if is_last:
            action()

    for future in futures:
        future.add_done_callback(count)


def _settle_with(future: Future[Any], failure: BaseException) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_exception(failure)


def _pass_on(inner: Future[Any], outer: Future[Any]) -> None:
    if inner.cancelled() or outer.done():
        return
    failure = inner.exception()
    if failure is not None:
        _settle_with(outer, failure)
    elif outer.set_running_or_notify_cancel():
        outer.set_result(inner.result())


def _outputs(outcome: job_pb2.Outcome, frames: Sequence[bytes]) -> list[Array]:
    return [unpack(output.tensor, frames) for output in outcome.outputs]


def _nothing(outcome: job_pb2.Outcome, frames: Sequence[bytes]) -> None:
    return None


class Pointer(Arithmetic):
    """A tensor that a worker keeps; it is let go there when nothing here points to it any more."""

    def __init__(self, worker: RemoteWorker, number: int, value: ValueType, made: Future[None]) -> None:
        self.worker, self.number, self.made = worker, number, made
        self._value = value
        worker.session.hold(worker.identity)
        self._end = weakref.finalize(self, worker.session.let_go, worker.identity, number)
        self._end.atexit = False

    def __repr__(self) -> str:
        return f"Pointer({self._value.dtype}{list(self.shape)} at {self.worker.name})"

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype

    def fetch(self, timeout: float | None = None) -> Future[Array]:
        """Has the tensor sent here; the worker refuses what would tell of its rows."""
        job = job_pb2.Job(sources=[job_pb2.Source(object=self.number)])
        return self.worker._submit(
            job, b"", [], lambda outcome, frames: _outputs(outcome, frames)[0], timeout, (self,))

    def get(self, timeout: float | None = None) -> Array:
        """As `fetch`, and waits for it."""
        return self.fetch(timeout).result(timeout)

    def move_to(self, worker: RemoteWorker, timeout: float | None = None) -> Pointer:
        """Has the worker send it to another one, which keeps it: it does not come here."""
        number = self.worker.session.next_object()
        transfer = job_pb2.Transfer(worker=worker.identity, object=number)
        job = job_pb2.Job(
            sources=[job_pb2.Source(object=self.number)], outputs=[job_pb2.Output(transfer=transfer)])
        made = self.worker._submit(job, b"", [], _nothing, timeout, (self,))
        return Pointer(worker, number, self._value, made)

    def release(self) -> None:
        """Lets it go at once."""
        self._end()

    def combine(
        self, operation: int, operands: Sequence[Pointer | Array | float], integers: Sequence[int] = (),
        floats: Sequence[float] = (),
    ) -> Pointer:
        elsewhere = [one for one in operands if isinstance(one, Pointer) and one.worker != self.worker]
        if elsewhere:
            raise ValueError(
                f"a tensor at {self.worker.name} and one at {elsewhere[0].worker.name}: move one to the other first")
        arguments = [
            one if isinstance(one, Pointer | np.ndarray) else np.asarray(one, np.float32) for one in operands
        ]
        (result,) = self.worker.compute(
            lambda *values: values[0].combine(operation, values, integers, floats), *arguments)
        return result


class _Once:
    """A graph recorded of a function, and what its inputs are bound to."""

    def __init__(
        self, function: Callable[..., Variable | Sequence[Variable]], arguments: Sequence[Array | Pointer]
    ) -> None:
        recorder = Recorder()
        self._arguments = arguments
        inputs = [
            recorder.input(f"x{number}", one.shape, one.dtype.name) for number, one in enumerate(arguments)
        ]
        outputs = function(*inputs)
        self._graph = recorder.finish([outputs] if isinstance(outputs, Variable) else list(outputs))

    @property
    def pointers(self) -> list[Pointer]:
        return [one for one in self._arguments if isinstance(one, Pointer)]

    def types(self) -> list[ValueType]:
        """The types of the outputs; raises InvalidJob."""
        program = Program(self._graph.SerializeToString(deterministic=True))
        types = program.types([ValueType(one.dtype, one.shape) for one in self._arguments])
        return [types[number] for number in self._graph.outputs]

    def job(self, worker: RemoteWorker) -> tuple[job_pb2.Job, bytes, list[bytes]]:
        for pointer in self.pointers:
            if pointer.worker != worker:
                raise ValueError(f"{pointer} is not at {worker.name}: move it there first")
        references, inline, parts = pack([one for one in self._arguments if not isinstance(one, Pointer)])
        tensors = iter(references)
        sources = [
            job_pb2.Source(object=one.number) if isinstance(one, Pointer) else job_pb2.Source(tensor=next(tensors))
            for one in self._arguments
        ]
        return job_pb2.Job(sources=sources, once=job_pb2.Once(graph=sealed(self._graph))), inline, parts


class _Fold:
    """A step recorded, and the graph that lets the last states and the sums out."""

    def __init__(
        self, shard: Shard, step: Step, columns: Sequence[str], states: Sequence[Array], constants: Sequence[Array]
    ) -> None:
        self._states, self._constants, self._columns = states, constants, columns
        recorder = Recorder()
        bound = [recorder.input(f"state{n}", one.shape, one.dtype.name) for n, one in enumerate(states)]
        given = [recorder.input(f"constant{n}", one.shape, one.dtype.name) for n, one in enumerate(constants)]
        rows = [shard.column(name) for name in columns]
        read = [
            recorder.input(f"column {one.name}", (-1, *one.row.shape), one.row.dtype.name) for one in rows
        ]
        new, metrics = step(bound, given, read)
        if len(new) != len(states):
            raise ValueError(f"the step gives {len(new)} states, there are {len(states)}")
        self._step = recorder.finish([*new, *metrics])
        batch = [ValueType(one.dtype, one.shape) for one in (*states, *constants)]
        batch += [ValueType(one.row.dtype, (1, *one.row.shape)) for one in rows]
        types = Program(self._step.SerializeToString(deterministic=True)).types(batch)
        self._metrics = [types[number] for number in self._step.outputs[len(states) :]]

    def job(self) -> tuple[job_pb2.Job, bytes, list[bytes]]:
        """The job, but for its shards and schedule."""
        references, inline, parts = pack([*self._states, *self._constants])
        states, metrics = len(self._states), len(self._metrics)
        sources = [job_pb2.Source(tensor=one) for one in references]
        first = len(sources)
        sources += [job_pb2.Source(last_state=number) for number in range(states)]
        sources += [job_pb2.Source(metric=number) for number in range(metrics)]
        finish = Recorder()
        ends = [finish.input(f"state{n}", one.shape, one.dtype.name) for n, one in enumerate(self._states)]
        ends += [finish.input(f"metric{n}", one.shape, one.dtype.name) for n, one in enumerate(self._metrics)]
        fold = job_pb2.Fold(
            step=sealed(self._step), states=range(states), constants=range(states, first), columns=self._columns,
            finish=sealed(finish.finish(ends)), finish_inputs=range(first, first + states + metrics))
        return job_pb2.Job(sources=sources, fold=fold), inline, parts


def sealed(graph: job_pb2.Graph) -> job_pb2.GraphReference:
    """A graph with its hash."""
    encoded = graph.SerializeToString(deterministic=True)
    return job_pb2.GraphReference(hash=hashlib.sha256(encoded).digest(), graph=encoded)
