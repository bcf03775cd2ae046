"""Headers and records as they travel: PROTOCOL.md, sections 3 and 3.1."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

MAGIC = b"FGR\n"
MAJOR, MINOR = 2, 0
HEADER = struct.Struct("<4sBBBBIHHIIQ16s16sIIII")
ATTACHMENT = struct.Struct("<32sQQ")
EXTENT = struct.Struct("<IIQQ")
NOBODY = bytes(16)

BODY_MAXIMUM = 8 << 20
JOB_BODY_MAXIMUM = 16 << 10
ATTACHMENT_MAXIMUM = 16 << 30
ATTACHMENTS_MAXIMUM = 1_024

TARGETS_SESSION, TRANSFERRED, BODY_IS_ATTACHED, BODY_IS_DEFLATED = 1, 2, 4, 8


class Command(IntEnum):
    """What a record is: PROTOCOL.md, section 4."""

    HELLO = 1
    WELCOME = 2
    REFUSED = 3
    GOODBYE = 4
    HEARTBEAT = 5
    RESET = 6
    CATALOGUE_QUERY = 16
    CATALOGUE = 17
    OWNER = 20
    SUBMIT = 32
    DISPATCH = 33
    STARTED = 34
    PROGRESS = 35
    RESULT = 36
    FAILED = 37
    CANCEL = 38
    RESEND = 39
    TRANSFER = 40
    WANT = 41
    PIECE = 42
    GONE = 43
    RECEIVED = 44
    HEARD = 48
    STATUS_QUERY = 49
    STATUS = 50


class Malformed(ValueError):
    """Bytes that are no record."""


@dataclass
class Attachment:
    """What belongs to a record and is asked for: its length, and a name of 32 bytes or zeros."""

    byte_count: int
    name: bytes = bytes(32)


@dataclass
class Record:
    """A header, and what comes with it."""

    command: Command
    job: bytes = NOBODY
    attempt: int = 0
    target: bytes = NOBODY
    flags: int = 0
    deadline: int = 0
    wait: int = 0
    epoch: int = 0
    heard: int = 0
    attachments: list[Attachment] = field(default_factory=list)
    body: bytes = b""
    inline: bytes = b""

    def carry(self, body: bytes, parts: list[bytes]) -> list[bytes]:
        """Takes the body of a job or outcome, attached where it is large; gives all that is attached."""
        if len(body) > JOB_BODY_MAXIMUM:
            self.flags |= BODY_IS_ATTACHED
            parts = [body, *parts]
        else:
            self.body = body
        self.attachments = [Attachment(len(part)) for part in parts]
        return parts

    def encode(self, heard: int = 0) -> bytes:
        """The bytes of the record, which may be alone in its frame."""
        head = HEADER.pack(
            MAGIC, MAJOR, MINOR, self.command, self.flags, len(self.body), len(self.attachments), 0,
            len(self.inline), heard & 0xFFFFFFFF, self.epoch, self.job, self.target, self.attempt,
            self.deadline, 0, self.wait,
        )
        listed = b"".join(
            ATTACHMENT.pack(one.name, one.byte_count, 1 if any(one.name) else 0) for one in self.attachments
        )
        front = head + listed + self.body
        if not self.inline:
            return front
        return front + bytes(-len(front) % 64) + self.inline


_CARRIERS = {Command.SUBMIT, Command.DISPATCH, Command.RESULT, Command.TRANSFER}
_FLAGS = {
    TARGETS_SESSION: {Command.SUBMIT}, TRANSFERRED: {Command.DISPATCH}, BODY_IS_ATTACHED: _CARRIERS,
    BODY_IS_DEFLATED: {Command.HELLO, Command.CATALOGUE},
}


def decode(frame: bytes) -> Iterator[Record]:
    """The records of a frame, in their order; raises Malformed at one that is none."""
    offset = 0
    while True:
        record, end = _decode_one(frame, offset)
        yield record
        offset = (end + 7) & ~7
        if offset >= len(frame):
            return


def _decode_one(frame: bytes, offset: int) -> tuple[Record, int]:
    if len(frame) - offset < HEADER.size:
        raise Malformed(f"a record of {len(frame) - offset} bytes, a header has {HEADER.size}")
    (magic, major, _, code, flags, body, count, reserved, inline, heard, epoch, job, target, attempt,
     deadline, _, wait) = HEADER.unpack_from(frame, offset)
    if magic != MAGIC or reserved != 0:
        raise Malformed("these bytes are no record of Fagure")
    if major != MAJOR:
        raise Malformed(f"a record of protocol {major}, this is {MAJOR}")
    try:
        command = Command(code)
    except ValueError:
        raise Malformed(f"there is no command {code}") from None
    _check_fields(command, flags, attempt, count, inline)
    place = offset + HEADER.size
    if len(frame) < place + ATTACHMENT.size * count + body:
        raise Malformed(f"a {command.name} that is longer than its frame")
    attachments = []
    for _ in range(count):
        name, size, _ = ATTACHMENT.unpack_from(frame, place)
        attachments.append(Attachment(size, name))
        place += ATTACHMENT.size
    end = place + body
    inline_start = end
    if inline:
        inline_start = offset + ((end - offset + 63) & ~63)
        end = inline_start + inline
        if len(frame) < end:
            raise Malformed(f"a {command.name} whose inline bytes are beyond its frame")
    record = Record(
        command, job, attempt, target, flags, deadline, wait, epoch, heard, attachments,
        bytes(frame[place : place + body]), bytes(frame[inline_start : inline_start + inline]),
    )
    return record, end


def _check_fields(command: Command, flags: int, attempt: int, attachments: int, inline: int) -> None:
    if any(flags & flag and command not in commands for flag, commands in _FLAGS.items()) or flags >= 16:
        raise Malformed(f"a {command.name} with flags {flags}")
    if attempt == 0 and command in (Command.SUBMIT, Command.DISPATCH):
        raise Malformed(f"a {command.name} with attempt 0")
    if attachments > (ATTACHMENTS_MAXIMUM if command in _CARRIERS else 0):
        raise Malformed(f"a {command.name} with {attachments} attachments")
    if inline and command not in _CARRIERS and command != Command.PIECE:
        raise Malformed(f"a {command.name} with inline bytes")
    if flags & BODY_IS_ATTACHED and not attachments:
        raise Malformed(f"a {command.name} whose body is attached, and nothing is")


@dataclass(frozen=True)
class Extent:
    """Bytes of an attachment: from the first up to, not including, the last."""

    attachment: int
    start: int
    stop: int

    def encode(self) -> bytes:
        """The body of `want`, `piece` and `gone`."""
        return EXTENT.pack(self.attachment, 0, self.start, self.stop)

    @staticmethod
    def decode(body: bytes) -> Extent:
        """Reads the body of `want`, `piece` and `gone`; raises Malformed."""
        if len(body) != EXTENT.size:
            raise Malformed(f"an extent of {len(body)} bytes, it has {EXTENT.size}")
        attachment, _, start, stop = EXTENT.unpack(body)
        if stop < start:
            raise Malformed("an extent that ends before it begins")
        return Extent(attachment, start, stop)


def shard_key(dataset: str, partition: str, index: int, count: int) -> bytes:
    """What a shard is called in a header: PROTOCOL.md, section 3.2."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in f"{dataset}\0{partition}\0{index}\0{count}".encode():
        value = ((value ^ byte) * 0x1000000000000000000013B) & (2**128 - 1)
    return (value >> 64).to_bytes(8, "little") + (value & (2**64 - 1) | 1).to_bytes(8, "little")
