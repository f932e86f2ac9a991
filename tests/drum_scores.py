"""Scores written by hand, for what is made of them: notes, bars, and one page that has every sign of drum notation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backbeat.records import Bar, Feel, Role, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument, Meter

KICK, SNARE, HAT, OPEN_HAT, PEDAL = (
    Instrument.KICK,
    Instrument.SNARE,
    Instrument.HIHAT_CLOSED,
    Instrument.HIHAT_OPEN,
    Instrument.HIHAT_PEDAL,
)
CRASH, LOW_TOM, HIGH_TOM = Instrument.CRASH, Instrument.TOM_LOW, Instrument.TOM_HIGH
GRACE_QUARTERS = Fraction(1, 16)


def make_bars(*meters: Meter, tempi: Sequence[float] = (120.0,), pickup: Fraction | None = None) -> tuple[Bar, ...]:
    """Bars one after the other; `tempi` (quarter notes per minute) repeat. A pickup has number 0."""
    bars: list[Bar] = []
    for index, meter in enumerate(meters):
        length = pickup if pickup is not None and index == 0 else meter.quarters
        start_s = bars[-1].end_s if bars else 0.0
        end_s = start_s + float(length) * 60 / tempi[index % len(tempi)]
        number = index if pickup is not None else index + 1
        bars.append(Bar(number=number, meter=meter, start_s=start_s, end_s=end_s, length=length))
    return tuple(bars)


def note(  # one for each field that tests set
    bar: int,
    position: str,
    instrument: Instrument,
    velocity: int = 90,
    *,
    role: Role = Role.STROKE,
    before: int = 0,
    roll: str = "0",
    tremolo: int = 0,
    ghost: bool = False,
    accent: bool = False,
) -> ScoreNote:
    """`position` in quarter notes, such as 3/2. before: how many grace notes before its stroke a grace note is."""
    at = Fraction(position)
    sounding = at - before * GRACE_QUARTERS
    return ScoreNote(
        bar=bar,
        position=at,
        time_s=bar * 2.0 + float(sounding) / 2,
        instrument=instrument,
        velocity=velocity,
        confidence=1.0,
        sounding=sounding,
        role=role,
        roll_length=Fraction(roll),
        tremolo=tremolo,
        is_ghost=ghost,
        is_accent=accent,
    )


def grace(bar: int, position: str, instrument: Instrument, velocity: int = 40, *, before: int = 1) -> ScoreNote:
    """A grace note, the last before its stroke unless `before` says more."""
    return note(bar, position, instrument, velocity, role=Role.GRACE, before=before)


def roll(bar: int, position: str, instrument: Instrument, length: str, velocity: int = 80) -> list[ScoreNote]:
    """A roll of eight strokes a quarter note."""
    first = note(bar, position, instrument, velocity, role=Role.ROLL, roll=length, tremolo=3)
    further = range(1, int(Fraction(length) * 8))
    return [first, *(note(bar, str(Fraction(position) + Fraction(n, 8)), instrument, 70, role=Role.ROLLED) for n in further)]


def make_score(
    *notes: ScoreNote,
    bars: tuple[Bar, ...] = make_bars(FOUR_FOUR),
    title: str = "song",
    tempo_bpm: float = 120.0,
    unreliable: bool = False,
    feel: Feel | None = None,
) -> Score:
    in_order = sorted(notes, key=lambda scored: (scored.bar, scored.sounding))
    return Score(
        title=title,
        bars=bars,
        notes=tuple(in_order),
        tempo_bpm=tempo_bpm,
        tempo_unreliable=unreliable,
        feel=feel or Feel(),
    )


def page_of_everything() -> Score:
    """Ten bars: a pickup, accents, ghosts, flams, a drag, opening hats, triplets, rolls in a bar and over a bar line, 7/8."""
    notes = [note(0, "0", SNARE, 70), note(0, "1/2", SNARE, 80)]
    for bar in range(1, 8):
        is_fill = bar in (4, 6)
        for eighth in range(4 if is_fill else 8):
            is_crash, is_open = bar == 1 and eighth == 0, bar % 2 == 0 and eighth == 7
            hat = CRASH if is_crash else OPEN_HAT if is_open else HAT
            notes.append(note(bar, f"{eighth}/2", hat, 70 + 10 * (eighth % 2 == 0)))
        notes += [note(bar, "0", KICK, 110, accent=bar == 3), note(bar, "1", SNARE, 115, accent=True)]
        if not is_fill:
            notes += [note(bar, "5/2", KICK), note(bar, "7/4", SNARE, 30, ghost=True), note(bar, "3", SNARE, 112, accent=True)]
    notes += [grace(2, "3", SNARE), grace(3, "3", SNARE, 35, before=2), grace(3, "3", SNARE, 45)]
    notes += [note(4, f"{6 + third}/3", drum) for third, drum in enumerate((SNARE, HIGH_TOM, LOW_TOM))]
    notes += [grace(4, "8/3", LOW_TOM)]
    notes += roll(4, "3", SNARE, "1") + roll(6, "3", LOW_TOM, "1")
    notes += [note(6, "2", PEDAL, 60), note(6, "3", PEDAL, 62), note(6, "2", SNARE)]
    notes += [note(8, f"{eighth}/2", Instrument.RIDE, 66) for eighth in range(7)]
    notes += [note(8, "0", KICK), note(8, "1", SNARE), note(8, "5/2", SNARE, role=Role.ROLL, roll="3", tremolo=3)]
    notes += [note(8, "21/8", SNARE, role=Role.ROLLED), note(9, "1", SNARE, role=Role.ROLLED), note(9, "2", KICK)]
    meters = (*(FOUR_FOUR,) * 8, Meter(7, 8), FOUR_FOUR)
    feel = Feel(swing_ratio=1.95, swing_unit=Fraction(1, 2))
    return make_score(*notes, bars=make_bars(*meters, pickup=Fraction(1)), title="Everything", tempo_bpm=112.3, feel=feel)
