"""A graph folded over the batches of a shard, and sums over shards: PROTOCOL.md, section 11."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import failures, fence, job_pb2
from .program import Program
from .tensors import Array
from .values import ValueType


@dataclass(frozen=True)
class Schedule:
    """The batches of a shard: how many rows each has, over all epochs."""

    rows: int
    batch_size: int
    epochs: int
    limit: int
    drops: bool

    @property
    def batches(self) -> int:
        each = self.rows // self.batch_size + (0 if self.drops or self.rows % self.batch_size == 0 else 1)
        return min(each * self.epochs, self.limit) if self.limit else each * self.epochs

    def sizes(self) -> list[int]:
        """The sizes that occur."""
        full, rest = divmod(self.rows, self.batch_size)
        each = full + (1 if rest and not self.drops else 0)
        sizes = [self.batch_size] if full and self.batches else []
        return sizes + ([rest] if each > full and self.batches >= each else [])

    @property
    def covers_all_rows(self) -> bool:
        """Whether each row is seen equally often."""
        return self.distinct_rows == self.rows and (not self.limit or self.batches < self.limit)

    @property
    def distinct_rows(self) -> int:
        """How many different rows are seen."""
        used = self.rows - self.rows % self.batch_size if self.drops else self.rows
        return min(used, self.batches * self.batch_size)


class FoldPlan:
    """A fold whose numbers make sense."""

    def __init__(
        self, step: Program, finish: Program, job: job_pb2.Job, values: Sequence[Array | None]
    ) -> None:
        self.step, self.finish, self.fold = step, finish, job.fold
        self._sources = job.sources
        self._values = values
        self.states, self.constants = self._found(job.fold.states), self._found(job.fold.constants)
        if len(step.graph.outputs) < len(self.states):
            raise failures.InvalidJob("the step gives fewer values than there are states")
        outputs = list(job.outputs) or [job_pb2.Output() for _ in finish.graph.outputs]
        if len(outputs) != len(finish.graph.outputs):
            raise failures.InvalidJob(f"{len(outputs)} outputs are named, finish gives {len(finish.graph.outputs)}")
        if any(one.WhichOneof("destination") not in (None, "sum") for one in outputs):
            raise failures.InvalidJob("this worker keeps nothing of a fold, and sends nothing of it to another")
        self.outputs = outputs

    def _found(self, numbers: Sequence[int]) -> list[Array]:
        found = []
        for number in numbers:
            value = self._values[number] if number < len(self._values) else None
            if value is None:
                raise failures.InvalidJob(f"source {number} is not there before the first batch")
            found.append(value)
        return found

    @property
    def metric_count(self) -> int:
        return len(self.step.graph.outputs) - len(self.states)

    def check(
        self, columns: Sequence[Array], classes: Sequence[int | None], schedule: Schedule, minimum: int, what: str
    ) -> None:
        """Raises what is wrong with it before it runs: shapes, and what it would let out.

        `classes` are how many each column holds, if it does.
        """
        sizes = schedule.sizes()
        findings = None
        metrics: list[ValueType] | None = None
        for size in sizes or [0]:
            types = self._types(columns, size)
            outputs = [types[number] for number in self.step.graph.outputs]
            if metrics not in (None, outputs[len(self.states) :]):
                raise failures.InvalidJob("the shape of a metric depends on the number of rows in a batch")
            metrics = outputs[len(self.states) :]
            if outputs[: len(self.states)] != [ValueType(one.dtype, one.shape) for one in self.states]:
                raise failures.InvalidJob("a new state has not the shape of the state")
            if size:
                findings = fence.judge(self.step, types, self.constants, len(self.states), classes, what)
        if findings is None:
            return
        smallest = min(sizes)
        leaving = {
            index: schedule.distinct_rows if part.is_total else smallest for index, part in findings.states.items()
        }
        for index, metric in enumerate(findings.metrics):
            if metric.is_statistic and not schedule.covers_all_rows:
                raise failures.NotPermitted(f"{what} lets out sums of columns over all its rows alone")
            if metric.is_private:
                leaving[len(self.states) + index] = schedule.distinct_rows if metric.is_total else smallest
        rows = self._leaving_rows(leaving, what)
        if rows is not None and rows < minimum:
            raise failures.NotPermitted(
                f"{what} lets out what is about at least {minimum} rows, this is about {rows}")

    def _types(self, columns: Sequence[Array], size: int) -> list[ValueType]:
        bound = [ValueType(one.dtype, one.shape) for one in (*self.states, *self.constants)]
        bound += [ValueType(one.dtype, (size, *one.shape[1:])) for one in columns]
        return self.step.types(bound)

    def _leaving_rows(self, private: Mapping[int, int], what: str) -> int | None:
        """The fewest rows any output of finish is about; raises NotPermitted."""
        counts: list[int | None] = []
        for number in self.fold.finish_inputs:
            source = self._source(number)
            kind = source.WhichOneof("kind")
            place = {"last_state": source.last_state, "metric": len(self.states) + source.metric}.get(kind or "")
            counts.append(None if place is None else private.get(place))
        counts += [None] * len(self.finish.constants)
        for index, node in enumerate(self.finish.graph.nodes):
            found = [counts[one] for one in node.inputs]
            fence.require_whole_sums(self.finish, index, [one is not None for one in found], what)
            fewest = min((one for one in found if one is not None), default=None)
            counts.extend(fewest for _ in self.finish.results(index))
        leaving = [counts[one] for one in self.finish.graph.outputs]
        return min((one for one in leaving if one is not None), default=None)

    def _source(self, number: int) -> job_pb2.Source:
        if number >= len(self._sources):
            raise failures.InvalidJob(f"there is no source {number}")
        source: job_pb2.Source = self._sources[number]
        return source

    def end(
        self, columns: Sequence[Array], states: Sequence[Array], metrics: Sequence[Array] | None, examples: int
    ) -> list[Array]:
        """What finish is bound to."""
        if metrics is None:
            types = self._types(columns, 0)
            metrics = [np.zeros(types[one].shape) for one in self.step.graph.outputs[len(states) :]]
        ends = []
        for number in self.fold.finish_inputs:
            source = self._source(number)
            kind = source.WhichOneof("kind")
            value = self._values[number]
            if kind == "first_state":
                value = _at(self.states, source.first_state, "state")
            elif kind == "last_state":
                value = _at(states, source.last_state, "state")
            elif kind == "metric":
                value = _at(metrics, source.metric, "metric").astype("<f4")
            elif kind == "examples":
                value = np.array(examples, "<f4")
            if value is None:
                raise failures.InvalidJob(f"finish has no source {kind}")
            ends.append(value)
        return ends


class Sums:
    """Adds outputs up over shards, so that their grouping makes no difference."""

    def __init__(self, outputs: Sequence[job_pb2.Output]) -> None:
        self._outputs = outputs
        self._totals: dict[int, Array] = {}

    @property
    def totals(self) -> list[tuple[str, Array]]:
        return [
            (one.name, self._totals[index]) for index, one in enumerate(self._outputs) if index in self._totals
        ]

    def add(self, values: Sequence[Array], examples: int) -> float:
        """Adds a shard's; gives the greatest magnitude; raises ExecutionFailed, and has then added nothing."""
        counted, largest = {}, 0.0
        for index, (output, value) in enumerate(zip(self._outputs, values)):
            if output.WhichOneof("destination") != "sum":
                continue
            limit, weight = output.sum.limit, examples if output.sum.by_examples else 1
            magnitude = float(np.abs(value).max(initial=0))
            products = value.astype("<f8") * weight * 2.0**-output.sum.exponent
            if not (0 < limit < math.inf) or not -512 <= output.sum.exponent <= 512:
                raise failures.InvalidJob("a sum with no limit, or an exponent out of range")
            if not magnitude <= limit or float(np.abs(products).max(initial=0)) >= 2.0**51:
                raise failures.ExecutionFailed("a number is too large for the sum it belongs to")
            counted[index] = np.rint(products).astype("<i8")
            largest = max(largest, magnitude)
        for index, value in counted.items():
            total = self._totals.get(index, np.zeros_like(value)) + value
            if float(np.abs(total).max(initial=0)) >= 2.0**62:
                raise failures.ExecutionFailed("a sum has no room for another shard")
            self._totals[index] = total
        return largest


def seen(schedule: Schedule) -> tuple[int, int]:
    """The rows and batches of all epochs."""
    full, rest = divmod(schedule.rows, schedule.batch_size)
    each = full + (1 if rest and not schedule.drops else 0)
    if not each:
        return 0, 0
    epochs, more = divmod(schedule.batches, each)
    whole = full * schedule.batch_size + (rest if each > full else 0)
    return epochs * whole + min(more * schedule.batch_size, whole), schedule.batches


def _at(values: Sequence[Array], index: int, what: str) -> Array:
    if index >= len(values):
        raise failures.InvalidJob(f"there is no {what} {index}")
    return values[index]
