"""Key files, as `worker join` and `trainer join` write them: docs/security.md."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

KIND = "fagure key 1"
BYTES_MAXIMUM = 64 << 10


class KeyFault(ValueError):
    """A key file that cannot be used; what it says is never shown."""


@dataclass(frozen=True)
class Keys:
    """Who somebody is to a broker, and who the broker is."""

    name: str
    role: str
    broker: str
    broker_key: bytes
    public: bytes
    secret: bytes = field(repr=False)

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Keys:
        """Reads a key file; raises KeyFault for one that others may read, or that lacks a line."""
        try:
            with Path(path).open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(BYTES_MAXIMUM + 1)
        except OSError as error:
            raise KeyFault(f"{path} cannot be read: {error.strerror}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFault(f"{path} can be read by others: chmod 600 it")
        if len(content) > BYTES_MAXIMUM:
            raise KeyFault(f"{path} has more than {BYTES_MAXIMUM} bytes")
        words = _words(str(path), content)
        missing = [word for word in ("secret", "public", "name", "role", "broker", "broker-key") if word not in words]
        if missing:
            raise KeyFault(f"{path} has no line {missing[0]!r}")
        for word in ("secret", "public", "broker-key"):
            if len(words[word]) != 40:
                raise KeyFault(f"{path}: {word!r} is no key of 40 characters")
        return Keys(
            words["name"], words["role"], words["broker"], words["broker-key"].encode(), words["public"].encode(),
            words["secret"].encode())


def _words(path: str, content: bytes) -> dict[str, str]:
    try:
        lines = [line.strip() for line in content.decode().lstrip("\ufeff").splitlines()]
    except UnicodeDecodeError:
        raise KeyFault(f"{path} is no text in UTF-8") from None
    said = [line for line in lines if line and line != "#" and not line.startswith("# ")]
    if not said or said[0] != KIND:
        raise KeyFault(f"{path} does not begin with {KIND!r}")
    words: dict[str, str] = {}
    for line in said[1:]:
        word, _, value = line.partition(" ")
        if word in words:
            raise KeyFault(f"{path} says {word!r} twice")
        words[word] = value.strip()
    return words
