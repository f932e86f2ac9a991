"""A few seconds of drumming as it could have been recorded, with what was played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.training.mixing.mixdown import mix_down
from backbeat.training.playing.part import draw_part
from backbeat.training.playing.performance import Group, play, play_percussion
from backbeat.training.playing.strokes import Stroke
from backbeat.training.sources import Sources
from backbeat.values import ANALYSIS_RATE_HZ

LEAD_IN_S = 1.2
"""Playing before the segment begins, whose ringing is heard in it."""
TAIL_S = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """samples: float32 (n,), mono 44.1 kHz; hits: (time_s from its start, instrument, velocity), sorted by time."""

    samples: FloatArray
    hits: tuple[Stroke, ...]


def render_segment(rng: np.random.Generator, sources: Sources, duration_s: float = 8.0) -> Segment:
    """Draw playing, kit and recording, all from `rng` (and the kit and music kept in `sources`), and render them."""
    whole_s = LEAD_IN_S + duration_s + TAIL_S
    samples = fft.next_fast_len(round(whole_s * ANALYSIS_RATE_HZ), real=True)
    strokes = draw_part(rng, sources.grooves, sources.play, start_s=-LEAD_IN_S, stop_s=duration_s + TAIL_S)
    performance = play(rng, sources.kit(rng), strokes, start_s=-LEAD_IN_S, samples=samples)
    tracks = dict(performance.tracks)
    if rng.random() < sources.play.percussion:
        percussion = play_percussion(rng, sources.bank, samples=samples)
        tracks[Group.PERCUSSION] = percussion * np.float32(10 ** (rng.normal(-14, 6) / 20))
    frequencies, rooms = sources.rooms(rng, samples)
    recording = mix_down(rng, tracks, rooms=rooms, frequencies=frequencies, backing=sources.backing, chances=sources.mix)
    first = round(LEAD_IN_S * ANALYSIS_RATE_HZ)
    return Segment(
        samples=np.ascontiguousarray(recording[first : first + round(duration_s * ANALYSIS_RATE_HZ)], np.float32),
        hits=tuple(stroke for stroke in performance.played if 0 <= stroke.time_s < duration_s),
    )
