"""What Backbeat and the plugin process say to one another over the standard streams: a line of JSON, then bytes.

    Backbeat -> process   a task (`tasks`), then for effects: sound ..., end
    process -> Backbeat   sound ..., notice ..., then one of done, failed; the end of the stream without one is a crash

    frame = length of the JSON, length of the bytes (uint32, little endian), JSON, bytes

Sound is float32, little endian, channel after channel; the JSON says how many.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

import numpy as np

from backbeat.records import FloatArray

_LENGTHS = struct.Struct("<II")
_KIND = "kind"
_FLOAT = np.dtype("<f4")


class FrameKind(StrEnum):
    """What a frame is."""

    TASK = "task"
    SOUND = "sound"
    END = "end"
    NOTICE = "notice"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """values: plain JSON. payload: bytes that belong to it."""

    kind: FrameKind
    values: Mapping[str, Any]
    payload: bytes = b""

    def sound(self) -> FloatArray:
        """The sound of a SOUND frame, float32, shape (channels, n)."""
        samples: FloatArray = np.frombuffer(self.payload, dtype=_FLOAT).reshape(int(self.values["channels"]), -1)
        return samples


def sound_frame(samples: FloatArray) -> Frame:
    """A SOUND frame of float32 (channels, n)."""
    payload = np.ascontiguousarray(samples, dtype=_FLOAT).tobytes()
    return Frame(kind=FrameKind.SOUND, values={"channels": len(samples)}, payload=payload)


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write it at once. Raises OSError when nobody reads."""
    header = json.dumps({**frame.values, _KIND: frame.kind}).encode()
    stream.write(_LENGTHS.pack(len(header), len(frame.payload)) + header)
    stream.write(frame.payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next one; None where the stream ends, be it in the middle of one. Raises ValueError for what is no frame."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_bytes, payload_bytes = _LENGTHS.unpack(lengths)
    header, payload = stream.read(header_bytes), stream.read(payload_bytes)
    if len(header) < header_bytes or len(payload) < payload_bytes:
        return None
    values = json.loads(header)
    return Frame(kind=FrameKind(values.pop(_KIND)), values=values, payload=payload)
