"""Hits to Score: every stroke gets its place in a bar, and keeps its time.

In order: ornaments (graces, rolls) leave the other strokes as onsets; the onsets give the swing of the piece, then a division
of each beat, and with it their places; the ornaments go where their strokes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backbeat.pipeline.beat_line import BeatLine, beat_line
from backbeat.pipeline.score.bars import Span, bars_of_spans, beat_length, covering, spans_of_grid
from backbeat.pipeline.score.divisions import BEAT_TICKS, places_of
from backbeat.pipeline.score.feel import feel_of
from backbeat.pipeline.score.marks import marks_of
from backbeat.pipeline.score.notes import Notes, RollPlace
from backbeat.pipeline.score.onsets import onsets_of
from backbeat.pipeline.score.ornaments import Ornaments, ornaments_of
from backbeat.pipeline.score.places import written_places
from backbeat.pipeline.score.rolls import Roll
from backbeat.pipeline.score.ruler import Ruler
from backbeat.pipeline.score.swing import swing_of
from backbeat.records import BeatGrid, Hits, Score, ScoreNote
from backbeat.values import Division, Instrument

_END_TOLERANCE_BEATS = 0.5  # a recording that ends less than this after a bar line opens no further bar


@dataclass(frozen=True, kw_only=True)
class ScoreStyle:
    """grid: the finest division; a stroke whose place its drum has already gets a finer one all the same.

    flam_ms: two strokes on one drum that are closer are a flam; 0: every stroke is a note.
    """

    grid: Division = Division.AUTO
    flam_ms: int = 45


_PLAIN = ScoreStyle()


def hits_to_score(
    hits: Hits,
    grid: BeatGrid,
    *,
    title: str,
    duration_s: float,
    style: ScoreStyle = _PLAIN,
    grid_offset_s: float = 0.0,
) -> Score:
    """Quantise `hits` on `grid`, which was moved by `grid_offset_s` to them (`grid_to_onsets`).

    Every hit is in the Score exactly once, in the same order. No two strokes or rolls of one instrument have the same
    place: where two fall together, the later goes to the next place of a finer division.
    Bars cover every hit and the recording (`duration_s`, seconds), but no bar is opened for its last stroke to ring out in. An
    incomplete first bar stays one, strokes before it lengthen it or get bars of their own. Grid beats are the meter's beats
    (eighths in x/8).
    An empty grid gives 4/4 at `grid.tempo_bpm` (120 when nothing was found); no hits give bars of rests.
    """
    line = beat_line(grid)
    ruler = Ruler(line=line, spans=spans_of_grid(grid))
    ornaments = ornaments_of(hits, ruler, flam_s=style.flam_ms / 1000)
    onsets = onsets_of(hits, ornaments.written, ruler)
    swing = swing_of(onsets)
    placed = written_places(hits, ornaments.written, onsets, places_of(onsets, swing, style.grid))
    rolls = _roll_places(hits, ornaments, placed.ticks, ruler)
    spans = _covering_spans(ruler, duration_s, [*placed.ticks.values(), *(roll.end - 1 for roll in rolls)])
    ruler = replace(ruler, spans=spans)
    rolled = {stroke for roll in rolls for stroke in roll.roll.strokes}
    strokes = [number for number in ornaments.written if number not in rolled]
    maker = Notes(spans, swing, marks_of(hits, strokes))
    rows = list(hits)
    notes: dict[int, ScoreNote] = {}
    for roll in rolls:
        notes |= maker.roll(roll, rows)
    for number in strokes:
        notes[number] = maker.stroke(number, rows[number], placed.ticks[number], swung=number in placed.swung)
    quarter_s = ruler.quarter_s(np.floor(ruler.beats_at(hits.time_s)).astype(np.int64))
    for grace, stroke in ornaments.graces.items():
        notes[grace] = maker.grace(rows[grace], notes[stroke], float(quarter_s[stroke]))
    return Score(
        title=title,
        bars=bars_of_spans(spans, line),
        notes=tuple(notes[number] for number in range(len(hits))),
        tempo_bpm=grid.tempo_bpm * float(beat_length(_main_span(spans).meter)),
        tempo_unreliable=grid.bpm_unreliable or not len(grid.times_s),
        feel=feel_of([notes[number] for number in strokes], ruler, swing=swing, grid_offset_s=grid_offset_s),
    )


def _roll_places(hits: Hits, ornaments: Ornaments, ticks: Mapping[int, int], ruler: Ruler) -> list[RollPlace]:
    """From the place of each roll's first stroke to that of the stroke that ends it, or as long as it lasts."""
    following = _following(hits, ornaments.written)
    places = []
    for roll in ornaments.rolls:
        first = roll.strokes[0]
        start = ticks[first]
        beat = np.array([start // BEAT_TICKS])
        sixteenth = min(BEAT_TICKS * int(ruler.units(beat)[0]) // 16, BEAT_TICKS)
        release = roll.release if roll.release is None else ornaments.graces.get(roll.release, roll.release)
        if release is not None and release in ticks:
            end = ticks[release]
        else:
            end = max(_end_tick(hits, roll, ruler, sixteenth), start + sixteenth)
            if first in following:
                end = min(end, ticks[following[first]])
        places.append(RollPlace(roll=roll, start=start, end=end, quarter_s=float(ruler.quarter_s(beat)[0])))
    return places


def _following(hits: Hits, written: Sequence[int]) -> dict[int, int]:
    """For each written hit the next of the same drum."""
    following: dict[int, int] = {}
    last: dict[Instrument, int] = {}
    for number in written:
        instrument = hits.instruments[number]
        if instrument in last:
            following[last[instrument]] = number
        last[instrument] = number
    return following


def _end_tick(hits: Hits, roll: Roll, ruler: Ruler, step: int) -> int:
    end_s = np.array([hits.time_s[roll.strokes[-1]] + roll.gap_s])
    return round(float(ruler.beats_at(end_s)[0]) * BEAT_TICKS / step) * step


def _covering_spans(ruler: Ruler, duration_s: float, ticks: Sequence[int]) -> list[Span]:
    """The grid's bars, and as many more or less as the recording and the places need.

    A last bar that the recording does not fill and nothing is struck in is left out: there the last stroke rings out.
    """
    first = ruler.spans[0].first
    beats = [tick // BEAT_TICKS for tick in (min(ticks), max(ticks))] if ticks else []
    last_beat = _last_beat(ruler.line, duration_s)
    spans = covering(list(ruler.spans), low=min([first, *beats]), high=max([first, last_beat, *beats]))
    rings_out = bool(beats) and spans[-1].first > max(beats) and last_beat + 1 < spans[-1].end
    return spans[:-1] if rings_out else spans


def _last_beat(line: BeatLine, duration_s: float) -> int:
    last = line.place(duration_s).index if duration_s > 0 else 0
    if duration_s - line.time(last) < _END_TOLERANCE_BEATS * (line.time(last + 1) - line.time(last)):
        last -= 1
    return last


def _main_span(spans: Sequence[Span]) -> Span:
    """The first bar that is not a pickup, which the tempo mark is for."""
    return next((span for span in spans if not span.is_pickup), spans[0])
