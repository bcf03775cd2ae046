"""Arrays as tensors of a message: PROTOCOL.md, section 9."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import job_pb2
from .header import Attachment

Array = np.ndarray[Any, Any]
PACKED = 16 << 10
TYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"), 2: np.dtype("<i4"), 3: np.dtype("<i8"), 4: np.dtype("u1"),
}
CODES = {kind: code for code, kind in TYPES.items()}


def type_code(dtype: np.dtype[Any]) -> int:
    """What a type of elements is on the wire; raises TypeError for one that cannot travel."""
    code = CODES.get(dtype.newbyteorder("<"))
    if code is None:
        raise TypeError(f"a tensor is float32, int32, int64 or uint8, not {dtype}")
    return code


def pack(arrays: list[Array]) -> tuple[list[job_pb2.TensorReference], bytes, list[bytes]]:
    """References, inline bytes and attachments of some arrays; raises TypeError for a type that cannot travel."""
    codes = [type_code(array.dtype) for array in arrays]
    encoded = [
        np.asarray(array, TYPES[code], order="C") for array, code in zip(arrays, codes)
    ]
    small = [array.nbytes <= PACKED for array in encoded]
    inline = bytearray()
    parts: list[bytes] = []
    total = sum(array.nbytes + 63 & ~63 for array, is_small in zip(encoded, small) if is_small)
    is_inline = 0 < total <= PACKED
    references = []
    first = 1 if is_inline else 0
    for array, code, is_small in zip(encoded, codes, small):
        reference = job_pb2.TensorReference(element_type=code, dimensions=array.shape)
        if is_small and is_inline:
            inline += bytes(-len(inline) % 64)
            reference.frame, reference.offset = 0, len(inline)
            inline += array.tobytes()
        else:
            reference.frame = first + len(parts)
            parts.append(array.tobytes())
        references.append(reference)
    return references, bytes(inline), parts


def unpack(reference: job_pb2.TensorReference, frames: list[bytes]) -> Array:
    """The array a reference names; raises ValueError where it lies beyond its frame."""
    kind = TYPES.get(reference.element_type)
    if kind is None or reference.frame >= len(frames) and any(reference.dimensions):
        raise ValueError(f"a tensor of type {reference.element_type} in frame {reference.frame}")
    shape = tuple(int(size) for size in reference.dimensions)
    count = int(np.prod(shape, dtype=np.int64))
    if count == 0:
        return np.zeros(shape, kind)
    return np.frombuffer(frames[reference.frame], kind, count, reference.offset).reshape(shape).copy()


def listed(parts: list[bytes]) -> list[Attachment]:
    """Attachments, as a record lists them."""
    return [Attachment(len(part)) for part in parts]
