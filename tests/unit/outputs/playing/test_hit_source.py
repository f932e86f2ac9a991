from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.playing.hit_source import HitList, Upcoming
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument


def hit(time_s: float, instrument: Instrument = Instrument.KICK) -> Hit:
    return Hit(time_s, instrument, 100, 1.0)


@given(st.lists(st.floats(0, 10)), st.floats(-1, 11))
def test_a_list_gives_what_is_at_a_place_and_after_it(times_s: list[float], from_s: float) -> None:
    source = HitList(hits_from_rows([hit(time_s) for time_s in times_s], engine="test"))
    given_s = [found.time_s for found in source.hits_from(from_s) if found]
    assert given_s == sorted(time_s for time_s in times_s if time_s >= from_s)


def test_what_is_not_known_yet_is_asked_for_again() -> None:
    upcoming = Upcoming(iter([None, hit(1.0), None, hit(2.0)]), {Instrument.KICK})
    assert upcoming.peek() is None
    assert not upcoming.is_over
    assert upcoming.peek() == hit(1.0)
    assert upcoming.peek() == hit(1.0), "until it is taken"
    upcoming.take()
    assert upcoming.peek() is None
    assert upcoming.peek() == hit(2.0)
    upcoming.take()
    assert upcoming.peek() is None
    assert upcoming.is_over


def test_instruments_that_are_not_played_are_passed_over() -> None:
    upcoming = Upcoming(iter([hit(1.0, Instrument.CHINA), hit(2.0)]), {Instrument.KICK})
    assert upcoming.peek() == hit(2.0)
