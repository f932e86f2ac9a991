from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.tracks import DRUM_CHANNEL
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.records import Bar, Score, ScoreNote
from backbeat.units import PPQ
from backbeat.values import FOUR_FOUR, Instrument, Meter

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav")
few = settings(max_examples=50, deadline=None)  # whole files are written and read
BAR = 4 * PPQ


def make_bars(lengths_s: Sequence[float], *, start_s: float = 0.0, meters: Sequence[Meter] = ()) -> tuple[Bar, ...]:
    bars = []
    for n, length_s in enumerate(lengths_s):
        meter = meters[n] if meters else FOUR_FOUR
        length = Fraction(4 * meter.beats, meter.unit)
        bars.append(Bar(number=n + 1, meter=meter, start_s=start_s, end_s=start_s + length_s, length=length))
        start_s += length_s
    return tuple(bars)


def note(
    time_s: float, instrument: Instrument = Instrument.SNARE, *, bar: int = 0, at: str = "0", velocity: int = 100
) -> ScoreNote:
    return ScoreNote(
        bar=bar,
        position=Fraction(at),
        sounding=Fraction(at),
        time_s=time_s,
        instrument=instrument,
        velocity=velocity,
        confidence=0.9,
    )


def make_score(bars: tuple[Bar, ...], *notes: ScoreNote, title: str = "song") -> Score:
    return Score(title=title, bars=bars, notes=notes, tempo_bpm=120.0, tempo_unreliable=False)


def constant(score: Score, *, tempo_bpm: float = 120.0, quantize: int = 0, meter: Meter = FOUR_FOUR) -> mido.MidiFile:
    data = score_to_midi(score, replace(STYLE, quantize=quantize), tempo_bpm=tempo_bpm, meter=meter)
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def mapped(score: Score, *, quantize: int = 0) -> mido.MidiFile:
    data = score_to_tempomap_midi(score, replace(STYLE, quantize=quantize))
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def note_times_s(file: mido.MidiFile) -> list[float]:
    """When a player of the file starts notes; independent of our tempo map."""
    now, times_s = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            times_s.append(now)
    return times_s


def seconds_of_ticks(file: mido.MidiFile, ticks: Sequence[int]) -> list[float]:
    """When ticks sound, by mido's own arithmetic over the tempo events of the file."""
    changes: list[tuple[int, int]] = []
    at = 0
    for message in file.tracks[0]:
        at += message.time
        if message.type == "set_tempo":
            changes.append((at, message.tempo))
    times_s = []
    for tick in ticks:
        time_s, last, tempo = 0.0, 0, 500_000
        for change, new_tempo in changes:
            if change >= tick:
                break
            time_s += mido.tick2second(change - last, PPQ, tempo)
            last, tempo = change, new_tempo
        times_s.append(time_s + mido.tick2second(tick - last, PPQ, tempo))
    return times_s


def metas(file: mido.MidiFile, kind: str) -> list[mido.MetaMessage]:
    return [message for message in file.tracks[0] if message.type == kind]


def test_it_is_type_1_with_960_ppq_and_drums_on_channel_10() -> None:
    file = constant(make_score(make_bars([2.0]), note(0.5)))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 960, 2)
    assert file.tracks[1].name == "Drums"
    assert {message.channel for message in file.tracks[1] if not message.is_meta} == {DRUM_CHANNEL} == {9}


def test_tempo_meter_and_origin_are_in_the_file() -> None:
    file = constant(make_score(make_bars([2.0])), tempo_bpm=100, meter=Meter(7, 8))
    (tempo,) = metas(file, "set_tempo")
    (meter,) = metas(file, "time_signature")
    (text,) = metas(file, "text")
    assert tempo.tempo == 600_000
    assert (meter.numerator, meter.denominator) == (7, 8)
    assert "song.wav" in text.text
    assert "Backbeat" in text.text


def test_names_in_any_script_fit() -> None:
    file = constant(make_score(make_bars([2.0]), title="東京\udcff\n"))
    assert file.tracks[0].name == "東京?"


def test_notes_and_velocities_are_those_of_the_map() -> None:
    file = constant(make_score(make_bars([2.0]), note(0.0, Instrument.KICK, velocity=33), note(0.0, Instrument.RIDE)))
    on = [(message.note, message.velocity) for message in file.tracks[1] if message.type == "note_on"]
    assert on == [(36, 33), (51, 100)]


def test_tick_0_is_sample_0() -> None:
    assert note_times_s(constant(make_score(make_bars([2.0], start_s=0.3), note(0.0)))) == [0.0]


def test_no_hits_make_an_empty_file_as_long_as_the_bars() -> None:
    file = constant(make_score(make_bars([2.0, 2.0])))
    assert note_times_s(file) == []
    assert file.length == pytest.approx(4.0)


def test_a_note_ends_before_the_same_note_begins_again() -> None:
    file = constant(make_score(make_bars([2.0]), note(0.0), note(0.01), note(0.02, Instrument.KICK)))
    sounding: set[int] = set()
    for message in file.tracks[1]:
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding


def test_quantize_pulls_to_the_place_in_the_bar_as_it_was_played() -> None:
    score = make_score(make_bars([2.4]), note(0.7, at="1"))
    assert note_times_s(constant(score, quantize=100)) == [pytest.approx(0.6, abs=0.001)]
    assert note_times_s(constant(score, quantize=50)) == [pytest.approx(0.65, abs=0.001)]
    assert note_times_s(mapped(score, quantize=100)) == [pytest.approx(0.6, abs=0.001)]


def test_fully_quantized_the_mapped_file_is_on_the_grid() -> None:
    score = make_score(make_bars([2.1, 1.9], start_s=0.01), note(0.5, at="3/4"), note(2.4, bar=1, at="1/3"))
    file = mapped(score, quantize=100)
    ticks, at = [], 0
    for message in file.tracks[1]:
        at += message.time
        if message.type == "note_on":
            ticks.append(at)
    assert ticks == [PPQ * 3 // 4, BAR + PPQ // 3]


def test_a_stroke_is_never_pulled_before_the_start() -> None:
    assert note_times_s(mapped(make_score(make_bars([2.0], start_s=-0.05), note(0.0)), quantize=100)) == [0.0]


strokes = st.lists(st.floats(0, 600).map(lambda time_s: round(time_s, 5)), min_size=1, max_size=50, unique=True)


@few
@given(strokes, st.floats(40, 240))
def test_hits_are_within_2_ms_over_ten_minutes_at_any_tempo(times_s: list[float], tempo_bpm: float) -> None:
    apart = [time_s for n, time_s in enumerate(sorted(times_s)) if n == 0 or time_s - sorted(times_s)[n - 1] > 0.01]
    score = make_score(make_bars([600.0]), *(note(time_s) for time_s in apart))
    assert note_times_s(constant(score, tempo_bpm=tempo_bpm)) == pytest.approx(apart, abs=0.002)


@few
@given(strokes, st.floats(40, 240), st.lists(st.floats(-0.08, 0.08), min_size=1, max_size=7), st.floats(-0.9, 3))
def test_with_a_tempo_map_hits_are_within_2_ms_and_bar_lines_within_10_ms_over_ten_minutes(
    times_s: list[float], tempo_bpm: float, sway: list[float], start_s: float
) -> None:
    bar_s = 240 / tempo_bpm
    lengths_s = [bar_s * (1 + sway[n % len(sway)]) for n in range(int(600 / bar_s) + 1)]
    apart = [time_s for n, time_s in enumerate(sorted(times_s)) if n == 0 or time_s - sorted(times_s)[n - 1] > 0.01]
    bars = make_bars(lengths_s, start_s=start_s * bar_s)
    file = mapped(make_score(bars, *(note(time_s) for time_s in apart)))
    assert note_times_s(file) == pytest.approx(apart, abs=0.002)
    lead = next(n for n, bar in enumerate(bars) if bar.start_s > -bar_s / 30)
    ends_s = [bar.end_s for bar in bars[lead:]]
    last_tick = sum(message.time for message in file.tracks[1])
    ticks = [last_tick - BAR * n for n in reversed(range(len(ends_s)))]
    if apart[-1] < ends_s[-1] - 1:  # otherwise the last stroke ends the file
        assert seconds_of_ticks(file, ticks) == pytest.approx(ends_s, abs=0.010)


def test_bar_lines_do_not_drift() -> None:
    bars = make_bars([60 / 127.3 * 4 + 0.0007 * (n % 3) for n in range(318)])
    file = mapped(make_score(bars))
    times_s = seconds_of_ticks(file, [BAR * (n + 1) for n in range(318)])
    assert times_s == pytest.approx([bar.end_s for bar in bars], abs=0.0001)


def test_silence_before_the_first_downbeat_is_a_pickup_of_quarter_notes_that_ends_on_it() -> None:
    file = mapped(make_score(make_bars([2.0], start_s=0.4), note(0.41)))
    assert [(meter.numerator, meter.denominator, meter.time) for meter in metas(file, "time_signature")] == [
        (1, 4, 0),
        (4, 4, PPQ),
    ]
    assert seconds_of_ticks(file, [PPQ, PPQ + BAR]) == pytest.approx([0.4, 2.4], abs=1e-5)


def test_strokes_before_the_first_downbeat_are_in_a_pickup_of_sixteenths_that_ends_on_it() -> None:
    file = mapped(make_score(make_bars([2.0, 2.0], start_s=-1.6), note(0.2, at="15/4"), note(0.4, bar=1)), quantize=100)
    assert [(meter.numerator, meter.denominator, meter.time) for meter in metas(file, "time_signature")] == [
        (3, 16, 0),
        (4, 4, PPQ * 3 // 4),
    ]
    assert seconds_of_ticks(file, [PPQ * 3 // 4, PPQ * 3 // 4 + BAR]) == pytest.approx([0.4, 2.4], abs=1e-5)
    assert note_times_s(file) == pytest.approx([0.4 * 2 / 3, 0.4], abs=1e-4)


def test_a_silence_too_short_for_a_quarter_note_that_daws_can_play_is_sixteenths() -> None:
    file = mapped(make_score(make_bars([2.0], start_s=0.15), note(0.16)))
    assert [(meter.numerator, meter.denominator) for meter in metas(file, "time_signature")] == [(1, 16), (4, 4)]
    assert max(60e6 / tempo.tempo for tempo in metas(file, "set_tempo")) <= 300


@pytest.mark.parametrize("start_s", [0.03, -0.03])
def test_less_than_half_a_sixteenth_stretches_the_first_quarter_note(start_s: float) -> None:
    file = mapped(make_score(make_bars([2.0, 2.0], start_s=start_s)))
    assert len(metas(file, "time_signature")) == 1
    times_s = seconds_of_ticks(file, [PPQ, 2 * PPQ, 3 * PPQ, BAR, 2 * BAR])
    assert times_s == pytest.approx([start_s + beat_s for beat_s in (0.5, 1.0, 1.5, 2.0, 4.0)], abs=1e-5)


def test_a_first_bar_of_less_than_a_quarter_note_is_stretched_whole() -> None:
    file = mapped(make_score(make_bars([0.25, 2.0], start_s=0.02, meters=[Meter(1, 8), FOUR_FOUR])))
    assert seconds_of_ticks(file, [PPQ // 2, PPQ // 2 + BAR]) == pytest.approx([0.27, 2.27], abs=1e-5)


def test_a_long_silence_is_a_pickup_and_whole_bars() -> None:
    file = mapped(make_score(make_bars([2.0], start_s=4.5)))
    assert [(meter.numerator, meter.denominator, meter.time) for meter in metas(file, "time_signature")] == [
        (1, 4, 0),
        (4, 4, PPQ),
    ]
    assert seconds_of_ticks(file, [PPQ + 2 * BAR]) == pytest.approx([4.5], abs=1e-5)


def test_a_bar_that_the_recording_starts_in_becomes_a_pickup() -> None:
    file = mapped(make_score(make_bars([2.0, 2.0], start_s=-1.5)))
    assert [(meter.numerator, meter.denominator) for meter in metas(file, "time_signature")] == [(1, 4), (4, 4)]
    assert seconds_of_ticks(file, [PPQ, PPQ + BAR]) == pytest.approx([0.5, 2.5], abs=1e-5)


def test_the_scores_pickup_and_the_time_before_it_are_one_bar_with_the_beat_in_its_place() -> None:
    pickup = Bar(number=0, meter=FOUR_FOUR, start_s=0.25, end_s=0.75, length=Fraction(1))
    file = mapped(make_score((pickup, *make_bars([2.0], start_s=0.75))))
    assert [(meter.numerator, meter.denominator) for meter in metas(file, "time_signature")] == [(2, 4), (4, 4)]
    assert seconds_of_ticks(file, [PPQ, PPQ * 2]) == pytest.approx([0.25, 0.75], abs=1e-5)


def test_changes_of_meter_are_in_the_file() -> None:
    file = mapped(make_score(make_bars([2.0, 1.75, 1.75, 2.0], meters=[FOUR_FOUR, Meter(7, 8), Meter(7, 8), FOUR_FOUR])))
    signatures = [(meter.numerator, meter.denominator) for meter in metas(file, "time_signature")]
    assert signatures == [(4, 4), (7, 8), (4, 4)]


def test_a_bar_too_long_for_a_midi_tempo_does_not_move_the_strokes() -> None:
    score = make_score(make_bars([2.0, 100.0, 2.0]), note(1.0), note(50.0, bar=1), note(103.0, bar=2))
    assert note_times_s(mapped(score)) == pytest.approx([1.0, 50.0, 103.0], abs=0.02)  # a tick is 35 ms there


def test_the_same_score_gives_the_same_bytes() -> None:
    score = make_score(make_bars([2.0]), note(0.5))
    calls = [score_to_midi(score, STYLE, tempo_bpm=120, meter=FOUR_FOUR) for _ in range(2)]
    assert calls[0] == calls[1]
