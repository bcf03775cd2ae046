"""A session with a broker: one thread that owns the socket, says hello, keeps alive and moves bytes."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import zmq

from zmq.utils.monitor import recv_monitor_message

from . import failures, wire_pb2
from .header import BODY_IS_ATTACHED, Command, Extent, Malformed, Record, decode

PIECE = 256 << 10
FRAME_MAXIMUM = 9 << 20
HELLO_RETRY = 0.5
UNTOLD = 8 << 10


@dataclass
class Arrival:
    """A record whose attachments are on their way."""

    record: Record
    parts: list[bytearray] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return all(done == len(part) for done, part in zip(self.filled, self.parts))


class Link:
    """Owns a DEALER on a thread of its own; calls `ready` and `take` there."""

    def __init__(
        self,
        endpoint: str,
        name: str,
        ready: Callable[[], None],
        take: Callable[[Record, list[bytes]], None],
        refuse: Callable[[failures.Failure], None],
    ) -> None:
        self.endpoint, self.name = endpoint, name
        self.session = secrets.token_bytes(16)
        self.epoch = 0
        self._ready, self._take, self._refuse = ready, take, refuse
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._supplies: dict[bytes, tuple[int, list[bytes]]] = {}
        self._arrivals: dict[bytes, Arrival] = {}
        self._heard = self._told = 0
        self._is_ready = self._is_over = False
        self._heartbeat, self._silence = 1.0, 8.0
        self._context = zmq.Context()
        self._wake_address = f"inproc://{secrets.token_hex(8)}"
        self._waker = self._context.socket(zmq.PAIR)
        self._waker.bind(self._wake_address)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="fagure", daemon=True)

    def start(self) -> None:
        """Begins to look for the broker."""
        self._thread.start()

    def execute(self, action: Callable[[], None]) -> None:
        """Has something done on the link's thread."""
        self._actions.put(action)
        with self._lock:
            if not self._is_over:
                self._waker.send(b"")

    def close(self) -> None:
        """Says goodbye and ends the thread; what was sent before still goes out."""
        if self._thread.is_alive():
            self.execute(self._end)
            self._thread.join()

    # On the thread.

    def send(self, record: Record, parts: list[bytes] | None = None) -> None:
        """Sends a record, and hands out its attachments when they are asked for."""
        if parts:
            self._supplies[record.job] = (record.attempt, parts)
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
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._socket.connect(self.endpoint)
        self._forget()
        self._heard_at = self._hello_at = self._sent_at = time.monotonic()

    def _forget(self) -> None:
        self._is_ready = False
        self._supplies.clear()
        self._arrivals.clear()
        self._heard = self._told = 0

    def _run(self) -> None:
        waking = self._context.socket(zmq.PAIR)
        waking.connect(self._wake_address)
        self._open()
        while not self._is_over:
            poller = zmq.Poller()
            for socket in (waking, self._socket, self._monitor):
                poller.register(socket, zmq.POLLIN)
            events = dict(poller.poll(100))
            if waking in events:
                waking.recv()
            while not self._actions.empty():
                self._actions.get()()
            if not self._is_over:
                self._look(events)
        waking.close()
        with self._lock:
            self._waker.close()
        self._context.term()

    def _look(self, events: dict[object, int]) -> None:
        if self._monitor in events:
            if recv_monitor_message(self._monitor)["event"] == zmq.EVENT_DISCONNECTED:
                self._forget()
            else:
                self._say_hello()
        while not self._is_over:
            try:
                frame = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._receive(frame)
        self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._heard_at > self._silence:
            self._close(0)
            self._open()
        elif not self._is_ready:
            if now - self._hello_at > HELLO_RETRY:
                self._say_hello()
        elif now - self._sent_at > self._heartbeat:
            self.send(Record(Command.HEARTBEAT))
        if self._heard - self._told > UNTOLD:
            self.send(Record(Command.HEARD))

    def _say_hello(self) -> None:
        self._hello_at = time.monotonic()
        hello = wire_pb2.Hello(
            name=self.name, role=wire_pb2.ROLE_TRAINER, session=self.session, protocol_minimum=2,
            protocol_maximum=2, software="fagure-python 0.1.0",
        )
        self.send(Record(Command.HELLO, body=hello.SerializeToString()))

    def _end(self) -> None:
        if self._is_ready:
            goodbye = wire_pb2.Goodbye(reason="the trainer is done")
            self.send(Record(Command.GOODBYE, body=goodbye.SerializeToString()))
        self._is_over = True
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
                self._handle(record)
        except Malformed:
            return

    def _handle(self, record: Record) -> None:
        command = record.command
        if command == Command.WELCOME:
            welcome = wire_pb2.Welcome.FromString(record.body)
            self._heartbeat = welcome.heartbeat_milliseconds / 1_000
            self._silence = welcome.silence_milliseconds / 1_000
            is_new = not self._is_ready or self.epoch != record.epoch
            self.epoch, self._is_ready = record.epoch, True
            if is_new:
                self._ready()
        elif command == Command.REFUSED:
            refused = wire_pb2.Failure.FromString(record.body)
            self._refuse(failures.failure(refused.code, refused.message))
        elif command == Command.RESET:
            self._is_ready = False
            self._say_hello()
        elif record.epoch == self.epoch and self._is_ready:
            self._handle_job(record)

    def _handle_job(self, record: Record) -> None:
        if record.command == Command.WANT:
            self._hand_out(record)
        elif record.command == Command.PIECE:
            self._fill(record)
        elif record.attachments:
            parts = [bytearray(one.byte_count) for one in record.attachments]
            self._arrivals[record.job] = Arrival(record, parts, [0] * len(parts))
            for number, part in enumerate(parts):
                self.send(self._about(record, Command.WANT, Extent(number, 0, len(part))))
            self._deliver_if_complete(record.job)
        else:
            frames = [record.inline] if record.inline else []
            self._take(record, frames)

    def _about(self, record: Record, command: Command, extent: Extent) -> Record:
        return Record(command, job=record.job, attempt=record.attempt, body=extent.encode())

    def _hand_out(self, record: Record) -> None:
        extent = Extent.decode(record.body)
        attempt, parts = self._supplies.get(record.job, (0, []))
        if attempt != record.attempt or extent.attachment >= len(parts):
            return self.send(self._about(record, Command.GONE, extent))
        for start in range(extent.start, extent.stop, PIECE):
            piece = Extent(extent.attachment, start, min(start + PIECE, extent.stop))
            reply = self._about(record, Command.PIECE, piece)
            reply.inline = bytes(parts[extent.attachment][piece.start : piece.stop])
            self.send(reply)

    def _fill(self, record: Record) -> None:
        extent = Extent.decode(record.body)
        arrival = self._arrivals.get(record.job)
        if arrival is None or arrival.record.attempt != record.attempt:
            return
        number = extent.attachment
        if number >= len(arrival.parts) or arrival.filled[number] != extent.start:
            return
        if extent.stop > len(arrival.parts[number]) or extent.stop - extent.start != len(record.inline):
            return
        arrival.parts[number][extent.start : extent.stop] = record.inline
        arrival.filled[number] = extent.stop
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
        if record.flags & BODY_IS_ATTACHED:
            record.body, parts = parts[0], parts[1:]
        self._take(record, ([record.inline] if record.inline else []) + parts)

