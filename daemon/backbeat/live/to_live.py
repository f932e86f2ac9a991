"""A result into a clip of the set that is open in Live."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.live.ableton_osc import ANSWER_S, AbletonOsc, LiveAddress
from backbeat.live.hits_to_clip import hits_to_clip
from backbeat.live.live_set import OWN_MARK, LiveSet, find_slot, find_track, look_at_set
from backbeat.live.write_clip import fire, write_clip
from backbeat.monitor import Monitor
from backbeat.outputs.read_result import Result, read_document, result_of
from backbeat.settings import Settings
from backbeat.values import Instrument
from backbeat.velocity_curve import VelocityCurve

SAME_TEMPO = 0.005
"""Tempos that differ by less than this share are the same: a tempo that was heard is no exact number."""


@dataclass(frozen=True, kw_only=True)
class LiveTarget:
    """Where in the set.

    track: number from 1, or name; empty: our own track. slot: number from 1; 0: where this recording's clip is, or the first
    free one. fire: play it at once. replace: a clip in `slot` that is not ours may be written over.
    """

    track: str = ""
    slot: int = 0
    fire: bool = False
    replace: bool = False


@dataclass(frozen=True, kw_only=True)
class InLive:
    """Where the clip is, counted from 1 as on Live's screen, and what should be known about it (sentences)."""

    track: int
    track_name: str
    slot: int
    clip_name: str
    note_count: int
    tempo_bpm: float
    remarks: tuple[str, ...]


def to_live(
    json_path: Path,
    *,
    notes: Mapping[Instrument, int],
    target: LiveTarget,
    address: LiveAddress,
    monitor: Monitor,
    answer_s: float = ANSWER_S,
) -> InLive:
    """Write the hits of a result file into a clip.

    notes: the pad of every instrument. Raises OutputError for the file, LiveError for Live, Cancelled by the monitor.
    """
    document = read_document(json_path)
    result, curve = result_of(document, json_path), _velocity_curve(document)
    name = OWN_MARK + result.source.stem
    with AbletonOsc(address, monitor, answer_s=answer_s) as live:
        live.probe()
        live_set = look_at_set(live)
        track = find_track(live, live_set, target.track)
        place = find_slot(live, live_set, track, wanted=target.slot, clip_name=name, replace=target.replace)
        clip = hits_to_clip(
            result.hits,
            notes=notes,
            velocity_curve=curve,
            tempo_bpm=live_set.tempo_bpm,
            meter=live_set.meter,
            duration_s=result.duration_s,
        )
        write_clip(live, place, clip, name=name)
        if target.fire:
            fire(live, place)
        live.tell("/live/api/show_message", f"{name}: {len(clip.notes)} notes, track {place.track + 1}, slot {place.slot + 1}")
    return InLive(
        track=place.track + 1,
        track_name=place.track_name,
        slot=place.slot + 1,
        clip_name=name,
        note_count=len(clip.notes),
        tempo_bpm=live_set.tempo_bpm,
        remarks=_remarks(result, live_set),
    )


def _velocity_curve(document: Mapping[str, Any]) -> VelocityCurve:
    """The one that the job was given; the results of older versions name none."""
    settings = document.get("settings")
    return Settings.from_json(json.dumps(settings)).velocity_curve if isinstance(settings, Mapping) else VelocityCurve()


def _remarks(result: Result, live_set: LiveSet) -> tuple[str, ...]:
    heard, tempo = result.detected_bpm, live_set.tempo_bpm
    if abs(heard - tempo) <= SAME_TEMPO * tempo:
        return ()
    doubt = " (which is unsure)" if result.bpm_unreliable else ""
    return (
        f"The set runs at {tempo:g} BPM, the recording at {heard:.1f}{doubt}: the notes lie on the audio where it is not warped, "
        "not on Live's grid.",
    )
