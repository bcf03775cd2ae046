"""Fagure in Python: a trainer's sessions, and workers that serve arrays."""

from .catalogue import Shard
from .datasets import Dataset
from .failures import Absent, Failure, Refused
from .graph import (
    Recorder, Variable, average_pool, concatenate, convolution, gradient, linear, max_pool, max_pool_with_indices,
)
from .keys import KeyFault, Keys
from .remote import FoldOutcome, Pointer, RemoteWorker
from .session import Session
from .worker import Worker

__all__ = [
    "Absent", "Dataset", "Failure", "FoldOutcome", "KeyFault", "Keys", "Pointer", "Recorder", "Refused",
    "RemoteWorker", "Session", "Shard", "Variable", "Worker", "average_pool", "concatenate", "convolution", "gradient",
    "linear", "max_pool", "max_pool_with_indices",
]
