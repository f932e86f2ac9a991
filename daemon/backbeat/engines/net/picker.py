"""Picks the strokes of the engine `net` from a state, with any sensitivity. Needs neither weights nor ONNX Runtime."""

from __future__ import annotations

from backbeat.engines.net.picking import pick
from backbeat.engines.net.state import NetState
from backbeat.records import Hit, Hits, hits_from_rows
from backbeat.sensitivity import Sensitivity

NAME = "net"


def pick_hits(state: bytes, sensitivity: Sensitivity) -> Hits:
    """The hits of `state` (`NetState.to_bytes`), which they carry along; raises EngineFailed when it is damaged.

    The same state and sensitivity always give the same hits: those that the engine gave when it listened, at 50.
    """
    kept = NetState.from_bytes(state)
    rows = pick(kept.heard, kept.picking.at(sensitivity))
    # Resampling can add a sample at the end: a stroke on it still lies inside the recording.
    inside = [Hit(min(hit.time_s, kept.duration_s), hit.instrument, hit.velocity, hit.confidence) for hit in rows]
    return hits_from_rows(inside, engine=NAME, state=state)
