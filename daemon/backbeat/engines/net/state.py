"""What the network said about a recording, compact: the form from which strokes are picked, at once or months later.

A state is self-contained: with the thresholds and the calibration of the weights that made it, so that it can be picked again
without them. About 20 KB per minute of drums. Its bytes are a line of JSON, then two runs of unsigned bytes compressed by zlib:

    {"format": 1, "frames": n, "first_frame": 0, "density": 0.31, "duration_s": 8.0, "picking": {...}, "sizes": [a, b]}
    a line feed
    a bytes   activations, (14, frames), in steps of 1/4095, what is far from any peak is 0: all high bytes, then all low ones
    b bytes   velocities 0..127, only around what could be a stroke: instrument by instrument, in order of time

Nothing in it can run; a damaged state is told by its numbers not fitting together.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.engines.net.picking import FAINTEST, Activations, PickSettings
from backbeat.engines.net.settings import picking_from_plain, picking_to_plain
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.errors import EngineFailed

FORMAT = 1
STEPS = 4095
"""With steps of 1/255 a development recording lost a stroke whose activation is the threshold, to two digits."""
VELOCITY_STEPS = 127

SURROUNDINGS_FRAMES = 3
"""How far around a possible stroke activations are kept: flams and times are read from them."""
_VELOCITY_FRAMES = 1
_LEVEL = 6  # of compression
_LONGEST_FRAMES = 100 * 86_400  # a day

Bytes = NDArray[np.uint8]
Steps = NDArray[np.uint16]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class NetState:
    """What there is to pick from.

    activations: uint16 (14, frames), steps of 1/4095. velocities: uint8 (14, frames), steps of 1/127. duration_s: of the
    recording. first_frame: where in the recording these frames begin, as in `Activations`.
    """

    activations: Steps
    velocities: Bytes
    density: float
    duration_s: float
    picking: PickSettings
    first_frame: int = 0

    @classmethod
    def of(cls, heard: Activations, *, duration_s: float, picking: PickSettings) -> NetState:
        """Round `heard` to what is kept."""
        steps = _rounded(heard.instruments, STEPS)
        candidates = _possible(steps)
        return cls(
            activations=np.where(_around(candidates, SURROUNDINGS_FRAMES), steps, 0).astype(np.uint16),
            velocities=np.where(_around(candidates, _VELOCITY_FRAMES), _rounded(heard.velocities, VELOCITY_STEPS), 0).astype(
                np.uint8
            ),
            density=float(heard.density),
            duration_s=float(duration_s),
            picking=picking,
            first_frame=heard.first_frame,
        )

    @property
    def heard(self) -> Activations:
        """The activations that strokes are picked from."""
        return Activations(
            instruments=np.divide(self.activations, STEPS, dtype=np.float32).T,
            velocities=np.divide(self.velocities, VELOCITY_STEPS, dtype=np.float32).T,
            density=self.density,
            first_frame=self.first_frame,
        )

    def to_bytes(self) -> bytes:
        """The compact form; `from_bytes` gives an equal state."""
        high, low = np.divmod(self.activations, 256)
        activations = zlib.compress(np.stack([high, low]).astype(np.uint8).tobytes(), _LEVEL)
        velocities = zlib.compress(self.velocities[_velocity_mask(self.activations)].tobytes(), _LEVEL)
        head = {
            "format": FORMAT,
            "frames": self.activations.shape[1],
            "first_frame": self.first_frame,
            "density": self.density,
            "duration_s": self.duration_s,
            "picking": picking_to_plain(self.picking),
            "sizes": [len(activations), len(velocities)],
        }
        return json.dumps(head, separators=(",", ":")).encode() + b"\n" + activations + velocities

    @classmethod
    def from_bytes(cls, state: bytes) -> NetState:
        """Raises EngineFailed when it is damaged or of another version."""
        try:
            return _read(state)
        except (ValueError, KeyError, TypeError, zlib.error) as error:
            raise EngineFailed(
                f"What was heard before cannot be read: {error}.", advice="Transcribe the recording again."
            ) from error


def _read(state: bytes) -> NetState:
    line, _, rest = state.partition(b"\n")
    head = json.loads(line)
    if head["format"] != FORMAT:
        raise ValueError("it is of another version")
    frames, (first, second) = int(head["frames"]), head["sizes"]
    if not 0 <= frames <= _LONGEST_FRAMES or len(rest) != first + second:
        raise ValueError("its parts are not as long as it says")
    high, low = _unpacked(rest[:first], 2 * len(INSTRUMENTS) * frames).reshape(2, len(INSTRUMENTS), frames).astype(np.uint16)
    activations = 256 * high + low
    mask = _velocity_mask(activations)
    velocities = np.zeros(activations.shape, np.uint8)
    velocities[mask] = _unpacked(rest[first:], int(mask.sum()))
    return NetState(
        activations=activations,
        velocities=velocities,
        density=float(head["density"]),
        duration_s=float(head["duration_s"]),
        picking=picking_from_plain(head["picking"]),
        first_frame=int(head.get("first_frame", 0)),  # kept before there were parts
    )


def _unpacked(packed: bytes, length: int) -> Bytes:
    content = zlib.decompressobj().decompress(packed, length + 1)  # not more than is expected, whatever it claims to hold
    if len(content) != length:
        raise ValueError("its parts are not as long as it says")
    return np.frombuffer(content, np.uint8)


def _rounded(shares: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    """(frames, 14) 0..1 as whole steps, (14, frames); what is no number is none."""
    rounded: NDArray[np.float32] = np.round(np.clip(np.nan_to_num(shares, nan=0.0), 0, 1) * steps).T
    return rounded


def _velocity_mask(activations: Steps) -> Mask:
    return _around(_possible(activations), _VELOCITY_FRAMES)


def _possible(steps: NDArray[np.float32] | Steps) -> Mask:
    """Where there could be a stroke at some sensitivity."""
    possible: Mask = steps >= FAINTEST * STEPS
    return possible


def _around(chosen: Mask, frames: int) -> Mask:
    """Also the neighbours in time of what is chosen; (14, frames)."""
    wider = chosen.copy()
    for step in range(1, frames + 1):
        wider[:, step:] |= chosen[:, :-step]
        wider[:, :-step] |= chosen[:, step:]
    return wider
