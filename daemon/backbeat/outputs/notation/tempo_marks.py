"""Where a part says how fast it goes: at its head, and where the tempo has clearly changed.

A drummer who drifts by a few percent is not told so in every bar; the tempo map is in the MIDI file.
"""

from __future__ import annotations

from fractions import Fraction
from statistics import median

from backbeat.records import Score
from backbeat.values import Meter

_CHANGE = 0.08
"""Share by which the tempo has to differ to be marked anew: metronomes step by about 4 %, and drift stays below this."""

_LOOK_AHEAD_BARS = 4  # for which a new tempo has to last


def tempo_marks(score: Score) -> dict[int, float]:
    """Tempi in quarter notes per minute by the index of the bar that they begin in; the first bar always has one.

    A score whose tempo is unreliable has no other.
    """
    full = [index for index, bar in enumerate(score.bars) if not bar.is_pickup]
    if score.tempo_unreliable or len(full) < 2 * _LOOK_AHEAD_BARS:
        return {0: score.tempo_bpm}
    tempi = [score.bars[index].tempo_bpm for index in full]
    starts = _sections(tempi)
    if starts == [0]:
        return {0: score.tempo_bpm}
    ends = [*starts[1:], len(tempi)]
    return {full[start] if start else 0: median(tempi[start:end]) for start, end in zip(starts, ends, strict=True)}


def beat_of(meter: Meter) -> Fraction:
    """The note that a tempo mark counts, in quarter notes: dotted in 6/8, 9/8 and 12/8."""
    is_compound = meter.unit == 8 and meter.beats % 3 == 0 and meter.beats > 3
    return Fraction(3, 2) if is_compound else Fraction(1)


def _sections(tempi: list[float]) -> list[int]:
    """Where sections of one tempo begin."""
    starts = [0]
    level = median(tempi[:_LOOK_AHEAD_BARS])
    for index in range(1, len(tempi) - _LOOK_AHEAD_BARS + 1):
        ahead = tempi[index : index + _LOOK_AHEAD_BARS]
        if index - starts[-1] >= _LOOK_AHEAD_BARS and all(_differs(tempo, level) for tempo in ahead):
            starts.append(index)
            level = median(ahead)
    return starts


def _differs(tempo: float, level: float) -> bool:
    return abs(tempo / level - 1) > _CHANGE
