"""Data sets of two arrays, as a worker announces and serves them: PROTOCOL.md, sections 3.2, 3.3 and 11.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import wire_pb2
from .catalogue import schema_hash
from .failures import UnknownDataset
from .job_pb2 import PART_TRAIN
from .orders import held_out
from .tensors import Array, type_code

FEATURES, LABEL = "features", "label"


@dataclass(frozen=True)
class Dataset:
    """Rows of features and a label each, dealt into those to train on and those held out."""

    features: Array
    labels: Array
    classes: tuple[str, ...]
    """The labels' names, in the order of their numbers; empty for a number."""
    is_public: bool
    release_rows_min: int
    train: Array
    held_out: Array

    @staticmethod
    def of(
        features: Array, labels: Array, *, classes: Sequence[object] | None = None, is_public: bool = False,
        release_rows_min: int = 32,
    ) -> Dataset:
        """A data set of features [rows, …] and labels [rows]: numbers of float types, or classes of any other.

        One row in five is held out. `classes` are all there may be, in order; without, those there are, each of which must
        stand in `release_rows_min` rows, as a worker announces them. Raises ValueError.
        """
        features, labels = np.asarray(features), np.asarray(labels)
        if features.ndim < 2 or len(features) != len(labels) or labels.ndim != 1 and labels.shape[1:] != (1,):
            raise ValueError(f"features {list(features.shape)} and labels {list(labels.shape)} are not a row each")
        features = features if features.dtype == np.uint8 else _floats(features, "features")
        minimum = min(1, release_rows_min) if is_public else release_rows_min
        names: tuple[str, ...]
        if labels.dtype.kind == "f":
            names, numbers = (), _floats(labels.reshape(-1, 1), "labels")
        else:
            names, numbers = _classes(labels.reshape(-1), classes, minimum)
        train, tested = held_out(len(features))
        return Dataset(features, numbers, names, is_public, minimum, train, tested)

    def description(self, name: str) -> wire_pb2.Dataset:
        """Its schema, which tells no row."""
        columns = [
            wire_pb2.Column(
                name=FEATURES, role=wire_pb2.COLUMN_ROLE_FEATURE, element_type=type_code(self.features.dtype),
                dimensions=self.features.shape[1:]),
            wire_pb2.Column(
                name=LABEL, role=wire_pb2.COLUMN_ROLE_LABEL, element_type=type_code(self.labels.dtype),
                dimensions=self.labels.shape[1:], classes=self.classes),
        ]
        return wire_pb2.Dataset(name=name, columns=columns)

    def shard(self, name: str, site: str) -> wire_pb2.Shard:
        """What a site announces: all of its rows, whole."""
        return wire_pb2.Shard(
            dataset=name, partition=f"site:{site}", index=0, count=1, train_rows=len(self.train),
            held_out_rows=len(self.held_out), schema=schema_hash(self.description(name)),
            release_rows_minimum=self.release_rows_min)

    def class_count(self, name: str) -> int | None:
        """How many classes a column holds: all its numbers are below; None for one that holds none."""
        return len(self.classes) or None if name == LABEL else None

    def column(self, name: str, part: int) -> Array:
        """All rows of a column of a part; raises UnknownDataset."""
        rows = self.train if part == PART_TRAIN else self.held_out
        column = {FEATURES: self.features, LABEL: self.labels}.get(name)
        if column is None:
            raise UnknownDataset(f"there is no column {name!r}, there are {FEATURES} and {LABEL}")
        found: Array = column[rows]
        return found


def _floats(array: Array, what: str) -> Array:
    result = array.astype("<f4")
    if not np.isfinite(result).all():
        raise ValueError(f"{what} have NaN, infinite numbers, or numbers that float32 cannot hold")
    return result


def _classes(labels: Array, given: Sequence[object] | None, minimum: int) -> tuple[tuple[str, ...], Array]:
    if given is not None:
        order = [str(one) for one in given]
        places = {name: place for place, name in enumerate(order)}
        try:
            return tuple(order), np.array([places[str(label)] for label in labels.tolist()], "<i4")
        except KeyError:
            raise ValueError(f"a label is none of the {len(order)} classes") from None
    found, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min(initial=minimum) < minimum:
        raise ValueError(
            f"a class stands in fewer than {minimum} rows, and would be told of when it is announced: name all classes")
    return tuple(str(one) for one in found.tolist()), numbers.astype("<i4")
