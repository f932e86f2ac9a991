"""The result of a job as JSON; `result.schema.json` beside this file describes every field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import backbeat
from backbeat.errors import OutputError
from backbeat.outputs.feel_json import feel_to_json
from backbeat.outputs.read_result import SCHEMA_VERSION, VELOCITY_MAX, Result, read_result
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, Bar, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument, OutputKind

__all__ = ["Result", "read_result", "result_to_json"]

_FILES = tuple(kind for kind in OutputKind if kind is not OutputKind.JSON)
_TIME_DIGITS = 6  # of seconds
_SHARE_DIGITS = 4  # of what lies between 0 and 1


def result_to_json(
    analysis: Analysis,
    score: Score,
    *,
    request: Request,
    outputs: Mapping[OutputKind, Path],
    midi_bpm: float,
    warnings: Sequence[str],
    timings_s: Mapping[str, float],
    low_confidence_threshold: float,
) -> bytes:
    """All that is known about a recording's drums, UTF-8, in a fixed order.

    midi_bpm: tempo of the constant-tempo MIDI file, in quarter notes per minute. warnings: all of them, in order; one
    that is said twice is kept once. timings_s: seconds by stage. Results whose confidence is below
    `low_confidence_threshold` (0..1) are marked. Raises OutputError when an engine gave a number that is not finite.
    """
    confidence = analysis.hits.confidence_score
    document = {
        "schema_version": SCHEMA_VERSION,
        "backbeat_version": backbeat.__version__,
        "source": str(request.path),
        "fingerprint": request.fingerprint,
        "identity": request.identity,
        "settings": json.loads(request.settings.to_json()),
        "engine": analysis.hits.engine,
        "separation": {
            "origin": analysis.separation.origin,
            "reason": analysis.separation.reason,
            "separator": analysis.separation.separator,
            "quality": _share(analysis.separation.quality),
        },
        **_tempo(analysis, request, midi_bpm),
        "meter": str(next((bar.meter for bar in score.bars if not _missing(bar)), FOUR_FOUR)),
        "duration_seconds": round(analysis.duration_s, _TIME_DIGITS),
        "confidence_score": _share(confidence),
        "low_confidence": confidence < low_confidence_threshold,
        "hit_summary": _summary(analysis),
        "feel": feel_to_json(score.feel),
        "outputs": {kind.value: str(outputs[kind]) if kind in outputs else None for kind in _FILES},
        "timings": {stage: round(seconds, 3) for stage, seconds in timings_s.items()},
        "warnings": list(dict.fromkeys(warnings)),
    }
    rows = {"bars": _bars(score), "beats": _beats(analysis), "hits": [_hit(note, score.bars[note.bar]) for note in score.notes]}
    try:
        text = _text(document, rows)
    except ValueError as error:
        raise OutputError("The result holds a number that is not finite, so it was not written.") from error
    return text.encode("utf-8", "backslashreplace")  # a file name that is not UTF-8 stays readable as \udcXX


def _text(document: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Fields indented, and each row of the tables on one line: a long file stays small and can be read."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).removesuffix("\n}")
    for name, table in tables.items():
        rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False, allow_nan=False) for row in table)
        text += f',\n "{name}": [\n{rows}\n ]' if rows else f',\n "{name}": []'
    return text + "\n}\n"


def _tempo(analysis: Analysis, request: Request, midi_bpm: float) -> dict[str, Any]:
    told = request.settings.host_bpm
    return {
        "detected_bpm": round(analysis.grid.quarter_bpm, 3),
        "bpm_unreliable": analysis.grid.bpm_unreliable,
        "beat_engine": analysis.grid.engine,
        "beat_confidence": _share(analysis.grid.confidence),
        "midi_bpm": round(midi_bpm, 3),
        "host_bpm": told if told is not None else analysis.host_bpm,
        "host_bpm_source": "settings" if told is not None else analysis.host_bpm_source,
    }


def _summary(analysis: Analysis) -> dict[str, int]:
    counts = Counter(analysis.hits.instruments)
    return {instrument.value: counts[instrument] for instrument in Instrument if counts[instrument]}


def _beats(analysis: Analysis) -> list[dict[str, Any]]:
    rows = zip(analysis.grid.times_s.tolist(), analysis.grid.numbers.tolist(), strict=True)
    return [{"time": round(time_s, _TIME_DIGITS), "beat": number} for time_s, number in rows]


def _bars(score: Score) -> list[dict[str, Any]]:
    return [
        {"bar": bar.number, "time": round(bar.start_s, _TIME_DIGITS), "meter": str(bar.meter), "bpm": round(bar.tempo_bpm, 3)}
        for bar in score.bars
    ]


def _hit(note: ScoreNote, bar: Bar) -> dict[str, Any]:
    beat = 1 + (note.position + _missing(bar)) * Fraction(bar.meter.unit, 4)
    return {
        "time": round(note.time_s, _TIME_DIGITS),
        "instrument": note.instrument.value,
        "velocity": round(note.velocity / VELOCITY_MAX, _SHARE_DIGITS),
        "midi_velocity": note.velocity,
        "confidence": _share(note.confidence),
        "bar": bar.number,
        "beat": round(float(beat), _SHARE_DIGITS),
        "role": note.role.value,
        "ghost": note.is_ghost,
    }


def _missing(bar: Bar) -> Fraction:
    """Quarter notes that a pickup lacks at its front."""
    return Fraction(4 * bar.meter.beats, bar.meter.unit) - bar.length


def _share(value: float | None) -> float | None:
    return None if value is None else round(float(value), _SHARE_DIGITS)
