"""SMPTE time code as MIDI carries it (MIDI Time Code, MMA RP-004/008): hours, minutes, seconds and frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class FrameRate:
    """How time code counts frames.

    nominal: numbers in a second. per_s: frames that there really are. drop: of each minute, but not of each tenth, the first
    two numbers are left out, so that the time code keeps up with the clock on the wall.
    """

    nominal: int
    per_s: Fraction
    drop: bool = False


FRAME_RATES = (
    FrameRate(nominal=24, per_s=Fraction(24)),
    FrameRate(nominal=25, per_s=Fraction(25)),
    FrameRate(nominal=30, per_s=Fraction(30000, 1001), drop=True),
    FrameRate(nominal=30, per_s=Fraction(30)),
)
"""By the two bits that stand for them in a message."""


@dataclass(frozen=True, kw_only=True)
class Timecode:
    """frame: whole frames since 00:00:00:00. label: the last of the four numbers that a person reads."""

    frame: int
    label: int
    rate: FrameRate


def timecode(hours_and_rate: int, minutes: int, seconds: int, frames: int) -> Timecode | None:
    """From the four bytes of a message, the first of which is 0rrhhhhh; None when there is no such time."""
    rate, hours = FRAME_RATES[hours_and_rate >> 5 & 3], hours_and_rate & 0x1F
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= rate.nominal:
        return None
    minute = 60 * hours + minutes
    frame = (60 * minute + seconds) * rate.nominal + frames
    if rate.drop:
        frame -= 2 * (minute - minute // 10)
    return Timecode(frame=frame, label=frames, rate=rate)
