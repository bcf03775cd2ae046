"""Arrays as tensors of a message: PROTOCOL.md, section 9."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import job_pb2
from .header import ATTACHMENTS_MAXIMUM

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


def pack(arrays: Sequence[Array]) -> tuple[list[job_pb2.TensorReference], bytes, list[bytes]]:
    """References, inline bytes and attachments of some arrays; raises TypeError for a type that cannot travel."""
    codes = [type_code(array.dtype) for array in arrays]
    contents = [np.asarray(array, TYPES[code], order="C").tobytes() for array, code in zip(arrays, codes)]
    packed, whole = bytearray(), list[bytes]()
    has_packed = any(len(content) <= PACKED for content in contents)
    references = []
    for array, code, content in zip(arrays, codes, contents):
        reference = job_pb2.TensorReference(element_type=code, dimensions=array.shape)
        if len(content) <= PACKED:
            packed += bytes(-len(packed) % 64)
            reference.frame, reference.offset = 0, len(packed)
            packed += content
        else:
            reference.frame = len(whole) + int(has_packed)
            whole.append(content)
        references.append(reference)
    if len(whole) > ATTACHMENTS_MAXIMUM - 2:
        raise ValueError(f"{len(whole)} tensors of more than {PACKED} bytes, at most {ATTACHMENTS_MAXIMUM - 2} travel at once")
    if not packed:
        # Tensors without elements lie nowhere.
        for reference in references:
            reference.frame = max(0, reference.frame - int(has_packed))
    if len(packed) <= PACKED:
        return references, bytes(packed), whole
    return references, b"", [bytes(packed), *whole]


def unpack(reference: job_pb2.TensorReference, frames: Sequence[bytes]) -> Array:
    """The array a reference names; raises ValueError where it is none, or lies beyond its frame."""
    kind = TYPES.get(reference.element_type)
    shape = tuple(int(size) for size in reference.dimensions)
    count = math.prod(shape)
    if kind is None or len(shape) > 8 or math.prod(size for size in shape if size) >= 2**31 or reference.offset % 64:
        raise ValueError(f"a tensor of type {reference.element_type}, {list(shape)} at {reference.offset}")
    if count == 0:
        return np.zeros(shape, kind)
    if reference.frame >= len(frames) or reference.offset + count * kind.itemsize > len(frames[reference.frame]):
        raise ValueError(f"a tensor {list(shape)} beyond frame {reference.frame}")
    return np.frombuffer(frames[reference.frame], kind, count, reference.offset).reshape(shape).copy()
