from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.records import BeatGrid, Hit, Hits, Role, Score, hits_from_rows
from backbeat.values import FOUR_FOUR, Division, Instrument, Meter

KICK, SNARE, HAT = Instrument.KICK, Instrument.SNARE, Instrument.HIHAT_CLOSED


def make_grid(
    times_s: list[float],
    numbers: list[int],
    meters: tuple[Meter, ...] = (),
    *,
    tempo_bpm: float = 120.0,
    unreliable: bool = False,
) -> BeatGrid:
    bars = sum(n == 0 or number == 1 for n, number in enumerate(numbers))
    return BeatGrid(
        times_s=np.array(times_s, dtype=np.float64),
        numbers=np.array(numbers, dtype=np.int64),
        meters=meters or (FOUR_FOUR,) * bars,
        tempo_bpm=tempo_bpm,
        confidence=1.0,
        bpm_unreliable=unreliable,
        engine="test",
    )


def steady(bars: int, *, start_s: float = 0.0, beat_s: float = 0.5, meter: Meter = FOUR_FOUR, first: int = 1) -> BeatGrid:
    count = bars * meter.beats - (first - 1)
    numbers = [(n + first - 1) % meter.beats + 1 for n in range(count)]
    all_bars = sum(n == 0 or number == 1 for n, number in enumerate(numbers))
    times_s = [start_s + beat_s * n for n in range(count)]
    return make_grid(times_s, numbers, (meter,) * all_bars, tempo_bpm=60 / beat_s)


def make_hits(*strokes: tuple[float, Instrument]) -> Hits:
    return hits_from_rows([Hit(time_s, instrument, 100, 0.9) for time_s, instrument in strokes], engine="test")


def places(score: Score) -> list[tuple[int, Fraction]]:
    return [(score.bars[note.bar].number, note.position) for note in score.notes]


def test_strokes_on_the_beats_are_on_the_beats() -> None:
    score = hits_to_score(make_hits((0.0, KICK), (0.5, SNARE), (2.5, SNARE)), steady(2), title="t", duration_s=4.0)
    assert places(score) == [(1, 0), (1, 1), (2, 1)]


def test_a_stroke_keeps_its_time_velocity_and_confidence() -> None:
    score = hits_to_score(make_hits((0.517, SNARE)), steady(1), title="t", duration_s=2.0)
    assert [(note.time_s, note.velocity, note.confidence) for note in score.notes] == [(0.517, 100, 0.9)]


def test_played_late_it_is_still_a_sixteenth() -> None:
    score = hits_to_score(make_hits((0.14, HAT), (0.26, HAT), (0.37, HAT)), steady(1), title="t", duration_s=2.0)
    assert [position for _, position in places(score)] == [Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]


def test_a_shuffle_is_written_in_eighths_that_swing() -> None:
    strokes = [(beat * 0.5 + part * 0.5 / 3, HAT) for beat in range(4) for part in (0, 2)]
    score = hits_to_score(make_hits(*strokes), steady(1), title="t", duration_s=2.0)
    assert [note.position for note in score.notes] == [Fraction(n, 2) for n in range(8)]
    assert [note.sounding for note in score.notes] == [b + p for b in range(4) for p in (Fraction(0), Fraction(2, 3))]
    assert (score.feel.swing_ratio, score.feel.swing_unit) == (2.0, Fraction(1, 2))


def test_one_beat_of_a_shuffle_is_a_triplet() -> None:
    strokes = [*((n / 4, HAT) for n in range(6)), (1.5, HAT), (1.5 + 1 / 3, HAT)]
    score = hits_to_score(make_hits(*strokes), steady(1), title="t", duration_s=2.0)
    assert [note.position for note in score.notes][-2:] == [3, Fraction(11, 3)]
    assert not score.feel.is_swung


def test_six_in_a_beat_are_a_sextuplet() -> None:
    score = hits_to_score(make_hits(*((n / 12, SNARE) for n in range(6))), steady(1), title="t", duration_s=2.0)
    assert [position for _, position in places(score)] == [Fraction(n, 6) for n in range(6)]


def test_eight_in_a_beat_are_32nds() -> None:
    score = hits_to_score(make_hits(*((n / 16, SNARE) for n in range(8))), steady(1), title="t", duration_s=2.0)
    assert [position for _, position in places(score)] == [Fraction(n, 8) for n in range(8)]


def test_without_flams_two_strokes_of_a_drum_that_are_close_get_a_place_each() -> None:
    hits = make_hits((0.0, SNARE), (0.0, KICK), (0.03, SNARE))
    score = hits_to_score(hits, steady(1), title="t", duration_s=2.0, style=ScoreStyle(flam_ms=0))
    assert [(note.instrument, note.position) for note in score.notes] == [
        (KICK, Fraction(0)),
        (SNARE, Fraction(0)),
        (SNARE, Fraction(1, 8)),
    ]


def test_just_before_the_bar_line_is_the_next_downbeat() -> None:
    score = hits_to_score(make_hits((1.98, KICK)), steady(2), title="t", duration_s=4.0)
    assert places(score) == [(2, 0)]


def test_an_incomplete_first_bar_is_a_pickup_with_number_0() -> None:
    score = hits_to_score(make_hits((0.0, SNARE)), steady(2, first=3), title="t", duration_s=3.0)
    assert [(bar.number, bar.length, bar.meter) for bar in score.bars] == [(0, 2, FOUR_FOUR), (1, 4, FOUR_FOUR)]


def test_a_stroke_before_the_first_beat_gets_a_pickup_as_long_as_it_needs() -> None:
    score = hits_to_score(make_hits((0.25, SNARE), (1.0, KICK)), steady(1, start_s=1.0), title="t", duration_s=3.0)
    assert [(bar.number, bar.length, bar.start_s) for bar in score.bars] == [(0, 2, 0.0), (1, 4, 1.0)]
    assert places(score) == [(0, Fraction(1, 2)), (1, 0)]


def test_a_pickup_grows_to_a_bar_before_another_is_added() -> None:
    grid = steady(2, start_s=3.0, first=4)  # one beat, then a bar
    score = hits_to_score(make_hits((0.5, SNARE)), grid, title="t", duration_s=5.5)
    assert [(bar.number, bar.length) for bar in score.bars] == [(0, 2), (1, 4), (2, 4)]
    assert places(score) == [(0, 0)]


def test_strokes_after_the_last_beat_get_bars() -> None:
    score = hits_to_score(make_hits((0.0, KICK), (4.5, KICK)), steady(1), title="t", duration_s=4.6)
    assert len(score.bars) == 3
    assert places(score)[-1] == (3, 1)


def test_the_bars_cover_the_recording_and_no_more() -> None:
    assert len(hits_to_score(make_hits(), steady(1), title="t", duration_s=8.0).bars) == 4
    assert len(hits_to_score(make_hits(), steady(4), title="t", duration_s=8.02).bars) == 4


def test_a_last_stroke_that_rings_out_after_the_bar_line_opens_no_bar_but_a_bar_of_silence_is_one() -> None:
    hits = make_hits((0.0, KICK), (3.5, SNARE))
    assert [len(hits_to_score(hits, steady(4), title="t", duration_s=s).bars) for s in (4.0, 5.5, 6.0, 7.5)] == [2, 2, 3, 3]


def test_a_beat_after_the_end_of_a_loop_opens_no_bar() -> None:
    grid = make_grid([n * 0.5 for n in range(9)], [1, 2, 3, 4, 1, 2, 3, 4, 1])
    assert len(hits_to_score(make_hits(), grid, title="t", duration_s=4.01).bars) == 2


def test_no_hits_give_bars_of_rests() -> None:
    score = hits_to_score(make_hits(), steady(2), title="t", duration_s=4.0)
    assert score.notes == ()
    assert len(score.bars) == 2


def test_no_beats_give_120_bpm_from_the_start() -> None:
    score = hits_to_score(make_hits((0.0, KICK), (2.5, KICK)), make_grid([], []), title="t", duration_s=4.0)
    assert places(score) == [(1, 0), (2, 1)]
    assert score.tempo_bpm == 120
    assert score.tempo_unreliable


def test_an_empty_recording_has_one_bar() -> None:
    assert len(hits_to_score(make_hits(), make_grid([], []), title="t", duration_s=0.0).bars) == 1


def test_one_beat_is_enough_to_go_on_from() -> None:
    score = hits_to_score(make_hits((1.0, KICK)), make_grid([0.5], [1]), title="t", duration_s=2.0)
    assert places(score) == [(1, 1)]


def test_beats_of_6_8_and_7_8_are_eighths() -> None:
    meters = (Meter(6, 8), Meter(7, 8))
    grid = make_grid([n * 0.25 for n in range(13)], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7], meters, tempo_bpm=240)
    score = hits_to_score(make_hits((0.25, HAT), (0.375, HAT), (1.75, KICK)), grid, title="t", duration_s=3.25)
    assert [bar.length for bar in score.bars] == [3, Fraction(7, 2)]
    assert places(score) == [(1, Fraction(1, 2)), (1, Fraction(3, 4)), (2, Fraction(1, 2))]
    assert score.tempo_bpm == 120


def test_a_bar_with_a_beat_too_few_has_a_meter_of_its_own() -> None:
    grid = make_grid([n * 0.5 for n in range(11)], [1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 4])
    score = hits_to_score(make_hits(), grid, title="t", duration_s=5.5)
    assert [str(bar.meter) for bar in score.bars] == ["4/4", "3/4", "4/4"]


def test_a_hundred_beats_without_a_downbeat_are_cut_into_bars() -> None:
    grid = make_grid([n * 0.5 for n in range(100)], [2] * 100, (FOUR_FOUR,))
    score = hits_to_score(make_hits((49.5, KICK)), grid, title="t", duration_s=50.0)
    assert {bar.length for bar in score.bars[1:]} == {Fraction(4)}


def test_the_tempo_is_as_sure_as_the_grids() -> None:
    grid = make_grid([0.0, 0.5], [1, 2], unreliable=True)
    assert hits_to_score(make_hits(), grid, title="t", duration_s=1.0).tempo_unreliable


METERS = [Meter(4, 4), Meter(3, 4), Meter(2, 2), Meter(6, 8), Meter(7, 8), Meter(5, 16), Meter(12, 8), Meter(3, 32), Meter(2, 1)]
times = st.floats(0, 8).map(lambda time_s: round(time_s, 3))


@st.composite
def grids(draw: st.DrawFn) -> BeatGrid:
    meter = draw(st.sampled_from(METERS))
    count = draw(st.integers(0, 40))
    intervals_s = draw(st.lists(st.floats(0.05, 1.2), min_size=count, max_size=count))
    start_s = draw(st.floats(0, 4))
    first = draw(st.integers(1, meter.beats))
    numbers = [(n + first - 1) % meter.beats + 1 for n in range(count)]
    if draw(st.booleans()) and count > 3:
        numbers[count // 2] = 1  # a tracker that lost its place
    times_s = list(start_s + np.cumsum(intervals_s))
    bars = sum(n == 0 or number == 1 for n, number in enumerate(numbers))
    return make_grid(times_s, numbers, (meter,) * bars, tempo_bpm=draw(st.floats(40, 240)))


styles = st.builds(ScoreStyle, grid=st.sampled_from(Division), flam_ms=st.sampled_from([0, 20, 45, 100]))


@st.composite
def rhythms(draw: st.DrawFn) -> list[tuple[float, Instrument, int]]:
    """Strokes at will, and volleys of one drum that are flams, drags and rolls."""
    velocities = st.integers(1, 127)
    strokes = draw(st.lists(st.tuples(times, st.sampled_from(Instrument), velocities), max_size=50))
    for start_s, instrument, count, gap_s in draw(
        st.lists(
            st.tuples(
                times, st.sampled_from(Instrument), st.integers(2, 30), st.sampled_from([0.0, 0.001, 0.02, 0.04, 0.06, 0.09])
            ),
            max_size=3,
        )
    ):
        strokes += [(start_s + number * gap_s, instrument, draw(velocities)) for number in range(count)]
    return strokes


@given(grids(), rhythms(), st.floats(0, 9), styles)
def test_every_hit_is_in_the_score_exactly_once_and_no_place_is_taken_twice(
    grid: BeatGrid, strokes: list[tuple[float, Instrument, int]], duration_s: float, style: ScoreStyle
) -> None:
    hits = hits_from_rows([Hit(time_s, instrument, velocity, 0.9) for time_s, instrument, velocity in strokes], engine="test")
    score = hits_to_score(hits, grid, title="t", duration_s=duration_s, style=style)
    assert [Hit(note.time_s, note.instrument, note.velocity, note.confidence) for note in score.notes] == list(hits)
    written = [note for note in score.notes if note.role is not Role.GRACE]
    taken = [(note.instrument, note.bar, note.position) for note in written]
    assert len(set(taken)) == len(taken)
    for instrument in {note.instrument for note in written}:
        own = [note for note in written if note.instrument is instrument]
        rows = [(note.bar, note.position) for note in own]
        assert rows == sorted(rows)
        beats = [beats_before(score, note.bar) + note.sounding for note in own]
        assert all(before < after for before, after in pairwise(beats))
    strokes_at = {(note.instrument, note.bar, note.position) for note in written}
    for note in score.notes:
        assert 0 <= note.position < score.bars[note.bar].length
        assert not (note.is_ghost and note.is_accent)
        assert (note.role is Role.ROLL) == (note.tremolo > 0) == (note.roll_length > 0)
        assert note.position + note.roll_length <= score.bars[note.bar].length
        assert 0 <= note.tremolo <= 4
        if note.role is Role.GRACE:
            assert note.sounding <= note.position + 1
            assert (note.instrument, note.bar, note.position) in strokes_at
        else:
            assert 0 <= note.sounding < score.bars[note.bar].length
    assert style.flam_ms or not any(note.role is Role.GRACE for note in score.notes)
    for before, after in zip(score.bars, score.bars[1:], strict=False):
        assert before.end_s == pytest.approx(after.start_s)
        assert before.number + 1 == after.number
    for bar in score.bars:
        full = Fraction(4 * bar.meter.beats, bar.meter.unit)
        assert bar.length == full or (bar is score.bars[0] and bar.length < full)
        assert bar.start_s < bar.end_s


def beats_before(score: Score, bar: int) -> Fraction:
    return sum((earlier.length for earlier in score.bars[:bar]), Fraction(0))


@given(rhythms(), st.integers(20, 400), st.sampled_from(METERS))
def test_the_strokes_of_a_roll_are_within_it(strokes: list[tuple[float, Instrument, int]], bpm: int, meter: Meter) -> None:
    hits = hits_from_rows([Hit(time_s, instrument, velocity, 0.9) for time_s, instrument, velocity in strokes], engine="test")
    score = hits_to_score(hits, steady(3, beat_s=60 / bpm, meter=meter), title="t", duration_s=1.0)
    for number, note in enumerate(score.notes):
        if note.role is Role.ROLLED:
            roll = max(
                (
                    earlier
                    for earlier in score.notes[:number]
                    if earlier.role is Role.ROLL and earlier.instrument is note.instrument
                ),
                key=lambda roll: (roll.bar, roll.position),
            )
            assert roll.bar == note.bar
            assert roll.position < note.position < roll.position + roll.roll_length


@given(st.lists(st.tuples(times, st.sampled_from([KICK, SNARE])), max_size=20), st.floats(0.3, 1.0))
def test_a_stroke_that_is_alone_moves_by_less_than_half_a_triplet(strokes: list[tuple[float, Instrument]], beat_s: float) -> None:
    apart = [stroke for n, stroke in enumerate(sorted(strokes)) if n == 0 or stroke[0] - sorted(strokes)[n - 1][0] > beat_s / 2]
    score = hits_to_score(make_hits(*apart), steady(8, beat_s=beat_s), title="t", duration_s=8.0)
    for note in score.notes:
        bar = score.bars[note.bar]
        grid_s = bar.start_s + float(note.sounding / bar.length) * (bar.end_s - bar.start_s)
        assert math.isclose(grid_s, note.time_s, abs_tol=beat_s / 6 + 1e-6)


def test_a_drag_before_the_bar_line_is_a_32nd_before_it() -> None:
    score = hits_to_score(make_hits((1.9375, SNARE), (2.0, SNARE)), steady(2), title="t", duration_s=4.0)
    assert places(score) == [(1, Fraction(31, 8)), (2, 0)]


def test_a_hat_that_drags_behind_the_beat_is_no_32nd() -> None:
    strokes = [(beat * 0.5 + part * 0.125 + 0.045, HAT) for beat in range(4) for part in range(4)]
    score = hits_to_score(make_hits(*strokes), steady(1), title="t", duration_s=2.0)
    assert {position.denominator for _, position in places(score)} <= {1, 2, 4}
