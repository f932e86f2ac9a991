"""What is taken for what."""

from __future__ import annotations

from collections.abc import Sequence

from backbeat.records import Hit
from backbeat.training.evaluation.confusion import CYMBALS, HATS, TOMS, confusion
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short


def played(*strokes: tuple[float, I]) -> list[Stroke]:
    return [Stroke(time_s, instrument, 90) for time_s, instrument in strokes]


def found(*hits: tuple[float, I]) -> list[Hit]:
    return [Hit(time_s, instrument, 90, 0.9) for time_s, instrument in hits]


def nonzero(table: Sequence[Sequence[int]], group: tuple[I, ...]) -> dict[tuple[str, str], int]:
    names = [*group, ""]
    return {(names[r], names[c]): int(n) for r, row in enumerate(table) for c, n in enumerate(row) if n}


def test_an_open_hat_heard_as_a_closed_one_is_one_confusion() -> None:
    table = confusion(played((1.0, I.HIHAT_OPEN)), found((1.01, I.HIHAT_CLOSED)), HATS)
    assert nonzero(table, HATS) == {(I.HIHAT_OPEN, I.HIHAT_CLOSED): 1}


def test_right_ones_are_taken_out_first() -> None:
    """The crash is rightly found, though the ride lies nearer to it: the ride is what was taken for a bell."""
    table = confusion(played((1.0, I.CRASH), (1.02, I.RIDE)), found((0.98, I.RIDE_BELL), (1.03, I.CRASH)), CYMBALS)
    assert nonzero(table, CYMBALS) == {(I.CRASH, I.CRASH): 1, (I.RIDE, I.RIDE_BELL): 1}


def test_missed_and_invented_strokes_are_counted() -> None:
    table = confusion(played((1.0, I.TOM_HIGH), (2.0, I.TOM_LOW)), found((2.2, I.TOM_LOW)), TOMS)
    assert nonzero(table, TOMS) == {(I.TOM_HIGH, ""): 1, (I.TOM_LOW, ""): 1, ("", I.TOM_LOW): 1}


def test_other_instruments_are_left_out() -> None:
    assert not confusion(played((1.0, I.KICK)), found((1.0, I.SNARE)), TOMS).any()


def test_rows_add_up_to_what_was_played_and_columns_to_what_was_found() -> None:
    strokes = played(*((0.1 * k, HATS[k % 3]) for k in range(30)))
    hits = found(*((0.1 * k + 0.01, HATS[k % 2]) for k in range(0, 30, 2)), (9.0, I.HIHAT_PEDAL))
    table = confusion(strokes, hits, HATS)
    assert table[:-1].sum(axis=1).tolist() == [10, 10, 10]
    assert table[:, :-1].sum() == len(hits)
