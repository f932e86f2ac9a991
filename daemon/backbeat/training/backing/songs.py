"""Songs without a drummer, as notes for General MIDI: harmony, meter, swing, and two to six parts that repeat and vary.

What a part is (its programs, register, rhythms, and how it hides or imitates drums) is a row of `roles.ROLES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backbeat.training.backing.harmony import Frame, draw_frame
from backbeat.training.backing.roles import NOISE_PERIODS_S, ROLES, Noise, Rhythm, Role, Voicing

_RELEASED_S = 0.004
_TEMPO_BPM = (55.0, 200.0)


@dataclass(frozen=True, kw_only=True)
class Note:
    """One note: seconds from the song's start, MIDI pitch, velocity 1..127."""

    start_s: float
    duration_s: float
    pitch: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """One instrument. level: MIDI volume 1..127; driven: goes through an amplifier; noise: what its strokes add, at noise_db."""

    program: int
    level: int
    driven: bool
    noise: Noise
    noise_db: float
    notes: tuple[Note, ...]

    @property
    def strokes(self) -> tuple[Note, ...]:
        """The first note of every chord."""
        firsts: list[Note] = []
        for note in sorted(self.notes, key=lambda note: note.start_s):
            if not firsts or note.start_s - firsts[-1].start_s > NOISE_PERIODS_S:
                firsts.append(note)
        return tuple(firsts)


@dataclass(frozen=True, kw_only=True)
class Song:
    """Parts that play from 0 to `stop_s`; what is kept begins at `start_s`, after a bar in which everything has come in."""

    tempo_bpm: float
    start_s: float
    stop_s: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class _Stroke:
    """step: sixteenths from the bar's start; length: sixteenths; accent: 0..1; place: which stroke of the pattern it is."""

    step: int
    length: int
    accent: float
    place: int


def write_song(rng: np.random.Generator) -> Song:
    """Draw one song of a bar and about `harmony.CLIP_S` seconds."""
    tempo_bpm = float(np.clip(np.exp(rng.normal(np.log(115), 0.32)), *_TEMPO_BPM))
    frame = draw_frame(rng, tempo_bpm)
    bar_s = frame.bar_steps * frame.step_s
    return Song(
        tempo_bpm=tempo_bpm,
        start_s=bar_s,
        stop_s=frame.bars * bar_s,
        parts=tuple(_play(rng, frame, role) for role in _draw_roles(rng)),
    )


def _draw_roles(rng: np.random.Generator) -> list[Role]:
    """Two to six; a bass in most bands, and once in a while the same guitar twice."""
    shares = np.array([role.share for role in ROLES])
    basses = np.array([role.voicing is Voicing.BASS for role in ROLES])
    count = int(rng.choice((2, 3, 4, 5, 6), p=(0.15, 0.27, 0.28, 0.2, 0.1)))
    chosen = [ROLES[int(rng.choice(len(ROLES), p=shares * basses / (shares * basses).sum()))]] if rng.random() < 0.75 else []
    others = np.where(basses, 0, shares)
    while len(chosen) < count:
        index = int(rng.choice(len(ROLES), p=others / others.sum()))
        chosen.append(ROLES[index])
        others[index] *= 0.25
    return chosen


def _play(rng: np.random.Generator, frame: Frame, role: Role) -> Part:
    late_s, loose_s = rng.normal(0, 0.006), rng.uniform(0.001, 0.011)
    rhythm = role.rhythms[int(rng.integers(len(role.rhythms)))]
    span = 2 if rng.random() < 0.4 else 1
    pattern = _draw_pattern(rng, frame, rhythm, span * frame.bar_steps)
    hand = _Hand.draw(rng, role)
    notes: list[Note] = []
    for bar in range(0, frame.bars, span):
        strokes = _varied(rng, pattern) if rng.random() < (0.6 if bar % 4 == 3 else 0.2) else pattern
        for stroke in strokes:
            step = bar * frame.bar_steps + stroke.step
            if step >= frame.bars * frame.bar_steps:
                continue
            start_s = max(frame.time_s(step) + late_s + rng.normal(0, loose_s), 0.0)
            length_s = max(stroke.length * frame.step_s * hand.gate * rng.uniform(0.85, 1.05), 0.03)
            velocity = hand.loudness * (0.7 + 0.3 * stroke.accent) + rng.normal(0, 5)
            pitches = hand.pitches(frame, step, stroke.place)
            notes += _sounded(rng, hand, pitches, step=step, start_s=start_s, length_s=length_s, velocity=velocity)
        if role.ghosts and hand.ghosts:
            first = bar * frame.bar_steps
            steps = range(first, min(bar + span, frame.bars) * frame.bar_steps)
            notes += _ghosts(rng, frame, hand, steps=steps, played={first + stroke.step for stroke in strokes})
    if not notes:  # every stroke fell away: a part is heard all the same
        notes = [Note(start_s=0, duration_s=frame.bar_steps * frame.step_s, pitch=hand.centre, velocity=80)]
    return Part(
        program=role.programs[int(rng.integers(len(role.programs)))],
        level=int(np.clip(100 * 10 ** (rng.normal(0, 5) / 40), 20, 127)),  # General MIDI: 40 log10 of the volume
        driven=rng.random() < role.driven,
        noise=role.noise if rng.random() < 0.75 else Noise.NONE,
        noise_db=float(rng.uniform(-22, 0)),
        notes=_released(notes),
    )


def _released(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes in order of time, each let go before its pitch comes again."""
    ordered = sorted(notes, key=lambda note: (note.start_s, note.pitch))
    next_s: dict[int, float] = {}
    released = []
    for note in reversed(ordered):
        room_s = next_s.get(note.pitch, np.inf) - note.start_s
        next_s[note.pitch] = note.start_s
        if room_s > 2 * _RELEASED_S:
            released.append(replace(note, duration_s=min(note.duration_s, room_s - _RELEASED_S)))
    return tuple(reversed(released))


@dataclass(frozen=True, kw_only=True)
class _Hand:
    """How one part is played throughout: its register, touch, and the figures that it repeats."""

    voicing: Voicing
    centre: int
    loudness: float
    gate: float
    spread_s: float
    voices: int
    ghosts: float
    figure: tuple[int, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, role: Role) -> _Hand:
        walk = np.cumsum(rng.choice((-3, -2, -1, -1, 0, 0, 1, 1, 2, 3), 16))
        figures = {
            Voicing.BASS: tuple(int(tone) for tone in rng.choice((0, 0, 0, 0, 4, 7, 7, 2, 6), 16)),
            Voicing.POWER: tuple(int(tone) for tone in rng.choice((0, 0, 0, 0, 0, 1, 2, -1), 16)),
        }
        return cls(
            voicing=role.voicing,
            centre=int(rng.integers(role.low, role.high + 1)),
            loudness=float(rng.uniform(75, 122)),
            gate=float(rng.uniform(*role.gate)),
            spread_s=float(rng.uniform(0.004, 0.022)),
            voices=int(rng.integers(3, 7)),
            ghosts=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.5 else 0.0,
            figure=figures.get(role.voicing, tuple(int(np.clip(tone, -6, 9)) for tone in walk)),
        )

    def pitches(self, frame: Frame, step: int, place: int) -> list[int]:
        """What sounds at the place-th stroke of the pattern, low to high, 24..103."""
        figure = self.figure[place % len(self.figure)]
        degree = frame.degree(step)
        match self.voicing:
            case Voicing.BASS:
                found = [_near(frame.tone(degree), self.centre) + frame.tone(degree + figure) - frame.tone(degree)]
            case Voicing.POWER:
                root = _near(frame.tone(degree + figure), self.centre)
                found = [root, root + 7, root + 12]
            case Voicing.LINE:
                above = figure // 2 * 2 if step % frame.beat_steps == 0 else figure  # tones of the chord on the beats
                found = [_near(frame.tone(degree), self.centre) + frame.tone(degree + above) - frame.tone(degree)]
            case Voicing.ARPEGGIO:
                chord = _voiced(frame.chord(step), self.centre, max(self.voices, 4))
                found = [chord[figure % len(chord)]]
            case Voicing.CHORD | Voicing.STRUM:
                found = _voiced(frame.chord(step), self.centre, self.voices)
        return [_inside(pitch) for pitch in found]


def _near(tone: int, centre: int) -> int:
    """That tone in the octave around `centre`."""
    return centre - 6 + (tone - centre + 6) % 12


def _inside(pitch: int) -> int:
    while pitch > 103:
        pitch -= 12
    while pitch < 24:
        pitch += 12
    return pitch


def _voiced(chord: Sequence[int], centre: int, voices: int) -> list[int]:
    """`voices` tones of the chord from about `centre` upwards."""
    above = sorted(_near(tone, centre + 6) for tone in chord)
    return [above[index % len(above)] + 12 * (index // len(above)) for index in range(voices)]


def _sounded(
    rng: np.random.Generator, hand: _Hand, pitches: list[int], *, step: int, start_s: float, length_s: float, velocity: float
) -> list[Note]:
    """The notes of one stroke: a strum goes down on the eighths and up between them, a little softer and with fewer strings."""
    up = hand.voicing is Voicing.STRUM and step % 2 == 1
    if up:
        pitches = pitches[::-1][: max(len(pitches) - int(rng.integers(0, 3)), 2)]
        velocity *= 0.85
    spread_s = hand.spread_s if hand.voicing is Voicing.STRUM else 0.003
    return [
        Note(
            start_s=start_s + order * spread_s,
            duration_s=length_s,
            pitch=pitch,
            velocity=int(np.clip(velocity + rng.normal(0, 4), 15, 127)),
        )
        for order, pitch in enumerate(pitches)
    ]


def _ghosts(rng: np.random.Generator, frame: Frame, hand: _Hand, *, steps: range, played: set[int]) -> list[Note]:
    """Damped strokes on the sixteenths between: hardly a pitch, which is what makes them sound like a hat."""
    notes: list[Note] = []
    for step in steps:
        if step in played or rng.random() >= hand.ghosts:
            continue
        start_s = frame.time_s(step) + abs(rng.normal(0, 0.006))
        velocity = hand.loudness * rng.uniform(0.35, 0.7)
        notes += _sounded(rng, hand, hand.pitches(frame, step, 0), step=step, start_s=start_s, length_s=0.02, velocity=velocity)
    return notes


def _draw_pattern(rng: np.random.Generator, frame: Frame, rhythm: Rhythm, steps: int) -> list[_Stroke]:
    beat = frame.beat_steps
    starts = _starts(rng, frame, rhythm, steps)
    if rhythm in {Rhythm.EIGHTHS, Rhythm.SIXTEENTHS} and rng.random() < 0.4:
        left_out = rng.uniform(0.05, 0.4)
        starts = [step for step in starts if rng.random() > left_out] or [0]
    stops = [*starts[1:], steps + starts[0]]
    accents = rng.random(steps)
    return [
        _Stroke(step=start, length=stop - start, accent=1.0 if start % beat == 0 else float(accents[start]), place=place)
        for place, (start, stop) in enumerate(zip(starts, stops, strict=True))
    ]


def _starts(rng: np.random.Generator, frame: Frame, rhythm: Rhythm, steps: int) -> list[int]:
    """The sixteenths, of `steps`, on which the strokes of a rhythm come; at least one."""
    beat = frame.beat_steps
    if rhythm is Rhythm.GALLOP:
        return [step for step in range(steps) if step % 4 != 1]
    if rhythm is Rhythm.RIFF:
        chances = [0.9 if step == 0 else 0.62 if step % beat == 0 else 0.5 if step % 2 == 0 else 0.24 for step in range(steps)]
        return [step for step in range(steps) if rng.random() < chances[step] * rng.uniform(0.7, 1.1)] or [0]
    if rhythm is Rhythm.SPARSE:
        return sorted({int(rng.integers(steps // 2)) * 2 for _ in range(int(rng.integers(1, 4)))})
    first, every = {
        Rhythm.HELD: (0, min(frame.chord_steps, frame.bar_steps)),
        Rhythm.BEATS: (0, beat),
        Rhythm.EIGHTHS: (0, 2),
        Rhythm.SIXTEENTHS: (0, 1),
        Rhythm.OFFBEATS: (beat // 2, beat),
        Rhythm.BACKBEATS: (beat, 2 * beat),
    }[rhythm]
    return list(range(first, steps, every))


def _varied(rng: np.random.Generator, pattern: Sequence[_Stroke]) -> list[_Stroke]:
    """A stroke or two left out or changed for another of the figure."""
    kept = [stroke for stroke in pattern if rng.random() > 0.15] or list(pattern)
    return [
        _Stroke(step=stroke.step, length=stroke.length, accent=stroke.accent, place=int(rng.integers(16)))
        if rng.random() < 0.15
        else stroke
        for stroke in kept
    ]
