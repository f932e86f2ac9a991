from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.outputs.midi.notes import NOTE_TICKS, MidiNote, score_to_notes
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.timeline import Timeline, mapped_timeline, steady_timeline
from backbeat.outputs.note_map import load_note_map
from backbeat.records import Bar, Role, Score, ScoreNote
from backbeat.settings import BPM_MAX, BPM_MIN
from backbeat.units import PPQ
from backbeat.values import FOUR_FOUR, Instrument, Meter
from backbeat.velocity_curve import VelocityCurve

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav")
few = settings(max_examples=50, deadline=None)  # whole files are written and read
SHARED = replace(STYLE, notes=dict.fromkeys(Instrument, 38))


def bars(*lengths_s: float, start_s: float = 0.0, meter: Meter = FOUR_FOUR) -> tuple[Bar, ...]:
    made = []
    for number, length_s in enumerate(lengths_s, 1):
        length = Fraction(4 * meter.beats, meter.unit)
        made.append(Bar(number=number, meter=meter, start_s=start_s, end_s=start_s + length_s, length=length))
        start_s += length_s
    return tuple(made)


def stroke(
    time_s: float, sounding: str = "0", *, instrument: Instrument = Instrument.SNARE, bar: int = 0, **more: int
) -> ScoreNote:
    at = Fraction(sounding)
    return ScoreNote(
        bar=bar,
        position=max(at, Fraction(0)),
        sounding=at,
        time_s=time_s,
        instrument=instrument,
        velocity=more.get("velocity", 100),
        confidence=0.9,
        role=Role.GRACE if at < 0 else Role.STROKE,
    )


def score(made: tuple[Bar, ...], *notes: ScoreNote) -> Score:
    return Score(title="song", bars=made, notes=notes, tempo_bpm=120.0, tempo_unreliable=False)


def steady(made: Sequence[Bar], tempo_bpm: float = 120.0) -> Timeline:
    return steady_timeline(made, tempo_bpm, FOUR_FOUR)


def mapped_notes(whole: Score, quantize: int = 0) -> list[MidiNote]:
    return score_to_notes(whole, mapped_timeline(whole.bars, silent_bars=0), replace(STYLE, quantize=quantize))


def test_wholly_quantised_in_a_tempo_map_the_tick_is_the_fraction() -> None:
    made = bars(2.1, 1.87, start_s=0.02)
    notes = mapped_notes(score(made, stroke(0.53, "1/3"), stroke(0.9, "7/4"), stroke(2.3, "15/16", bar=1)), 100)
    assert [note.tick for note in notes] == [PPQ // 3, PPQ * 7 // 4, 4 * PPQ + PPQ * 15 // 16]


def test_swing_that_is_written_in_words_sounds() -> None:
    swung = replace(stroke(0.3, "2/3"), position=Fraction(1, 2))
    assert [note.tick for note in mapped_notes(score(bars(2.0), swung), 100)] == [PPQ * 2 // 3]


def test_half_quantised_is_half_way() -> None:
    made = bars(2.0)  # 120 BPM: a quarter note is 0.5 s
    assert [note.tick for note in mapped_notes(score(made, stroke(0.6, "1")), 50)] == [PPQ * 11 // 10]


def test_a_grace_sounds_before_its_stroke_and_before_the_bar_line() -> None:
    made = bars(2.0, 2.0)
    notes = mapped_notes(score(made, stroke(1.97, "-1/16", bar=1), stroke(2.01, bar=1)), 100)
    assert [note.tick for note in notes] == [4 * PPQ - PPQ // 16, 4 * PPQ]


def test_a_grace_before_the_first_stroke_of_all_still_sounds() -> None:
    notes = mapped_notes(score(bars(2.0), stroke(0.0, "-1/16", velocity=40), stroke(0.03)), 100)
    assert [(note.tick, note.velocity) for note in notes] == [(0, 40), (1, 100)]


def test_a_bar_that_began_before_the_recording_has_its_places_too() -> None:
    made = bars(2.0, 2.0, start_s=-1.5)  # the recording starts on its fourth beat
    notes = mapped_notes(score(made, stroke(0.02, "3"), stroke(0.26, "7/2"), stroke(0.5, bar=1)), 100)
    assert [note.tick for note in notes] == [0, PPQ // 2, PPQ]


def test_two_strokes_of_one_drum_in_one_tick_both_sound() -> None:
    notes = score_to_notes(score(bars(2.0), stroke(0.5, velocity=40), stroke(0.50001)), steady(bars(2.0)), STYLE)
    assert [(note.tick, note.velocity) for note in notes] == [(PPQ, 40), (PPQ + 1, 100)]


def test_two_drums_on_one_note_together_sound_once_and_loudest() -> None:
    notes = score_to_notes(
        score(bars(2.0), stroke(0.5, velocity=40), stroke(0.5, instrument=Instrument.KICK, velocity=90)),
        steady(bars(2.0)),
        SHARED,
    )
    assert [(note.velocity, note.instrument) for note in notes] == [(90, Instrument.KICK)]


def test_velocities_follow_the_curve() -> None:
    style = replace(STYLE, velocity_curve=VelocityCurve.parse("40-120"))
    notes = score_to_notes(score(bars(2.0), stroke(0.0, velocity=1), stroke(1.0, velocity=127)), steady(bars(2.0)), style)
    assert [note.velocity for note in notes] == [41, 120]


def test_no_strokes_are_no_notes() -> None:
    assert mapped_notes(score(bars(2.0))) == []


times = st.lists(st.floats(0, 600).map(lambda time_s: round(time_s, 4)), min_size=1, max_size=40, unique=True).map(sorted)
instruments = st.lists(st.sampled_from(Instrument), min_size=40, max_size=40)
tempos = st.floats(BPM_MIN, BPM_MAX)


@few
@given(times, instruments, tempos)
def test_every_time_is_met_within_half_a_tick_and_2_ms_over_ten_minutes_at_any_tempo(
    times_s: list[float], drums: list[Instrument], tempo_bpm: float
) -> None:
    apart = [t for n, t in enumerate(times_s) if n == 0 or t - times_s[n - 1] > 0.01]
    whole = score(bars(600.0), *(stroke(t, instrument=drum) for t, drum in zip(apart, drums, strict=False)))
    timeline = steady(whole.bars, tempo_bpm)
    tick_s = timeline.whole_tempo / 1e6 / PPQ
    exact_tick_s = 60 / tempo_bpm / PPQ  # of a host that plays the file at this tempo, and not at the file's, which is rounded
    for note, time_s in zip(score_to_notes(whole, timeline, STYLE), apart, strict=True):
        assert abs(note.tick * tick_s - time_s) <= tick_s / 2 + 1e-9
        assert abs(note.tick * tick_s - time_s) < 0.002
        assert abs(note.tick * exact_tick_s - time_s) < 0.002


@few
@given(times, instruments, st.lists(st.floats(0.5, 8), min_size=3, max_size=9), st.floats(-1, 5), st.integers(0, 100))
def test_nothing_is_lost_and_no_note_off_cuts_the_next_stroke(
    times_s: list[float], drums: list[Instrument], lengths_s: list[float], start_s: float, quantize: int
) -> None:
    made = bars(*(lengths_s * 100)[:150], start_s=start_s)
    whole = score(made, *(stroke(t, bar=n % 3, instrument=d) for n, (t, d) in enumerate(zip(times_s, drums, strict=False))))
    for timeline in (mapped_timeline(made, silent_bars=0), steady(made, 97.3)):
        notes = score_to_notes(whole, timeline, replace(STYLE, quantize=quantize))
        assert sorted(note.instrument for note in notes) == sorted(note.instrument for note in whole.notes)
        assert all(0 <= note.tick < note.end_tick <= note.tick + NOTE_TICKS for note in notes)
        by_note: dict[int, int] = {}
        for note in notes:
            assert by_note.get(note.note, 0) <= note.tick
            by_note[note.note] = note.end_tick


@pytest.mark.parametrize("tempo_bpm", [BPM_MIN, 97.3, 120.0, BPM_MAX])
def test_a_stroke_on_the_last_bar_line_opens_one_more_bar(tempo_bpm: float) -> None:
    bar_s = 240 / tempo_bpm
    made = bars(bar_s)
    timeline = steady(made, tempo_bpm)
    assert timeline.end_after(0) == 4 * PPQ
    assert timeline.end_after(4 * PPQ - 1) == 4 * PPQ
    assert timeline.end_after(4 * PPQ) == 8 * PPQ
    (last,) = score_to_notes(score(made, stroke(bar_s * 0.999)), timeline, STYLE)
    assert last.end_tick == 4 * PPQ
