"""What the stages hand to one another: Audio -> DrumStem -> BeatGrid -> Hits -> Score.

All records are frozen. Arrays inside them are read-only by agreement: a stage makes new ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbeat.values import Instrument, Meter, StemOrigin

FloatArray = NDArray[np.float32]
TimeArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Audio:
    """A decoded recording.

    samples: float32, shape (channels, n), channels 1 or 2, finite, nominally -1..1 (not clipped).
    fingerprint: SHA-256 of the file's bytes, in hexadecimal.
    host_bpm: tempo that the file itself states (metadata or name), with `host_bpm_source` saying where.
    """

    samples: FloatArray
    sample_rate_hz: int
    path: Path
    fingerprint: str
    host_bpm: float | None = None
    host_bpm_source: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return float(self.samples.shape[1] / self.sample_rate_hz)

    def mono(self) -> FloatArray:
        """The mean of the channels, float32, shape (n,)."""
        mono: FloatArray = self.samples[0] if len(self.samples) == 1 else self.samples.mean(axis=0, dtype=np.float32)
        return mono


@dataclass(frozen=True, kw_only=True)
class DrumStem:
    """The drum signal, mono.

    samples: float32, shape (n,), finite.
    reason: one sentence on how it was obtained, for the result file.
    separator: the separation model's name, or None.
    quality: share of the mix's energy that the separated stem holds, 0..1, or None where nothing was separated.
    """

    samples: FloatArray
    sample_rate_hz: int
    origin: StemOrigin
    reason: str
    separator: str | None = None
    quality: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, kw_only=True)
class BeatGrid:
    """Beats with their place in the bar. May be empty (`times_s` of length 0) when nothing was found.

    times_s: float64, shape (n,), seconds, strictly rising.
    numbers: int64, shape (n,), 1 is a downbeat; the first bar may be incomplete (start above 1).
    meters: one per bar; bars are opened by each 1, and by the first beat where that is not a 1.
    tempo_bpm: one tempo for the whole piece, in beats (of the meter: eighths in 6/8) per minute.
    confidence: 0..1.
    bpm_unreliable: the tempo is a fallback or its confidence is below 0.5.
    """

    times_s: TimeArray
    numbers: IntArray
    meters: tuple[Meter, ...]
    tempo_bpm: float
    confidence: float
    bpm_unreliable: bool
    engine: str
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.times_s) != len(self.numbers):
            raise ValueError("times_s and numbers differ in length")
        if len(self.meters) != len(self.bar_starts):
            raise ValueError(f"{len(self.meters)} meters for {len(self.bar_starts)} bars")

    @property
    def quarter_bpm(self) -> float:
        """The tempo as a DAW counts it: quarter notes per minute, whatever the meter."""
        return self.tempo_bpm * 4 / (self.meters[0].unit if self.meters else 4)

    @property
    def bar_starts(self) -> IntArray:
        """Indices into `times_s` of the first beat of each bar, int64, rising."""
        starts = self.numbers == 1
        if len(starts):
            starts[0] = True
        return np.flatnonzero(starts).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Every stroke that was heard, sorted by time (then by instrument's order in `Instrument`). May be empty.

    time_s: float64, shape (n,), seconds from the first sample of the file, >= 0.
    instruments: one per hit.
    velocity: int64, shape (n,), 1..127.
    confidence: float64, shape (n,), 0..1, the engine's own.
    state: what the engine heard before it chose these hits, in a form of its own from which they can be picked again
        (`engines.protocols.Picker`); empty where it keeps none.
    """

    time_s: TimeArray
    instruments: tuple[Instrument, ...]
    velocity: IntArray
    confidence: TimeArray
    engine: str
    warnings: tuple[str, ...] = ()
    state: bytes = b""

    def __len__(self) -> int:
        return len(self.instruments)

    def __post_init__(self) -> None:
        if not len(self.time_s) == len(self.instruments) == len(self.velocity) == len(self.confidence):
            raise ValueError("the columns of Hits differ in length")

    def __iter__(self) -> Iterator[Hit]:
        rows = zip(self.time_s, self.instruments, self.velocity, self.confidence, strict=True)
        return (Hit(float(t), i, int(v), float(c)) for t, i, v, c in rows)

    @property
    def confidence_score(self) -> float:
        """Mean over the onsets (hits at one time) of their highest confidence, 0..1; 0 when empty. Seed, 2f."""
        if not len(self):
            return 0.0
        _, onset = np.unique(self.time_s, return_inverse=True)
        highest = np.zeros(onset.max() + 1)
        np.maximum.at(highest, onset, self.confidence)
        return float(highest.mean())


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of `Hits`."""

    time_s: float
    instrument: Instrument
    velocity: int
    confidence: float


def hits_from_rows(rows: list[Hit], *, engine: str, warnings: tuple[str, ...] = (), state: bytes = b"") -> Hits:
    """Sort rows by time and instrument and put them into columns; an empty list gives empty columns."""
    order = {instrument: n for n, instrument in enumerate(Instrument)}
    rows = sorted(rows, key=lambda hit: (hit.time_s, order[hit.instrument]))
    return Hits(
        time_s=np.array([hit.time_s for hit in rows], dtype=np.float64),
        instruments=tuple(hit.instrument for hit in rows),
        velocity=np.array([hit.velocity for hit in rows], dtype=np.int64),
        confidence=np.array([hit.confidence for hit in rows], dtype=np.float64),
        engine=engine,
        warnings=warnings,
        state=state,
    )


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of the score: where it starts in the recording and how fast it goes.

    start_s, end_s: seconds; may lie before 0 or after the end of the recording by part of a bar.
    length: in quarter notes, equal to the meter's unless it is a pickup.
    """

    number: int
    meter: Meter
    start_s: float
    end_s: float
    length: Fraction

    @property
    def is_pickup(self) -> bool:
        """It is shorter than its meter."""
        return self.length != self.meter.quarters

    @property
    def tempo_bpm(self) -> float:
        """Quarter notes per minute."""
        return 60.0 * float(self.length) / (self.end_s - self.start_s)


class Role(StrEnum):
    """How a hit is written down."""

    STROKE = "stroke"
    """A note of its own."""
    GRACE = "grace"
    """A small note before the stroke of the same drum at its position: one makes a flam, two a drag."""
    ROLL = "roll"
    """The first stroke of a roll: one note with tremolo bars, `roll_length` long."""
    ROLLED = "rolled"
    """A further stroke of a roll: it sounds, and is written within the note of the roll's first."""


@dataclass(frozen=True, kw_only=True)
class ScoreNote:
    """One hit on the grid.

    bar: index into `Score.bars`.
    position: where it is written, in quarter notes from the start of the bar, 0 <= position < the bar's length; a grace note
        has that of its stroke, a rolled one its own.
    sounding: where it sounds when it is wholly quantised: `position`, with the swing that is written in words, and for grace
        notes a little before (below 0 where the stroke is on the bar line).
    time_s: the unquantised time, as in `Hits`.
    roll_length: quarter notes that a roll lasts as written; 0 for all but Role.ROLL.
    tremolo: bars through the stem of a roll's note, 1..4; 0 for all but Role.ROLL.
    is_ghost, is_accent: to be written as such; never both.
    """

    bar: int
    position: Fraction
    time_s: float
    instrument: Instrument
    velocity: int
    confidence: float
    sounding: Fraction
    role: Role = Role.STROKE
    roll_length: Fraction = Fraction(0)
    tremolo: int = 0
    is_ghost: bool = False
    is_accent: bool = False


@dataclass(frozen=True, kw_only=True)
class Feel:
    """How the playing lies on the grid.

    swing_ratio: length of the first to that of the second note of a swung pair: 1 is straight, 2 is triplets.
    swing_unit: the notes that swing, in quarter notes: 1/2 are eighths, 1/4 sixteenths; 0 when nothing swings.
    grid_offset_s: by how much the whole grid was moved to the onsets, seconds, positive is later.
    push_s: by instrument, median of played minus written time, seconds; negative is ahead of the beat.
    spread_s: median absolute distance of strokes from their places, seconds.
    """

    swing_ratio: float = 1.0
    swing_unit: Fraction = Fraction(0)
    grid_offset_s: float = 0.0
    push_s: Mapping[Instrument, float] = field(default_factory=dict)
    spread_s: float = 0.0

    @property
    def is_swung(self) -> bool:
        return self.swing_unit > 0


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hits on a quantised grid: every hit of `Hits` exactly once, in the same order.

    tempo_bpm: quarter notes per minute for the tempo mark at the head.
    """

    title: str
    bars: tuple[Bar, ...]
    notes: tuple[ScoreNote, ...]
    tempo_bpm: float
    tempo_unreliable: bool
    feel: Feel = field(default_factory=Feel)


@dataclass(frozen=True, kw_only=True)
class SeparationReport:
    """How the drum signal was obtained, without the signal."""

    origin: StemOrigin
    reason: str
    separator: str | None
    quality: float | None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """All that was heard in a recording: what the outputs are made from, and what the cache keeps."""

    fingerprint: str
    duration_s: float
    host_bpm: float | None
    host_bpm_source: str | None
    separation: SeparationReport
    grid: BeatGrid
    hits: Hits
    warnings: tuple[str, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)
