"""How loud the strokes of the MIDI file are made: what a musician writes, and what it means.

`linear` leaves velocities as they were heard; `soft` and `hard` bend them for kits that answer too loudly or too softly; a number
is an exponent of one's own (above 1 softer, below 1 harder); `40-120` fits the playing into a range; `fixed 100` makes all alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VELOCITY_MAX = 127
_EXPONENTS = {"linear": 1.0, "soft": 1.5, "hard": 0.67}
_EXPONENT_MIN, _EXPONENT_MAX = 0.25, 4.0
_USE = "write it like linear, soft, hard, 1.3, 40-120 or fixed 100"


@dataclass(frozen=True, kw_only=True)
class VelocityCurve:
    """velocity' = lowest + (highest - lowest) * (velocity / 127) ** exponent, rounded, 1..127.

    Equal curves are equal objects with equal text, however they were written.
    """

    exponent: float = 1.0
    lowest: int = 0
    highest: int = VELOCITY_MAX

    @classmethod
    def parse(cls, value: object) -> VelocityCurve:
        """Read a curve; raises ValueError that says how to write one."""
        if isinstance(value, VelocityCurve):
            return value
        text = " ".join(str(value).lower().split())
        if text in _EXPONENTS:
            return cls(exponent=_EXPONENTS[text])
        if match := re.fullmatch(r"fixed (\d{1,3})", text):
            level = _velocity(match[1])
            return cls(lowest=level, highest=level)
        if match := re.fullmatch(r"(\d{1,3}) ?- ?(\d{1,3})", text):
            lowest, highest = _velocity(match[1]), _velocity(match[2])
            if lowest >= highest:
                raise ValueError(f"{value!r}: the lower velocity comes first")
            return cls(lowest=lowest, highest=highest)
        try:
            exponent = float(text)
        except ValueError:
            raise ValueError(f"{value!r} is not a velocity curve: {_USE}") from None
        if not _EXPONENT_MIN <= exponent <= _EXPONENT_MAX:
            raise ValueError(f"the exponent {text} is outside {_EXPONENT_MIN:g} to {_EXPONENT_MAX:g}")
        return cls(exponent=exponent)

    def apply(self, velocity: int) -> int:
        """The velocity, 1..127, that a heard one, 1..127, is written with; never falls where the heard one rises."""
        bent: float = self.lowest + (self.highest - self.lowest) * (velocity / VELOCITY_MAX) ** self.exponent
        return min(max(round(bent), 1), VELOCITY_MAX)

    def __str__(self) -> str:
        if self.lowest == self.highest:
            return f"fixed {self.lowest}"
        if (self.lowest, self.highest) != (0, VELOCITY_MAX):
            return f"{self.lowest}-{self.highest}"
        return next((name for name, exponent in _EXPONENTS.items() if exponent == self.exponent), str(self.exponent))


def _velocity(text: str) -> int:
    velocity = int(text)
    if not 1 <= velocity <= VELOCITY_MAX:
        raise ValueError(f"{velocity} is not a velocity: 1 to {VELOCITY_MAX}")
    return velocity
