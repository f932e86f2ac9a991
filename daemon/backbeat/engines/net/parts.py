"""The strokes of a recording as they become certain, while the network still listens to the rest.

A part ends where nothing sounds for a moment: nothing that is picked before it depends on what comes after it, nor the other
way round. So the strokes of the parts, one after another, are those of the whole recording, to the last bit, at any sensitivity.
"""

from __future__ import annotations

import numpy as np

from backbeat.engines.net.picker import pick_hits
from backbeat.engines.net.picking import FAINTEST, Activations, PickSettings
from backbeat.engines.net.state import STEPS, SURROUNDINGS_FRAMES, NetState
from backbeat.engines.protocols import TellHits
from backbeat.records import FloatArray
from backbeat.sensitivity import Sensitivity

REACH_FRAMES = SURROUNDINGS_FRAMES + 1
"""So far from a possible stroke nothing depends on it: the partner of a flam is at most 30 ms away, and is told from its
neighbours. Everything else that is picked looks less far."""

_POSSIBLE = FAINTEST - 1 / STEPS
"""What a state rounds up to FAINTEST lies above this."""


class Parts:
    """Tells the strokes of what has been heard, each once, in order.

    picking, duration_s: as in `NetState`; duration_s is the whole recording's.
    """

    def __init__(self, tell: TellHits, *, picking: PickSettings, duration_s: float) -> None:
        self._tell = tell
        self._picking = picking
        self._duration_s = duration_s
        self._told_frames = 0

    def heard(self, so_far: Activations, *, is_all: bool) -> None:
        """Tell what has become certain.

        so_far: from the recording's first frame to the last that was heard. is_all: that is the recording's last.
        """
        first, total = self._told_frames, len(so_far.instruments)
        last = total if is_all else first + certain_frames(so_far.instruments[first:])
        if last > first:
            part = Activations(
                instruments=so_far.instruments[first:last],
                velocities=so_far.velocities[first:last],
                density=so_far.density,
                first_frame=first,
            )
            state = NetState.of(part, duration_s=self._duration_s, picking=self._picking)
            self._told_frames = last
            self._tell(pick_hits(state.to_bytes(), Sensitivity()))


def certain_frames(activations: FloatArray) -> int:
    """How many frames make a part, which ends in the middle of the last 80 ms without a stroke; 0 where there are none.

    activations: float32 (frames, instruments), 0..1.
    """
    quiet = 2 * REACH_FRAMES
    strokes_before = np.concatenate([[0], np.cumsum((activations >= _POSSIBLE).any(axis=1))])
    starts = np.flatnonzero(strokes_before[quiet:] == strokes_before[:-quiet])
    return int(starts[-1]) + REACH_FRAMES if len(starts) else 0
