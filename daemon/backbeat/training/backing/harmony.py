"""Meter, swing, key and chords that the parts of a song without drums share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CLIP_S = 16.0
"""About how long a song is; it ends with a whole bar, so that it can be looped."""

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (5, 3, 0, 4),
    (0, 3, 4, 3),
    (0, 0, 3, 4),
    (1, 4, 0, 0),
    (0, 5, 1, 4),
    (0, 6, 5, 4),
    (0, 6, 3, 0),
    (0, 2, 3, 4),
    (0, 0, 0, 0),
    (0, 0, 3, 3),
    (0, 3, 0, 4),
    (5, 4, 3, 4),
    (3, 4, 2, 5),
)
"""Degrees of the scale, counted from 0, one after the other."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Meter and harmony that all parts share. chords: (scale degree) one per `chord_steps` sixteenths, repeating."""

    bars: int
    bar_steps: int
    beat_steps: int
    step_s: float
    swing: float
    swing_steps: int
    key: int
    scale: tuple[int, ...]
    degrees: tuple[int, ...]
    chord_steps: int
    sevenths: bool

    def time_s(self, step: int) -> float:
        """Of a sixteenth counted from the start: the second half of each pair of `swing_steps` comes late."""
        pair = 2 * self.swing_steps
        whole, within = divmod(step, pair)
        half = within / pair
        late = half * (1 + self.swing) if half <= 0.5 else 1 - (1 - half) * (1 - self.swing)
        return (whole + late) * pair * self.step_s

    def degree(self, step: int) -> int:
        return self.degrees[(step // self.chord_steps) % len(self.degrees)]

    def tone(self, degree: int) -> int:
        """Semitones above the key's C of a degree of the scale; degrees beyond 6 lie in the octaves above."""
        octave, within = divmod(degree, len(self.scale))
        return self.key + 12 * octave + self.scale[within]

    def chord(self, step: int) -> list[int]:
        """Pitches of the chord there, in thirds above its root, as semitones above C."""
        stack = (0, 2, 4, 6) if self.sevenths else (0, 2, 4)
        return [self.tone(self.degree(step) + third) for third in stack]


def draw_frame(rng: np.random.Generator, tempo_bpm: float) -> Frame:
    """Draw what the parts of a song of that tempo have in common."""
    bar_steps, beat_steps = ((16, 4), (12, 4), (12, 6))[int(rng.choice(3, p=(0.84, 0.08, 0.08)))]
    step_s = 15 / tempo_bpm
    swings = beat_steps == 4 and rng.random() < 0.3
    return Frame(
        bars=max(round(CLIP_S / (bar_steps * step_s)), 2) + 1,
        bar_steps=bar_steps,
        beat_steps=beat_steps,
        step_s=step_s,
        swing=float(rng.uniform(0.08, 0.36)) if swings else 0.0,
        swing_steps=2 if rng.random() < 0.6 else 1,
        key=int(rng.integers(12)),
        scale=_MINOR if rng.random() < 0.5 else _MAJOR,
        degrees=_PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))],
        chord_steps=int(rng.choice([bar_steps // 2, bar_steps, bar_steps, 2 * bar_steps])),
        sevenths=rng.random() < 0.4,
    )
