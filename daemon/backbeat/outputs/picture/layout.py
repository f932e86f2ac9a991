"""Where everything in the summary picture stands: inches from the top left corner, computed without drawing."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backbeat.errors import OutputError
from backbeat.outputs.picture.data import PictureBar, PictureData
from backbeat.values import Instrument

WIDTH_IN = 14.0
HEIGHT_MAX_IN = 120.0
"""At 110 dots per inch 13 200 pixels: what every viewer opens, in about 80 MB of memory."""

SECONDS_PER_ROW = 20.0
"""Sixteenths at 120 BPM are then a twelfth of an inch apart: about the width of a mark."""

TITLE_LETTERS, NOTE_LETTERS = 70, 135
"""What of the title and of the notes has room beside the legend."""

_LEFT_IN, _RIGHT_IN = 1.15, 0.3
_HEAD_IN = 0.9
_BAR_NUMBERS_IN = 0.24
_WAVE_IN = 0.55
_LANE_IN = 0.2
_TIMES_IN = 0.36
_FOOT_IN = 0.1

_LINES_APART_IN = 0.04
_LABELS_APART_IN = 0.12
_LETTER_IN = 0.075
_TICKS_APART_IN = 0.55
_TICK_STEPS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the picture: a stretch of time, and the heights (inches from the top) of its parts.

    start_s, end_s: seconds. top_in: of the bars' numbers; wave_in: of the waveform's strip; lanes_in: of the first lane;
    bottom_in: of the last one.
    """

    start_s: float
    end_s: float
    top_in: float
    wave_in: float
    lanes_in: float
    bottom_in: float

    def holds(self, time_s: float) -> bool:
        """Whether the time is in this row; one on the border is in the next."""
        return self.start_s <= time_s < self.end_s


@dataclass(frozen=True, kw_only=True)
class Label:
    """A word at a time."""

    time_s: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The whole picture. lanes: from top to bottom. has_wave: whether rows have a strip for the waveform."""

    rows: tuple[Row, ...]
    lanes: tuple[Instrument, ...]
    has_wave: bool
    seconds_per_row: float

    width_in: float = WIDTH_IN
    left_in: float = _LEFT_IN
    lane_in: float = _LANE_IN

    @property
    def height_in(self) -> float:
        return self.rows[-1].bottom_in + _TIMES_IN + _FOOT_IN

    @property
    def right_in(self) -> float:
        return self.width_in - _RIGHT_IN

    @property
    def in_per_s(self) -> float:
        return (self.right_in - self.left_in) / self.seconds_per_row

    def x_in(self, row: Row, time_s: float) -> float:
        """Where a time stands in its row."""
        return self.left_in + (time_s - row.start_s) * self.in_per_s

    @property
    def mark_scale(self) -> float:
        """How large marks are, 0..1: smaller where long rows leave them less room."""
        return min(1.0, math.sqrt(self.in_per_s * SECONDS_PER_ROW / (self.right_in - self.left_in)))

    def row_at(self, time_s: float) -> Row | None:
        """The row that shows a time; None where it is outside the picture."""
        row = self.rows[max(bisect_right(self.rows, time_s, key=lambda row: row.start_s) - 1, 0)]
        return row if row.holds(time_s) else None

    def lane_middle_in(self, row: Row, instrument: Instrument) -> float:
        """The height of a lane's middle line."""
        return row.lanes_in + (self.lanes.index(instrument) + 0.5) * self.lane_in


def picture_layout(
    data: PictureData,
    *,
    has_wave: bool,
    start_s: float = 0.0,
    end_s: float | None = None,
    seconds_per_row: float | None = None,
) -> Layout:
    """Lay out the stretch from `start_s` to `end_s` (seconds; None: to the end of the recording).

    Without `seconds_per_row` rows are about as long as one another, at most 20 s, and longer where the picture would become
    too high. Raises OutputError when the stretch is empty or the rows would be too many.
    """
    end_s = data.duration_s if end_s is None else min(end_s, data.duration_s)
    length_s = end_s - start_s
    shown = {hit.instrument for hit in data.hits if start_s <= hit.time_s <= end_s}
    lanes = tuple(instrument for instrument in Instrument if instrument in shown)
    if length_s <= 0 or not (lanes or has_wave or any(start_s <= beat_s <= end_s for beat_s in data.beats_s)):
        raise _nothing_to_draw(data, start_s, end_s)
    row_in = _BAR_NUMBERS_IN + (_WAVE_IN if has_wave else 0.0) + max(len(lanes), 1) * _LANE_IN + _TIMES_IN
    rows_max = int((HEIGHT_MAX_IN - _HEAD_IN - _FOOT_IN) / row_in)
    if seconds_per_row is None:
        seconds_per_row = _even_rows_s(length_s, rows_max)
    count = _row_count(length_s, seconds_per_row)
    if count > rows_max:
        raise OutputError(
            f"With {seconds_per_row:g} s in a row the picture would be {count} rows high; {rows_max} fit.",
            advice=f"Take at least {math.ceil(length_s / rows_max)} s per row, or a part of the recording with --from and --to.",
        )
    rows = []
    for n in range(count):
        top_in = _HEAD_IN + n * row_in
        wave_in = top_in + _BAR_NUMBERS_IN
        lanes_in = wave_in + (_WAVE_IN if has_wave else 0.0)
        rows.append(
            Row(
                start_s=start_s + n * seconds_per_row,
                end_s=start_s + (n + 1) * seconds_per_row if n < count - 1 else math.nextafter(end_s, math.inf),
                top_in=top_in,
                wave_in=wave_in,
                lanes_in=lanes_in,
                bottom_in=lanes_in + max(len(lanes), 1) * _LANE_IN,
            )
        )
    return Layout(rows=tuple(rows), lanes=lanes, has_wave=has_wave, seconds_per_row=seconds_per_row)


def _even_rows_s(length_s: float, rows_max: int) -> float:
    """Seconds per row so that the last row is not much shorter than the others; whole ones where there are several rows."""
    count = min(_row_count(length_s, SECONDS_PER_ROW), rows_max)
    return length_s if count == 1 else float(math.ceil(length_s / count))


def _row_count(length_s: float, seconds_per_row: float) -> int:
    return max(1, math.ceil(length_s / seconds_per_row - 1e-9))


def _nothing_to_draw(data: PictureData, start_s: float, end_s: float) -> OutputError:
    if start_s >= data.duration_s > 0:
        return OutputError(
            f"There is nothing to draw from {start_s:g} s on: {data.title} is {data.duration_s:.1f} s long.",
            advice="Choose an earlier --from.",
        )
    if start_s >= end_s > 0:
        return OutputError(f"There is nothing to draw from {start_s:g} to {end_s:g} s.", advice="Choose --to after --from.")
    return OutputError(
        f"There is nothing to draw: nothing was heard there in {data.title}, and its recording is not at hand.",
        advice="Put the recording back to where it was, or beside its result.",
    )


def shorten(text: str, letters: int) -> str:
    """`text`, with an ellipsis in place of its end where it has more than so many letters."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def time_ticks(layout: Layout, row: Row) -> Iterator[Label]:
    """Times below a row, `m:ss`, at round seconds and not too close."""
    step_s = next((s for s in _TICK_STEPS_S if s * layout.in_per_s >= _TICKS_APART_IN), _TICK_STEPS_S[-1])
    for n in range(math.ceil(row.start_s / step_s - 1e-9), math.floor(row.end_s / step_s + 1e-9) + 1):
        yield Label(time_s=n * step_s, text=_clock(n * step_s, digits=0 if step_s >= 1 else 1))


def _clock(seconds: float, *, digits: int) -> str:
    minutes, rest = divmod(round(seconds, digits), 60)
    return f"{minutes:.0f}:{rest:0{2 if not digits else 3 + digits}.{digits}f}"


def lines_fit(layout: Layout, times_s: Sequence[float]) -> bool:
    """Whether lines at these times (rising) are far enough apart, by their median, to be told from a grey area."""
    gaps = sorted(after - before for before, after in pairwise(times_s))
    return not gaps or gaps[len(gaps) // 2] * layout.in_per_s >= _LINES_APART_IN


def bar_labels(layout: Layout, row: Row, bars: Sequence[PictureBar]) -> list[Label]:
    """The numbers above a row: each bar, or each 2nd, 4th ... from the first where they would touch; meters where they change.

    A bar that begins before the recording has its number at the beginning.
    """
    step = _bar_step(layout, bars)
    wanted: list[tuple[bool, Label]] = []
    before = None
    for bar in bars:
        changes = before is not None and bar.meter is not None and bar.meter != before
        if row.holds(bar.time_s) and (changes or (bar.number - 1) % step == 0):
            text = f"{bar.number}  {bar.meter}" if changes else str(bar.number)
            wanted.append((changes, Label(time_s=bar.time_s, text=text)))
        before = bar.meter or before
    if row.start_s == 0.0 and (begun := [bar for bar in bars if bar.time_s < 0.0]):
        wanted.append((False, Label(time_s=0.0, text=str(begun[-1].number))))
    placed: list[Label] = []
    for _, label in sorted(wanted, key=lambda one: not one[0]):  # changes first: they find room
        if not any(_touch(layout, label, other) for other in placed):
            placed.append(label)
    return sorted(placed, key=lambda label: label.time_s)


def _bar_step(layout: Layout, bars: Sequence[PictureBar]) -> int:
    gaps = sorted(after.time_s - before.time_s for before, after in pairwise(bars))
    if not gaps:
        return 1
    gap_in = gaps[len(gaps) // 2] * layout.in_per_s
    room_in = len(str(bars[-1].number)) * _LETTER_IN + _LABELS_APART_IN
    step = 1
    while step * gap_in < room_in and step < len(bars):
        step *= 2
    return step


def _touch(layout: Layout, one: Label, other: Label) -> bool:
    left, right = sorted((one, other), key=lambda label: label.time_s)
    return (right.time_s - left.time_s) * layout.in_per_s < len(left.text) * _LETTER_IN + _LABELS_APART_IN
