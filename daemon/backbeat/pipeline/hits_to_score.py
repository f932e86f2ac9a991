"""Hits to Score: every stroke gets its place in a bar, and keeps its time.

Each beat is divided straight or in triplets, whichever fits the strokes in it better; a finer division has to
fit clearly better, since a drummer would rather read sixteenths played late than sextuplets played in time.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from backbeat.pipeline.beat_line import BeatLine, beat_line
from backbeat.pipeline.score_bars import Span, bars_of_spans, beat_length, covering, spans_of_grid
from backbeat.records import BeatGrid, Hits, Score, ScoreNote
from backbeat.values import Instrument

_END_TOLERANCE_BEATS = 0.5  # a recording that ends less than this after a bar line opens no further bar
_JITTER_BEATS = 0.04  # how far a stroke strays from its place: of a beat, or
_JITTER_S = 0.012  # in seconds, whichever is more
_DIVISIONS: Mapping[int, tuple[tuple[int, float], ...]] = {
    1: ((16, 0.0), (12, 5.0), (24, 12.0), (32, 12.0)),
    2: ((8, 0.0), (6, 3.0), (12, 12.0), (16, 12.0)),
    4: ((4, 0.0), (3, 2.0), (6, 12.0), (8, 12.0)),
    8: ((2, 0.0), (3, 6.0), (4, 8.0)),
    16: ((1, 0.0), (2, 8.0)),
    32: ((1, 0.0),),
}
"""Meter unit -> (parts of a beat, misfit that it has to make good). The first is sixteenths; finer ones are for
strokes that are as close together, not for a single one that is out of time."""

_TOGETHER_MISFIT = 6.0  # of two strokes, one after the other, that get one place
_CLOSE_PARTS = 1.4  # of a division: strokes less than this apart may need it

_FINEST_STRAIGHT, _FINEST_TRIPLET = 32, 48  # parts of a quarter note: 128th notes, straight and in triplets


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A hit by its number in Hits, and its place in its beat, 0 <= fraction < 1."""

    hit: int
    instrument: Instrument
    fraction: float


def hits_to_score(hits: Hits, grid: BeatGrid, *, title: str, duration_s: float) -> Score:
    """Quantise `hits` on `grid`.

    Every hit is in the Score exactly once, in the same order. No two notes of one instrument have the same place:
    where two hits fall together, the later goes to the next place of a finer division.
    Bars cover the grid, every hit and the recording (`duration_s`, seconds); an incomplete first bar stays one,
    strokes before it lengthen it or get bars of their own. Grid beats are the meter's beats (eighths in x/8).
    An empty grid gives 4/4 at `grid.tempo_bpm` (120 when nothing was found); no hits give bars of rests.
    """
    line = beat_line(grid)
    spans = spans_of_grid(grid)
    places = _quantised(hits, line, spans)
    last_beat = line.place(duration_s).index if duration_s > 0 else 0
    if duration_s - line.time(last_beat) < _END_TOLERANCE_BEATS * (line.time(last_beat + 1) - line.time(last_beat)):
        last_beat -= 1
    beats = [math.floor(place) for place in places]
    spans = covering(spans, low=min([spans[0].first, *beats]), high=max([spans[0].first, last_beat, *beats]))
    return Score(
        title=title,
        bars=bars_of_spans(spans, line),
        notes=_notes(hits, places, spans),
        tempo_bpm=grid.tempo_bpm * float(beat_length(_main_span(spans).meter)),
        tempo_unreliable=grid.bpm_unreliable or not len(grid.times_s),
    )


def _quantised(hits: Hits, line: BeatLine, spans: Sequence[Span]) -> list[Fraction]:
    """The place of each hit on the line of beats, in beats: 5 1/4 is a quarter of a beat after beat 5."""
    strokes: dict[int, list[_Stroke]] = defaultdict(list)
    for number, hit in enumerate(hits):
        place = line.place(hit.time_s)
        strokes[place.index].append(_Stroke(number, hit.instrument, place.fraction))
    places = [Fraction(0)] * len(hits)
    last: dict[Instrument, Fraction] = {}
    for beat in sorted(strokes):
        unit = _span_at(spans, beat).meter.unit
        length_s = line.time(beat + 1) - line.time(beat)
        following = [1.0 + stroke.fraction for stroke in strokes.get(beat + 1, [])[:1]]
        division = _division([stroke.fraction for stroke in strokes[beat]], following, unit, length_s)
        for instrument, group in _by_instrument(strokes[beat]).items():
            taken = last.get(instrument, Fraction(-(10**9))) - beat
            fractions = _places([stroke.fraction for stroke in group], taken, division, unit)
            for stroke, fraction in zip(group, fractions, strict=True):
                places[stroke.hit] = beat + fraction
            last[instrument] = beat + fractions[-1]
    return places


def _division(fractions: Sequence[float], following: Sequence[float], unit: int, length_s: float) -> int:
    """Into how many parts the beat is best divided: least misfit, and simple rather than exact."""
    jitter = max(_JITTER_BEATS, _JITTER_S / length_s)
    onsets = _onsets(fractions, jitter)
    pairs = list(pairwise([*onsets, *following]))
    closest = min((after - before for before, after in pairs), default=1.0)

    def cost(parts: int, penalty: float) -> float:
        misfits = ((round(onset * parts) / parts - onset) / jitter for onset in onsets)
        together = sum(round(before * parts) == round(after * parts) for before, after in pairs)
        return penalty + _TOGETHER_MISFIT * together + sum(misfit * misfit for misfit in misfits)

    sixteenths, *others = _DIVISIONS[unit]
    fitting = [row for row in others if row[0] < sixteenths[0] or closest * row[0] < _CLOSE_PARTS]
    return min([sixteenths, *fitting], key=lambda row: cost(*row))[0]


def _onsets(fractions: Sequence[float], jitter: float) -> list[float]:
    """Strokes that are meant to be together, as their mean: two hands late at once are one misfit, not two."""
    groups: list[list[float]] = []
    for fraction in sorted(fractions):
        if groups and fraction - groups[-1][0] < jitter:
            groups[-1].append(fraction)
        else:
            groups.append([fraction])
    return [sum(group) / len(group) for group in groups]


def _by_instrument(strokes: Sequence[_Stroke]) -> dict[Instrument, list[_Stroke]]:
    groups: dict[Instrument, list[_Stroke]] = defaultdict(list)
    for stroke in strokes:
        groups[stroke.instrument].append(stroke)
    return groups


def _places(fractions: Sequence[float], taken: Fraction, division: int, unit: int) -> list[Fraction]:
    """Rising places for the strokes of one instrument in one beat, all later than `taken`.

    On `division` when each gets the place nearest to it, else on the coarsest finer one where none is pushed
    back by more than one place, else on the finest.
    """
    finest = 4 * (_FINEST_TRIPLET if division % 3 == 0 else _FINEST_STRAIGHT) // unit
    parts, push_limit = division, 0.5
    while True:
        at_finest = 2 * parts > finest
        found = _try_places(fractions, taken, parts, math.inf if at_finest else push_limit / parts)
        if found is not None:
            return found
        parts, push_limit = 2 * parts, 1.0


def _try_places(fractions: Sequence[float], taken: Fraction, parts: int, push_limit: float) -> list[Fraction] | None:
    places: list[Fraction] = []
    for fraction in fractions:
        after_taken = math.floor(taken * parts) + 1
        place = Fraction(max(round(fraction * parts), after_taken), parts)
        if float(place) - fraction > push_limit + 1e-9:
            return None
        places.append(place)
        taken = place
    return places


def _notes(hits: Hits, places: Sequence[Fraction], spans: Sequence[Span]) -> tuple[ScoreNote, ...]:
    firsts = [span.first for span in spans]
    notes = []
    for hit, place in zip(hits, places, strict=True):
        bar = bisect_right(firsts, math.floor(place)) - 1
        position = (place - firsts[bar]) * beat_length(spans[bar].meter)
        notes.append(
            ScoreNote(
                bar=bar,
                position=position,
                sounding=position,
                time_s=hit.time_s,
                instrument=hit.instrument,
                velocity=hit.velocity,
                confidence=hit.confidence,
            )
        )
    return tuple(notes)


def _span_at(spans: Sequence[Span], beat: int) -> Span:
    return spans[max(bisect_right(spans, beat, key=lambda span: span.first) - 1, 0)]


def _main_span(spans: Sequence[Span]) -> Span:
    """The first bar that is not a pickup, which the tempo mark is for."""
    return next((span for span in spans if not span.is_pickup), spans[0])
