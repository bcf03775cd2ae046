"""Answers, and those a worker keeps to give again: PROTOCOL.md, section 7.3."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from . import failures, wire_pb2
from .header import NOBODY, Command

COUNT_MAXIMUM = 256
BYTES_MAXIMUM = 32 << 20
TEXT_MAXIMUM = 4_096


@dataclass(frozen=True)
class Answer:
    """What a worker says of a job that is done, or will not be."""

    command: Command
    body: bytes
    inline: bytes = b""
    parts: Sequence[bytes] = ()
    target: bytes = NOBODY
    is_kept: bool = True

    @staticmethod
    def failed(failure: failures.Failure) -> Answer:
        """Why it was not done; only what would always be answered so is kept."""
        text = str(failure).encode()[:TEXT_MAXIMUM].decode(errors="ignore")
        body = wire_pb2.Failure(code=failure.code, message=text).SerializeToString()
        is_final = isinstance(failure, failures.Refused) and not isinstance(failure, failures.UnknownObject)
        return Answer(Command.FAILED, body, is_kept=is_final)

    @property
    def byte_count(self) -> int:
        return len(self.body) + len(self.inline) + sum(map(len, self.parts))


class Answers:
    """The last answers, by owner and job."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, bytes], tuple[Answer, int]] = OrderedDict()
        self._byte_count = 0

    def keep(self, owner: bytes, job: bytes, answer: Answer, attempt: int) -> None:
        """Keeps an answer, and drops the oldest where there are too many."""
        self._drop((owner, job))
        if answer.byte_count > BYTES_MAXIMUM:
            return
        self._kept[owner, job] = (answer, attempt)
        self._byte_count += answer.byte_count
        while len(self._kept) > COUNT_MAXIMUM or self._byte_count > BYTES_MAXIMUM:
            self._drop(next(iter(self._kept)))

    def has(self, owner: bytes, job: bytes) -> bool:
        """Whether the job was answered."""
        return (owner, job) in self._kept

    def find(self, owner: bytes, job: bytes, attempt: int) -> Answer | None:
        """The answer, from now on under a new attempt."""
        kept = self._kept.get((owner, job))
        if kept is None:
            return None
        self._kept[owner, job] = (kept[0], attempt)
        return kept[0]

    def attempt(self, job: bytes) -> tuple[bytes, int] | None:
        """The owner of an answered job, and the attempt it was last answered under."""
        for (owner, one), (_, attempt) in self._kept.items():
            if one == job:
                return owner, attempt
        return None

    def _drop(self, key: tuple[bytes, bytes]) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._byte_count -= dropped[0].byte_count
