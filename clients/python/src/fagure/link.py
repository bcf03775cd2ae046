"""A session with a broker: one thread that owns the socket, says hello, keeps alive and moves bytes."""

from __future__ import annotations

import heapq
import itertools
import queue
import secrets
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import zmq
from google.protobuf.message import DecodeError
from zmq.utils.monitor import recv_monitor_message

from . import failures, wire_pb2
from .contents import Contents
from .header import (
    ATTACHMENT_MAXIMUM, BODY_IS_ATTACHED, BODY_IS_DEFLATED, BODY_MAXIMUM, Command, Extent, Malformed,
    Record, decode,
)
from .keys import Keys

PIECE = 256 << 10
FRAME_MAXIMUM = 9 << 20
HELLO_RETRY = 0.5
UNTOLD = 8 << 10
DEFLATED_MINIMUM = 4 << 10
SOFTWARE = "fagure-python 0.1.0"


class Delegate(Protocol):
    """Who is behind a link; all of it is called on the link's thread."""

    def introduction(self) -> wire_pb2.Hello:
        """Who it is; the link adds the session and versions."""

    def welcomed(self, is_new_run: bool) -> None:
        """The broker knows the session, perhaps in a new run of its own."""

    def refused(self, failure: failures.Failure) -> None:
        """The broker will not have it; nothing more comes."""

    def expects(self, record: Record) -> bool:
        """Whether what is attached to a record is to be asked for."""

    def take(self, record: Record, frames: list[bytes]) -> None:
        """A record that is whole; raises ValueError or DecodeError where it makes no sense."""

    def damaged(self, record: Record, reason: str) -> None:
        """A record that made no sense."""


@dataclass
class Arrival:
    """A record whose attachments are on their way."""

    record: Record
    parts: list[bytearray] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return all(len(part) == one.byte_count for part, one in zip(self.parts, self.record.attachments))


@dataclass
class Supply:
    """Attachments that are handed out when they are asked for."""

    attempt: int
    parts: list[bytes]


class Link:
    """Owns a DEALER on a thread of its own."""

    def __init__(self, endpoint: str, delegate: Delegate, keys: Keys | None = None, contents: int = 0) -> None:
        self.endpoint, self.session = endpoint, secrets.token_bytes(16)
        self.epoch = 0
        self.is_ready = self.is_over = False
        self._delegate, self._keys = delegate, keys
        self._contents = Contents(contents)
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._supplies: dict[bytes, Supply] = {}
        self._arrivals: dict[bytes, Arrival] = {}
        self._heard = self._told = 0
        self._heartbeat, self._silence = 1.0, 8.0
        self._context = zmq.Context()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="fagure", daemon=True)

    def start(self) -> None:
        """Begins to look for the broker; raises ValueError for an endpoint or keys that are none."""
        address = f"inproc://{secrets.token_hex(8)}"
        self._waker = self._context.socket(zmq.PAIR)
        self._waker.bind(address)
        self._waking = self._context.socket(zmq.PAIR)
        self._waking.connect(address)
        try:
            self._open()
        except zmq.ZMQError as error:
            self._context.destroy(0)
            self.is_over = True
            raise ValueError(f"cannot connect to {self.endpoint!r}: {error.strerror}") from None
        self._thread.start()

    def execute(self, action: Callable[[], None]) -> bool:
        """Has something done on the link's thread; says whether it will be."""
        with self._lock:
            if self.is_over:
                return False
            self._actions.put(action)
            self._waker.send(b"")
            return True

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Has something done later; on the link's thread alone."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), action))

    def close(self) -> None:
        """Says goodbye and ends the thread; what was sent before still goes out."""
        if threading.current_thread() is self._thread:
            return self._end()
        if self._thread.is_alive():
            self.execute(self._end)
            self._thread.join()

    # On the thread.

    def send(self, record: Record, parts: list[bytes] | None = None) -> None:
        """Sends a record, and hands out its attachments when they are asked for."""
        if self.is_over:
            return
        if parts:
            self._supplies[record.job] = Supply(record.attempt, parts)
        record.epoch = 0 if record.command == Command.HELLO else self.epoch
        self._told, self._sent_at = self._heard, time.monotonic()
        try:
            self._socket.send(record.encode(self._heard), zmq.NOBLOCK)
        except zmq.Again:
            pass  # The connection is gone: what is awaited is said again with the next.

    def withdraw(self, job: bytes) -> None:
        """Hands out nothing of a job any more, and takes nothing for it."""
        self._supplies.pop(job, None)
        self._arrivals.pop(job, None)

    def _open(self) -> None:
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.setsockopt(zmq.LINGER, 2_000)
        self._socket.setsockopt(zmq.MAXMSGSIZE, FRAME_MAXIMUM)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        if self._keys is not None:
            self._socket.curve_secretkey, self._socket.curve_publickey = self._keys.secret, self._keys.public
            self._socket.curve_serverkey = self._keys.broker_key
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._socket.connect(self.endpoint)
        self._forget()
        self._heard_at = self._hello_at = self._sent_at = time.monotonic()

    def _forget(self) -> None:
        self.is_ready = False
        self._supplies.clear()
        self._arrivals.clear()
        self._heard = self._told = 0

    def _run(self) -> None:
        while not self.is_over:
            poller = zmq.Poller()
            for socket in (self._waking, self._socket, self._monitor):
                poller.register(socket, zmq.POLLIN)
            events = dict(poller.poll(100))
            if self._waking in events:
                self._waking.recv()
            self._act()
            if not self.is_over:
                self._look(events)
        self._act()  # What was asked for while it ended.
        self._waking.close()
        self._waker.close()
        self._context.term()

    def _act(self) -> None:
        while not self._actions.empty():
            self._actions.get()()

    def _look(self, events: dict[object, int]) -> None:
        if self._monitor in events:
            if recv_monitor_message(self._monitor)["event"] == zmq.EVENT_DISCONNECTED:
                self._forget()
            else:
                self._say_hello()
        while not self.is_over:
            try:
                frame = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._receive(frame)
        if not self.is_over:
            self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        if self.is_over:
            return
        if now - self._heard_at > self._silence:
            self._close(0)
            self._open()
        elif not self.is_ready:
            if now - self._hello_at > HELLO_RETRY:
                self._say_hello()
        elif now - self._sent_at > self._heartbeat:
            self.send(Record(Command.HEARTBEAT))
        if self._heard - self._told > UNTOLD:
            self.send(Record(Command.HEARD))

    def _say_hello(self) -> None:
        self._hello_at = time.monotonic()
        hello = self._delegate.introduction()
        hello.session, hello.software = self.session, SOFTWARE
        hello.protocol_minimum = hello.protocol_maximum = 2
        body, flags = hello.SerializeToString(), 0
        if len(body) >= DEFLATED_MINIMUM:
            body, flags = zlib.compress(body), BODY_IS_DEFLATED
        self.send(Record(Command.HELLO, body=body, flags=flags))

    def _end(self) -> None:
        if self.is_over:
            return
        if self.is_ready:
            goodbye = wire_pb2.Goodbye(reason="it is done")
            self.send(Record(Command.GOODBYE, body=goodbye.SerializeToString()))
        with self._lock:
            self.is_over = True
        self._close(2_000)

    def _close(self, linger: int) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(linger)

    def _receive(self, frame: bytes) -> None:
        self._heard += len(frame)
        self._heard_at = time.monotonic()
        try:
            for record in decode(frame):
                self._receive_record(record)
        except Malformed:
            return  # What follows a record that is none cannot be found.

    def _receive_record(self, record: Record) -> None:
        try:
            self._handle(record)
        except (DecodeError, Malformed, ValueError, zlib.error) as error:
            if record.command >= Command.SUBMIT and record.epoch == self.epoch:
                self._delegate.damaged(record, f"it cannot be read: {error}")

    def _handle(self, record: Record) -> None:
        command = record.command
        if command == Command.WELCOME:
            self._take_welcome(record)
        elif command == Command.REFUSED:
            refused = wire_pb2.Failure.FromString(record.body)
            self._delegate.refused(failures.failure(refused.code, refused.message))
        elif command == Command.RESET:
            self.is_ready = False
            self._say_hello()
        elif record.epoch == self.epoch and self.is_ready:
            self._handle_job(record)

    def _take_welcome(self, record: Record) -> None:
        welcome = wire_pb2.Welcome.FromString(record.body)
        if welcome.heartbeat_milliseconds:
            self._heartbeat = welcome.heartbeat_milliseconds / 1_000
        if welcome.silence_milliseconds:
            self._silence = welcome.silence_milliseconds / 1_000
        is_new_run = self.epoch not in (0, record.epoch)
        is_new = not self.is_ready or self.epoch != record.epoch
        self.epoch, self.is_ready = record.epoch, True
        if is_new:
            self._delegate.welcomed(is_new_run)

    def _handle_job(self, record: Record) -> None:
        if record.command == Command.WANT:
            self._hand_out(record)
        elif record.command == Command.PIECE:
            self._fill(record)
        elif record.command == Command.GONE:
            self._arrivals.pop(record.job, None)
        elif record.attachments:
            self._ask(record)
        else:
            self._delegate.take(_restored(record), [record.inline] if record.inline else [])

    # Attachments.

    def _ask(self, record: Record) -> None:
        if any(one.byte_count > ATTACHMENT_MAXIMUM for one in record.attachments):
            raise Malformed(f"an attachment of more than {ATTACHMENT_MAXIMUM} bytes")
        if not self._delegate.expects(record):
            return
        arrival = Arrival(record)
        self._arrivals[record.job] = arrival
        for number, one in enumerate(record.attachments):
            known = self._contents.find(record.target, one)
            arrival.parts.append(bytearray(known or b""))
            if known is None and one.byte_count:
                self.send(_about(record, Command.WANT, Extent(number, 0, one.byte_count)))
        self._deliver_if_complete(record.job)

    def _hand_out(self, record: Record) -> None:
        extent = Extent.decode(record.body)
        supply = self._supplies.get(record.job)
        known = supply is not None and supply.attempt == record.attempt and extent.attachment < len(supply.parts)
        if supply is None or not known or extent.stop > len(supply.parts[extent.attachment]):
            return self.send(_about(record, Command.GONE, extent))
        part = memoryview(supply.parts[extent.attachment])
        for start in range(extent.start, extent.stop, PIECE):
            piece = Extent(extent.attachment, start, min(start + PIECE, extent.stop))
            reply = _about(record, Command.PIECE, piece)
            reply.inline = bytes(part[piece.start : piece.stop])
            self.send(reply)

    def _fill(self, record: Record) -> None:
        extent = Extent.decode(record.body)
        arrival = self._arrivals.get(record.job)
        if arrival is None or arrival.record.attempt != record.attempt or extent.attachment >= len(arrival.parts):
            return
        part, listed = arrival.parts[extent.attachment], arrival.record.attachments[extent.attachment]
        # Only what comes takes memory, whatever length was announced.
        if extent.start != len(part) or extent.stop > listed.byte_count:
            return
        if extent.stop - extent.start != len(record.inline):
            return
        part += record.inline
        self._deliver_if_complete(record.job)

    def _deliver_if_complete(self, job: bytes) -> None:
        arrival = self._arrivals[job]
        if not arrival.is_complete:
            return
        del self._arrivals[job]
        record = arrival.record
        if record.command == Command.RESULT:
            self.send(Record(Command.RECEIVED, job=job, attempt=record.attempt))
        parts = [bytes(part) for part in arrival.parts]
        for one, part in zip(record.attachments, parts):
            self._contents.keep(record.target, one, part)
        if record.flags & BODY_IS_ATTACHED:
            record.body, parts = parts[0], parts[1:]
        self._delegate.take(record, ([record.inline] if record.inline else []) + parts)


def _about(record: Record, command: Command, extent: Extent) -> Record:
    return Record(command, job=record.job, attempt=record.attempt, body=extent.encode())


def _restored(record: Record) -> Record:
    if record.flags & BODY_IS_DEFLATED:
        inflater = zlib.decompressobj()
        record.body = inflater.decompress(record.body, BODY_MAXIMUM)
        if not inflater.eof:
            raise Malformed(f"a body that is not whole, or has more than {BODY_MAXIMUM} bytes")
    return record
