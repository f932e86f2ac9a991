"""What the summary picture shows of a result, read from the result's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

from backbeat.errors import OutputError
from backbeat.outputs.feel_json import feel_from_json
from backbeat.outputs.plain_text import plain_text
from backbeat.values import Instrument, Meter

_SWUNG = {Fraction(1, 2): "swung eighths", Fraction(1, 4): "swung sixteenths"}


class Mark(StrEnum):
    """How a hit is drawn: a disc, a ring or a small triangle."""

    STROKE = "stroke"
    GHOST = "ghost"
    GRACE = "grace"


@dataclass(frozen=True, kw_only=True)
class PictureHit:
    """time_s: seconds from the first sample. velocity: 1..127. confidence: 0..1."""

    time_s: float
    instrument: Instrument
    velocity: int
    confidence: float
    mark: Mark = Mark.STROKE


@dataclass(frozen=True, kw_only=True)
class PictureBar:
    """number: as in the score, 0 is a pickup. time_s: where it begins; may lie before 0. meter: where it is known."""

    number: int
    time_s: float
    meter: Meter | None = None


@dataclass(frozen=True, kw_only=True)
class PictureData:
    """A result as far as it is drawn.

    meter: of the first full bar. tempo_bpm: quarter notes per minute. duration_s: to the end of the recording or the last hit.
    confidence: 0..1. swing: in words, empty where nothing swings. beats_s: seconds, rising. bars, hits: in order of time.
    """

    title: str
    fingerprint: str
    engine: str
    meter: str
    tempo_bpm: float
    tempo_unreliable: bool
    duration_s: float
    confidence: float
    low_confidence: bool
    swing: str
    beats_s: tuple[float, ...]
    bars: tuple[PictureBar, ...]
    hits: tuple[PictureHit, ...]


def picture_data(document: Mapping[str, Any]) -> PictureData:
    """Take the picture's part out of a result, as `read_document` gives it; raises OutputError when something is missing."""
    try:
        hits = tuple(sorted((_hit(row) for row in document["hits"]), key=lambda hit: hit.time_s))
        return PictureData(
            title=plain_text(Path(document["source"]).stem),
            fingerprint=str(document["fingerprint"]),
            engine=str(document["engine"]),
            meter=str(document["meter"]),
            tempo_bpm=float(document["detected_bpm"]),
            tempo_unreliable=bool(document["bpm_unreliable"]),
            duration_s=max([float(document["duration_seconds"]), *(hit.time_s for hit in hits[-1:])]),
            confidence=float(document["confidence_score"]),
            low_confidence=bool(document["low_confidence"]),
            swing=_swing(document.get("feel")),
            beats_s=tuple(float(row["time"]) for row in document["beats"]),
            bars=tuple(_bars(document)),
            hits=hits,
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise OutputError(
            "The result cannot be drawn: something that it should hold is missing or wrong.",
            advice="Transcribe the recording again.",
        ) from error


def _hit(row: Mapping[str, Any]) -> PictureHit:
    return PictureHit(
        time_s=float(row["time"]),
        instrument=Instrument(row["instrument"]),
        velocity=int(row["midi_velocity"]),
        confidence=float(row["confidence"]),
        mark=_mark(row),
    )


def _mark(row: Mapping[str, Any]) -> Mark:
    """Results of before notes had roles have strokes only."""
    if row.get("role") == Mark.GRACE:
        return Mark.GRACE
    return Mark.GHOST if row.get("ghost") else Mark.STROKE


def _bars(document: Mapping[str, Any]) -> Iterator[PictureBar]:
    """The bars of the score; results of before they were listed have those that the beats open, counted from the first 1."""
    if "bars" in document:
        for row in document["bars"]:
            yield PictureBar(number=int(row["bar"]), time_s=float(row["time"]), meter=Meter.parse(row["meter"]))
        return
    number = 0
    for row in document["beats"]:
        if row["beat"] == 1:
            number += 1
            yield PictureBar(number=number, time_s=float(row["time"]))


def _swing(row: Mapping[str, Any] | None) -> str:
    feel = feel_from_json(row)
    return f"{_SWUNG.get(feel.swing_unit, 'swung')} {feel.swing_ratio:.2g} : 1" if feel.is_swung else ""
