"""What there is, as the broker tells it: PROTOCOL.md, section 6.5."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from . import wire_pb2
from .header import BODY_MAXIMUM, Malformed
from .tensors import TYPES
from .values import ValueType, checked

BYTES_MAXIMUM = 64 * BODY_MAXIMUM


@dataclass(frozen=True)
class Column:
    """A column of a data set: what a row of it holds."""

    name: str
    is_label: bool
    row: ValueType
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Shard:
    """A part of a data set, as a worker holds it."""

    dataset: str
    partition: str
    index: int
    count: int
    train_rows: int
    held_out_rows: int
    release_rows_minimum: int
    left_out: str
    """Why the broker sends this copy no jobs; empty for most."""
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of a name; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.dataset} has no column {name!r}; it has {[one.name for one in self.columns]}")


class Catalogue:
    """Takes what the broker says of workers and data sets, whole or as differences."""

    def __init__(self) -> None:
        self.revision = 0
        self.workers: dict[bytes, wire_pb2.Worker] = {}
        self._datasets: dict[tuple[str, tuple[bytes, ...]], wire_pb2.Dataset] = {}
        self._parts: list[wire_pb2.Catalogue] = []
        self._byte_count = 0

    def take(self, update: wire_pb2.Catalogue) -> bool | None:
        """Adds an update: True where it makes a whole, False where more follows, None where all has to be asked for anew."""
        if not self._parts and update.since not in (0, self.revision):
            return None
        self._byte_count += update.ByteSize()
        if self._byte_count > BYTES_MAXIMUM:
            self._parts, self._byte_count = [], 0
            raise Malformed(f"a catalogue of more than {BYTES_MAXIMUM} bytes")
        self._parts.append(update)
        if update.is_partial:
            return False
        parts, self._parts, self._byte_count = self._parts, [], 0
        self._apply(parts)
        return True

    def _apply(self, parts: list[wire_pb2.Catalogue]) -> None:
        is_whole = parts[0].since == 0
        workers = {} if is_whole else dict(self.workers)
        datasets = {} if is_whole else dict(self._datasets)
        for part in parts:
            for session in part.gone:
                workers.pop(session, None)
            workers.update((one.session, one) for one in part.workers)
            for one in part.datasets:
                datasets[one.name, tuple(column.SerializeToString() for column in one.columns)] = one
        # Whoever reads on another thread sees all of it or nothing.
        self.workers, self._datasets, self.revision = workers, datasets, parts[-1].revision

    def shards(self, session: bytes) -> list[Shard]:
        """What a worker holds."""
        worker = self.workers.get(session)
        return [] if worker is None else [self._shard(one) for one in worker.shards]

    def _shard(self, one: wire_pb2.Shard) -> Shard:
        named = [dataset for dataset in self._datasets.values() if dataset.name == one.dataset]
        found = [dataset for dataset in named if len(named) == 1 or schema_hash(dataset) == one.schema]
        columns = tuple(_column(column) for dataset in found[:1] for column in dataset.columns)
        return Shard(
            one.dataset, one.partition, one.index, one.count, one.train_rows, one.held_out_rows,
            one.release_rows_minimum, one.left_out, columns)


def _column(one: wire_pb2.Column) -> Column:
    kind = TYPES.get(one.element_type, np.dtype("V1"))
    row = ValueType(kind, checked(one.dimensions))
    return Column(one.name, one.role == wire_pb2.COLUMN_ROLE_LABEL, row, tuple(one.classes))


def schema_hash(dataset: wire_pb2.Dataset) -> bytes:
    """What a schema is called: PROTOCOL.md, section 3.3."""
    encoded = bytearray()

    def number(value: int) -> None:
        encoded.extend(value.to_bytes(8, "little"))

    def text(value: str) -> None:
        number(len(value.encode()))
        encoded.extend(value.encode())

    def texts(values: list[str]) -> None:
        number(len(values))
        for value in values:
            text(value)

    text("fagure schema 1")
    number(dataset.missing)
    number(len(dataset.columns))
    for column in dataset.columns:
        text(column.name)
        number(column.role)
        number(column.element_type)
        number(len(column.dimensions))
        for size in column.dimensions:
            number(size)
        texts(list(column.classes))
        number(len(column.features))
        for feature in column.features:
            text(feature.name)
            number(feature.kind)
            texts(list(feature.categories))
    return hashlib.sha256(encoded).digest()[:16]
