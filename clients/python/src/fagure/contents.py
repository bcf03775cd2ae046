"""Bytes with a name, which need not travel twice: PROTOCOL.md, section 7.9."""

from __future__ import annotations

from collections import OrderedDict

from .header import Attachment


class Contents:
    """Keeps the bytes of attachments by owner and name, those used last, up to a number of bytes."""

    def __init__(self, byte_count_maximum: int) -> None:
        self._maximum, self._byte_count = byte_count_maximum, 0
        self._kept: OrderedDict[tuple[bytes, bytes], bytes] = OrderedDict()

    def find(self, owner: bytes, attachment: Attachment) -> bytes | None:
        """What is kept under the name, if it has the length."""
        key = (owner, attachment.name)
        kept = self._kept.get(key)
        if kept is None or len(kept) != attachment.byte_count:
            return None
        self._kept.move_to_end(key)
        return kept

    def keep(self, owner: bytes, attachment: Attachment, content: bytes) -> None:
        """Keeps what has a name."""
        key = (owner, attachment.name)
        if not any(attachment.name) or len(content) > self._maximum or key in self._kept:
            return
        self._kept[key] = content
        self._byte_count += len(content)
        while self._byte_count > self._maximum:
            self._byte_count -= len(self._kept.popitem(last=False)[1])
