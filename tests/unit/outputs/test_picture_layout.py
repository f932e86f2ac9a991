from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import OutputError
from backbeat.outputs.picture.data import PictureBar, PictureData, PictureHit
from backbeat.outputs.picture.layout import (
    HEIGHT_MAX_IN,
    SECONDS_PER_ROW,
    bar_labels,
    lines_fit,
    picture_layout,
    shorten,
    time_ticks,
)
from backbeat.values import FOUR_FOUR, Instrument, Meter

KIT = tuple(Instrument)


def data(duration_s: float = 10.0, instruments: tuple[Instrument, ...] = (Instrument.KICK, Instrument.RIDE)) -> PictureData:
    """Bars of two seconds, and a stroke of every instrument at the beginning."""
    return PictureData(
        title="song",
        fingerprint="",
        engine="net",
        meter="4/4",
        tempo_bpm=120.0,
        tempo_unreliable=False,
        duration_s=duration_s,
        confidence=0.9,
        low_confidence=False,
        swing="",
        beats_s=tuple(n * 0.5 for n in range(int(duration_s * 2))),
        bars=tuple(PictureBar(number=n + 1, time_s=2.0 * n, meter=FOUR_FOUR) for n in range(int(duration_s / 2))),
        hits=tuple(PictureHit(time_s=0.0, instrument=one, velocity=90, confidence=1.0) for one in instruments),
    )


def test_a_short_recording_fills_one_row() -> None:
    layout = picture_layout(data(10.0), has_wave=True)
    (row,) = layout.rows
    assert (layout.x_in(row, 0.0), layout.x_in(row, 10.0)) == (layout.left_in, pytest.approx(layout.right_in))


def test_lanes_are_the_instruments_that_are_there_in_the_kits_order_from_the_top() -> None:
    layout = picture_layout(data(10.0, (Instrument.RIDE, Instrument.KICK)), has_wave=True)
    assert layout.lanes == (Instrument.KICK, Instrument.RIDE)
    (row,) = layout.rows
    heights = [layout.lane_middle_in(row, instrument) for instrument in layout.lanes]
    assert row.wave_in < row.lanes_in < heights[0] < heights[1] < row.bottom_in < layout.height_in


def test_only_what_is_hit_in_the_stretch_has_a_lane() -> None:
    layout = picture_layout(data(10.0), has_wave=True, start_s=1.0)
    assert layout.lanes == ()


def test_a_long_recording_has_rows_of_about_the_same_length() -> None:
    layout = picture_layout(data(65.0), has_wave=True)
    assert [(row.start_s, round(row.end_s, 6)) for row in layout.rows] == [(0, 17), (17, 34), (34, 51), (51, 65)]
    heights_in = [row.bottom_in - row.top_in for row in layout.rows]
    assert heights_in == pytest.approx([heights_in[0]] * 4)


def test_ten_minutes_of_the_whole_kit_keep_their_twenty_seconds_a_row() -> None:
    layout = picture_layout(data(600.0, KIT), has_wave=True)
    assert layout.seconds_per_row == SECONDS_PER_ROW
    assert len(layout.rows) == 30


@pytest.mark.parametrize("instruments", [KIT, KIT[:1]])
@pytest.mark.parametrize("minutes", [35, 60, 300])
def test_however_long_the_recording_the_picture_is_not_too_high(minutes: int, instruments: tuple[Instrument, ...]) -> None:
    layout = picture_layout(data(60.0 * minutes, instruments), has_wave=True)
    assert 0.8 * HEIGHT_MAX_IN < layout.height_in <= HEIGHT_MAX_IN
    assert layout.rows[-1].end_s == pytest.approx(60.0 * minutes)


def test_rows_may_be_as_long_as_one_likes() -> None:
    layout = picture_layout(data(60.0), has_wave=True, seconds_per_row=8.0)
    assert (len(layout.rows), layout.rows[1].start_s) == (8, 8.0)


def test_rows_that_would_be_too_many_are_refused_with_what_is_possible() -> None:
    with pytest.raises(OutputError, match="With 1 s in a row the picture would be 600 rows") as refused:
        picture_layout(data(600.0), has_wave=True, seconds_per_row=1.0)
    least_s = float(refused.value.advice.split()[3])
    assert picture_layout(data(600.0), has_wave=True, seconds_per_row=least_s).height_in <= HEIGHT_MAX_IN


def test_without_the_recording_there_is_no_strip_for_its_waveform() -> None:
    (with_wave,), (without,) = (picture_layout(data(), has_wave=has_wave).rows for has_wave in (True, False))
    assert without.lanes_in == without.wave_in
    assert without.bottom_in < with_wave.bottom_in


def test_a_stretch_is_drawn_from_its_own_beginning_to_the_end_at_most() -> None:
    layout = picture_layout(data(100.0), has_wave=True, start_s=90.0, end_s=500.0)
    (row,) = layout.rows
    assert (row.start_s, round(row.end_s, 6)) == (90.0, 100.0)
    assert layout.row_at(89.999) is None
    assert layout.row_at(100.0) is row, "the end belongs to it"


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        ({"start_s": 10.0}, "from 10 s on: song is 10.0 s long"),
        ({"start_s": 12.0, "end_s": 13.0}, "from 12 s on"),
        ({"start_s": 5.0, "end_s": 5.0}, "from 5 to 5 s"),
        ({"start_s": 5.0, "end_s": 4.0}, "from 5 to 4 s"),
    ],
)
def test_an_empty_stretch_is_refused(stretch: dict[str, float], words: str) -> None:
    with pytest.raises(OutputError, match=words):
        picture_layout(data(10.0), has_wave=True, **stretch)


def test_where_nothing_was_heard_and_the_recording_is_gone_there_is_nothing_to_draw() -> None:
    nothing = replace(data(), hits=(), beats_s=())
    with pytest.raises(OutputError, match="There is nothing to draw: nothing was heard"):
        picture_layout(nothing, has_wave=False)
    assert picture_layout(nothing, has_wave=True).lanes == (), "silence can be shown"


@given(
    duration_s=st.floats(0.05, 4000.0),
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20),
    seconds_per_row=st.none() | st.floats(100.0, 600.0),
)
def test_every_time_of_the_recording_stands_in_exactly_one_row(
    duration_s: float, shares: list[float], seconds_per_row: float | None
) -> None:
    layout = picture_layout(data(duration_s), has_wave=True, seconds_per_row=seconds_per_row)
    for time_s in (0.0, duration_s, *(share * duration_s for share in shares)):
        assert [row for row in layout.rows if row.holds(time_s)] == [layout.row_at(time_s)]
        row = layout.row_at(time_s)
        assert row is not None
        assert layout.left_in <= layout.x_in(row, time_s) <= layout.right_in + 1e-6
    assert layout.height_in <= HEIGHT_MAX_IN


def test_marks_shrink_where_rows_are_long() -> None:
    scales = [picture_layout(data(600.0), has_wave=True, seconds_per_row=s).mark_scale for s in (15.0, 20.0, 80.0)]
    assert scales == [1.0, 1.0, pytest.approx(0.5)]


# Words


@pytest.mark.parametrize(
    ("start_s", "end_s", "first", "second"),
    [(0.0, 20.0, "0:00", "0:01"), (58.0, 66.0, "0:58.0", "0:58.5"), (59.0, 60.5, "0:59.0", "0:59.1")],
)
def test_times_are_written_at_round_seconds(start_s: float, end_s: float, first: str, second: str) -> None:
    layout = picture_layout(data(600.0), has_wave=True, start_s=start_s, end_s=end_s)
    ticks = list(time_ticks(layout, layout.rows[0]))
    assert [tick.text for tick in ticks[:2]] == [first, second]
    assert all((after.time_s - before.time_s) * layout.in_per_s > 0.5 for before, after in pairwise(ticks))


def test_the_first_and_the_last_moment_of_a_row_have_a_time_where_they_are_round() -> None:
    layout = picture_layout(data(600.0), has_wave=True)
    ticks = [tick.text for tick in time_ticks(layout, layout.rows[3])]
    assert (ticks[0], ticks[-1]) == ("1:00", "1:20")


def test_every_bar_is_numbered_where_there_is_room() -> None:
    layout = picture_layout(data(40.0), has_wave=True)
    labels = [[label.text for label in bar_labels(layout, row, data(40.0).bars)] for row in layout.rows]
    assert labels == [[str(n) for n in range(1, 11)], [str(n) for n in range(11, 21)]]


def test_a_bar_that_begins_before_the_recording_is_numbered_at_its_beginning_if_there_is_room() -> None:
    early = [PictureBar(number=n + 1, time_s=2.0 * n - 0.5) for n in range(6)]
    layout = picture_layout(data(10.0), has_wave=True)
    labels = bar_labels(layout, layout.rows[0], early)
    assert [(label.text, label.time_s) for label in labels[:2]] == [("1", 0.0), ("2", 1.5)]
    pickup = [PictureBar(number=0, time_s=-1.98), *(PictureBar(number=n + 1, time_s=2.0 * n + 0.02) for n in range(5))]
    layout = picture_layout(data(10.0), has_wave=True)
    assert [label.text for label in bar_labels(layout, layout.rows[0], pickup)][:2] == ["1", "2"]


def test_where_there_is_no_room_every_second_or_fourth_bar_is_numbered_from_the_first() -> None:
    long = data(600.0)
    layout = picture_layout(long, has_wave=True, seconds_per_row=200.0)
    labels = [label.text for label in bar_labels(layout, layout.rows[0], long.bars)]
    assert labels[:3] == ["1", "5", "9"]


def test_a_meter_is_written_where_it_changes_even_if_its_bar_would_have_no_number() -> None:
    long = data(600.0)
    bars = tuple(replace(bar, meter=Meter(7, 8)) if 3 <= bar.number < 9 else bar for bar in long.bars)
    layout = picture_layout(long, has_wave=True, seconds_per_row=200.0)
    labels = [label.text for label in bar_labels(layout, layout.rows[0], bars)]
    assert labels[:4] == ["1", "3  7/8", "9  4/4", "17"], "numbers that have no room beside a change give way"


@given(st.lists(st.floats(0.0, 60.0), max_size=60).map(sorted), st.sampled_from([None, 30.0, 60.0]))
def test_numbers_never_touch(starts_s: list[float], seconds_per_row: float | None) -> None:
    bars = [PictureBar(number=n + 1, time_s=start_s) for n, start_s in enumerate(starts_s)]
    layout = picture_layout(data(60.0), has_wave=True, seconds_per_row=seconds_per_row)
    for row in layout.rows:
        for before, after in pairwise(bar_labels(layout, row, bars)):
            assert (after.time_s - before.time_s) * layout.in_per_s > 0.07 * len(before.text)


def test_lines_that_would_run_together_are_left_out() -> None:
    layout = picture_layout(data(3600.0), has_wave=True, seconds_per_row=600.0)
    assert not lines_fit(layout, [n * 0.5 for n in range(100)])
    assert lines_fit(layout, [n * 2.0 for n in range(100)])
    assert lines_fit(layout, [])


def test_words_that_are_too_long_end_in_an_ellipsis() -> None:
    assert shorten("a short one", 20) == "a short one"
    assert shorten("a word too many", 8) == "a word…"
