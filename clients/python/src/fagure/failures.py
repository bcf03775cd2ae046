"""Why a job was not done: PROTOCOL.md, section 12.1."""

from __future__ import annotations


class Failure(Exception):
    """A job, or a session, that failed: a code for programs, a sentence for people."""

    code = 0

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Absent(Failure):
    """Nobody was there to do it: it may be done once somebody is."""


class NoWorker(Absent):
    code = 4


class WorkerLost(Absent):
    code = 5


class Draining(Absent):
    code = 14


class BrokerUnreachable(Absent):
    code = 15


class Overloaded(Failure):
    code = 6


class Cancelled(Failure):
    code = 7


class DeadlineExceeded(Failure):
    code = 8


class UnknownGraph(Failure):
    code = 9


class Refused(Failure):
    """The same would always be answered so."""


class VersionUnsupported(Refused):
    code = 1


class Malformed(Refused):
    code = 2


class LimitExceeded(Refused):
    code = 3


class InvalidJob(Refused):
    code = 10


class NotPermitted(Refused):
    code = 11


class UnknownDataset(Refused):
    code = 12


class ExecutionFailed(Refused):
    code = 13


class UnknownObject(Refused):
    code = 16


class Poisonous(Refused):
    code = 17


_BY_CODE = {
    kind.code: kind
    for kind in (
        NoWorker, WorkerLost, Draining, BrokerUnreachable, Overloaded, Cancelled, DeadlineExceeded,
        UnknownGraph, VersionUnsupported, Malformed, LimitExceeded, InvalidJob, NotPermitted,
        UnknownDataset, ExecutionFailed, UnknownObject, Poisonous,
    )
}


def failure(code: int, message: str) -> Failure:
    """The exception a code stands for; a code of a later version is a plain Failure."""
    return _BY_CODE.get(code, Failure)(message, code)
