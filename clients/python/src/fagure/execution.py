"""Jobs as a worker does them: sources, what is computed, and where outputs go; PROTOCOL.md, section 11."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from . import failures, job_pb2
from .answers import Answer
from .datasets import Dataset
from .folds import FoldPlan, Schedule, Sums, seen
from .header import Command
from .orders import Purpose, permutation, random
from .program import Program
from .tensors import TYPES, Array, pack, unpack
from .values import ValueType, checked

OBJECTS_MAXIMUM = 1 << 30
TENSORS_MAXIMUM = 4_096
SHARDS_MAXIMUM = 16_384
EPOCHS_MAXIMUM = 1_000_000
MADE_MAXIMUM = 4 << 30
GRAPHS_MAXIMUM = 256


@dataclass(frozen=True)
class Progress:
    """How far a fold has come."""

    batches: int
    of: int
    examples: int


Report = Callable[[Progress], None]


@dataclass
class _Owned:
    """What is kept for a trainer."""

    heard_at: float = 0
    objects: dict[int, Array] = field(default_factory=dict)


class Executor:
    """Does jobs, one at a time, and keeps what they leave."""

    def __init__(self, site: str, datasets: Mapping[str, Dataset]) -> None:
        self._site, self._datasets = site, datasets
        self._owners: dict[bytes, _Owned] = {}
        self._programs: dict[bytes, Program] = {}

    def forget_owners(self, before: float) -> None:
        """Lets go what is kept for trainers not heard of since."""
        self._owners = {owner: one for owner, one in self._owners.items() if one.heard_at >= before}

    def run(
        self, owner: bytes, job: job_pb2.Job, frames: Sequence[bytes], is_transferred: bool, report: Report
    ) -> Answer:
        """Does a job; raises a Failure."""
        owned = self._owners.setdefault(owner, _Owned())
        owned.heard_at = time.monotonic()
        _check(job, is_transferred)
        began = time.monotonic()
        if job.WhichOneof("compute") == "fold":
            return self._fold(owned, job, frames, report, began)
        values = [self._source(owned, one, frames) for one in job.sources]
        for number in job.released:
            owned.objects.pop(number, None)
        if job.WhichOneof("compute") == "once":
            chosen = _chosen(values, job.once.inputs) if job.once.inputs else values
            values = self._program(job.once.graph).run(chosen)
        return self._leave(owned, job, values, time.monotonic() - began)

    def _program(self, reference: job_pb2.GraphReference) -> Program:
        program = self._programs.get(reference.hash)
        if program is None:
            if not reference.graph:
                raise failures.UnknownGraph("send the graph's bytes along")
            program = Program(reference.graph)
            if program.hash != reference.hash:
                raise failures.Malformed("the bytes of a graph do not have its hash")
            if len(self._programs) >= GRAPHS_MAXIMUM:
                self._programs.clear()
            self._programs[reference.hash] = program
        return program

    def _source(self, owned: _Owned, source: job_pb2.Source, frames: Sequence[bytes]) -> Array:
        kind = source.WhichOneof("kind")
        if kind == "tensor":
            try:
                return unpack(source.tensor, frames)
            except ValueError as error:
                raise failures.Malformed(str(error)) from None
        if kind == "object":
            if source.object not in owned.objects:
                raise failures.UnknownObject(f"object {source.object} is not kept at worker {self._site}")
            return owned.objects[source.object]
        if kind == "zeros":
            return _made(source.zeros)
        if kind == "random":
            return _drawn(source.random)
        if kind == "column":
            raise failures.NotPermitted(
                f"worker {self._site} reads columns in folds alone, of which only sums over batches leave")
        raise failures.InvalidJob(f"worker {self._site} has no source {kind or 'of this kind'} here")

    def _leave(self, owned: _Owned, job: job_pb2.Job, values: Sequence[Array], seconds: float) -> Answer:
        outputs = list(job.outputs) or [job_pb2.Output() for _ in values]
        if len(outputs) != len(values):
            raise failures.InvalidJob(f"{len(outputs)} outputs are named, there are {len(values)}")
        kinds = [one.WhichOneof("destination") for one in outputs]
        if "transfer" in kinds:
            return _transfer(outputs, kinds, values)
        if not set(kinds) <= {None, "object"}:
            raise failures.InvalidJob("only a fold has states and sums")
        kept = {one.object: value for one, kind, value in zip(outputs, kinds, values) if kind == "object"}
        if sum(value.nbytes for value in {**owned.objects, **kept}.values()) > OBJECTS_MAXIMUM:
            raise failures.LimitExceeded(f"objects at worker {self._site} would take more than {OBJECTS_MAXIMUM} bytes")
        owned.objects.update(kept)
        leaving = [(one.name, value) for one, kind, value in zip(outputs, kinds, values) if kind is None]
        references, inline, parts = pack([value for _, value in leaving])
        outcome = job_pb2.Outcome(
            outputs=[
                job_pb2.NamedTensor(name=name, tensor=one) for (name, _), one in zip(leaving, references)
            ], seconds=seconds)
        if job.lists_objects:
            outcome.objects.extend(_listed(owned))
        return Answer(Command.RESULT, outcome.SerializeToString(), inline, parts)

    # Folds.

    def _fold(
        self, owned: _Owned, job: job_pb2.Job, frames: Sequence[bytes], report: Report, began: float
    ) -> Answer:
        fold = job.fold
        plan = FoldPlan(
            self._program(fold.step), self._program(fold.finish), job,
            [self._bound(owned, one, frames) for one in job.sources])
        for number in job.released:
            owned.objects.pop(number, None)
        outcome, arrays, done = job_pb2.Outcome(), list[Array](), Progress(0, 0, 0)
        schedules = [self._schedule(fold, one) for one in fold.shards]
        total = sum(one.batches for _, one in schedules)
        sums = Sums(plan.outputs)
        for shard, (dataset, schedule) in zip(fold.shards, schedules):
            part = outcome.parts.add()
            try:
                done, values = self._fold_shard(plan, shard, dataset, schedule, total, done, report)
                examples, batches = seen(schedule)
                part.largest = sums.add(values, examples)
            except (failures.ExecutionFailed, failures.NotPermitted) as failure:
                if len(fold.shards) == 1:
                    raise
                part.failure = Answer.failed(failure).body
                continue
            part.examples, part.batches = examples, batches
            for output, value in zip(plan.outputs, values):
                if output.WhichOneof("destination") is None:
                    part.outputs.add(name=output.name)
                    arrays.append(value)
        arrays += [value for _, value in sums.totals]
        outcome.sums.extend(job_pb2.NamedTensor(name=name) for name, _ in sums.totals)
        references, inline, parts = pack(arrays)
        named = [one for part in outcome.parts for one in part.outputs] + list(outcome.sums)
        for one, reference in zip(named, references):
            one.tensor.CopyFrom(reference)
        outcome.seconds = math.ceil((time.monotonic() - began) * 10) / 10
        return Answer(Command.RESULT, outcome.SerializeToString(), inline, parts)

    def _bound(self, owned: _Owned, source: job_pb2.Source, frames: Sequence[bytes]) -> Array | None:
        """The value of a source that is the same for every shard."""
        if source.WhichOneof("kind") in ("first_state", "last_state", "metric", "examples"):
            return None
        if source.WhichOneof("kind") == "column":
            raise failures.InvalidJob("a fold reads columns by batches, they are no source of it")
        return self._source(owned, source, frames)

    def _schedule(self, fold: job_pb2.Fold, shard: job_pb2.FoldShard) -> tuple[Dataset, Schedule]:
        one = shard.shard
        dataset = self._datasets.get(one.dataset)
        if dataset is None or (one.partition, one.index, one.count) != (f"site:{self._site}", 0, 1):
            raise failures.UnknownDataset(
                f"worker {self._site} holds no part {one.index} of {one.count} of {one.dataset} {one.partition}")
        rows = len(dataset.column("label", fold.part))
        schedule = fold.schedule
        return dataset, Schedule(
            rows, shard.batch_size, schedule.epochs, schedule.batch_limit, schedule.drops_remainder)

    def _fold_shard(
        self, plan: FoldPlan, shard: job_pb2.FoldShard, dataset: Dataset, schedule: Schedule, total: int,
        done: Progress, report: Report,
    ) -> tuple[Progress, list[Array]]:
        columns = [dataset.column(name, plan.fold.part) for name in plan.fold.columns]
        what = f"data set {shard.shard.dataset} at worker {self._site}"
        classes = [dataset.class_count(name) for name in plan.fold.columns]
        plan.check(columns, classes, schedule, dataset.release_rows_min, what)
        states = list(plan.states)
        metrics: list[Array] | None = None
        batches, examples = 0, 0
        for epoch in range(schedule.epochs):
            order = (
                permutation(schedule.rows, shard.shuffle_seed, Purpose.ROW_ORDER, epoch)
                if plan.fold.schedule.shuffles else np.arange(schedule.rows))
            for start in range(0, schedule.rows, schedule.batch_size):
                rows = order[start : start + schedule.batch_size]
                if batches == schedule.batches or schedule.drops and len(rows) < schedule.batch_size:
                    break
                results = plan.step.run([*states, *plan.constants, *(column[rows] for column in columns)])
                states, found = results[: len(states)], results[len(states) :]
                wide = [one.astype("<f8") for one in found]
                metrics = wide if metrics is None else [a + b for a, b in zip(metrics, wide)]
                batches, examples = batches + 1, examples + len(rows)
                done = Progress(done.batches + 1, total, done.examples + len(rows))
                report(done)
        ends = plan.end(columns, states, metrics, examples)
        return Progress(done.batches, total, done.examples), plan.finish.run(ends)


def _chosen(values: Sequence[Array], numbers: Sequence[int]) -> list[Array]:
    if any(number >= len(values) for number in numbers):
        raise failures.InvalidJob("a graph's input is no source")
    return [values[number] for number in numbers]


def _made(kind: job_pb2.TensorType) -> Array:
    if kind.element_type not in TYPES:
        raise failures.InvalidJob(f"zeros of element type {kind.element_type}")
    value = ValueType(TYPES[kind.element_type], checked(kind.dimensions))
    if value.byte_count > MADE_MAXIMUM:
        raise failures.LimitExceeded(f"zeros of {value.byte_count} bytes, the limit is {MADE_MAXIMUM}")
    return np.zeros(value.shape, value.dtype)


def _drawn(source: job_pb2.Random) -> Array:
    if source.type.element_type != 1 or source.distribution not in (1, 2):
        raise failures.InvalidJob("random numbers are float32, uniform or normal")
    shape = checked(source.type.dimensions)
    if math.prod(shape) * 4 > MADE_MAXIMUM:
        raise failures.LimitExceeded(f"random numbers of {list(shape)}, the limit is {MADE_MAXIMUM} bytes")
    return random(shape, source.seed, source.distribution == 2)


def _check(job: job_pb2.Job, is_transferred: bool) -> None:
    if len(job.sources) > TENSORS_MAXIMUM or len(job.outputs) > TENSORS_MAXIMUM:
        raise failures.LimitExceeded(f"a job has at most {TENSORS_MAXIMUM} sources and outputs")
    kinds = [one.WhichOneof("destination") for one in job.outputs]
    objects = [one.object for one, kind in zip(job.outputs, kinds) if kind == "object"]
    if len(set(objects)) < len(objects):
        raise failures.InvalidJob("an object is kept twice")
    if is_transferred and (job.WhichOneof("compute") or set(kinds) != {"object"} or job.released or job.ended):
        raise failures.Malformed("what was transferred is to be kept, and nothing else")
    if job.WhichOneof("compute") != "fold":
        return
    fold = job.fold
    if not 1 <= len(fold.shards) <= SHARDS_MAXIMUM or fold.part not in (1, 2):
        raise failures.InvalidJob(f"a fold of {len(fold.shards)} shards, over part {fold.part}")
    if not 1 <= fold.schedule.epochs <= EPOCHS_MAXIMUM or any(one.batch_size < 1 for one in fold.shards):
        raise failures.InvalidJob("a fold without epochs, or batches without rows")


def _transfer(
    outputs: Sequence[job_pb2.Output], kinds: Sequence[str | None], values: Sequence[Array]
) -> Answer:
    workers = {one.transfer.worker for one in outputs}
    if set(kinds) != {"transfer"} or len(workers) != 1:
        raise failures.InvalidJob("all outputs of a transfer go to one worker")
    references, inline, parts = pack(values)
    job = job_pb2.Job(
        sources=[job_pb2.Source(tensor=one) for one in references],
        outputs=[job_pb2.Output(object=one.transfer.object) for one in outputs])
    return Answer(
        Command.TRANSFER, job_pb2.Body(job=job).SerializeToString(), inline, parts, target=workers.pop())


def _listed(owned: _Owned) -> list[job_pb2.HeldObject]:
    codes = {kind: code for code, kind in TYPES.items()}
    return [
        job_pb2.HeldObject(object=number, element_type=codes[value.dtype], dimensions=value.shape)
        for number, value in sorted(owned.objects.items())
    ]
