from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.sensitivity import AS_SHIPPED, GROUPS, Sensitivity
from backbeat.values import Instrument

NAMES = [*GROUPS, *Instrument]
levels = st.integers(0, 100)
written = st.tuples(st.none() | levels, st.dictionaries(st.sampled_from(NAMES), levels)).filter(lambda given: given != (None, {}))


def text_of(overall: int | None, named: dict[str, int]) -> str:
    return ", ".join(([] if overall is None else [str(overall)]) + [f"{name}={level}" for name, level in named.items()])


def test_it_is_as_shipped_unless_told() -> None:
    assert {Sensitivity().level(instrument) for instrument in Instrument} == {AS_SHIPPED}
    assert Sensitivity.parse("50") == Sensitivity()


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (60, "60"),
        (62.4, "62"),
        (" 60 ", "60"),
        ("60, hat=70, ride=80", "60, hihat=70, ride=80"),
        ("kick=40,60", "60, kick=40"),
        ("Tom Low = 70", "50, tom_low=70"),
        ("60, kick=60", "60"),
        ("hihat_open=30, hats=70", "50, hihat_closed=70, hihat_pedal=70, hihat_open=30"),
        ("ride=70, ride_bell=70", "50, rides=70"),
        ("cymbals=70, ride=50", "50, crashes=70, ride_bell=70"),
        ("cymbals=70, crashes=50", "50, rides=70"),
        ("all=30, china=90", "30, china=90"),
    ],
)
def test_it_is_read_as_people_write_it_and_written_as_short_as_it_can_be(text: object, short: str) -> None:
    assert str(Sensitivity.parse(text)) == short


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a level is missing: write it like 60, or 60, hihat=70, kick=40"),
        ("60,", "a level is missing"),
        ("hat=", "'' is not a level from 0 to 100"),
        ("loud", "'loud' is not a level from 0 to 100"),
        (True, "'True' is not a level"),
        (None, "'None' is not a level"),
        ("101", "101 is outside 0 to 100"),
        ("kick=-1", "-1 is outside 0 to 100"),
        ("nan", "nan is outside 0 to 100"),
        ("snair=40", "'snair' is not an instrument: did you mean snare?"),
        ("cowbell=40", "'cowbell' is not an instrument: there are toms, hihat, rides, crashes, cymbals, kick, snare,"),
        ("=40", "'' is not an instrument"),
        ("60, 70", "the level of all instruments is given twice"),
        ("hat=60, hihat=70", "hihat is given twice"),
    ],
)
def test_a_mistake_is_told_in_words(text: object, words: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the sentence is looked at
        Sensitivity.parse(text)
    assert words in str(raised.value)


@given(written)
def test_what_is_written_is_read_again_as_the_same(given_: tuple[int | None, dict[str, int]]) -> None:
    sensitivity = Sensitivity.parse(text_of(*given_))
    assert Sensitivity.parse(str(sensitivity)) == sensitivity
    assert Sensitivity.parse(sensitivity) is sensitivity


@given(written, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(given_: tuple[int | None, dict[str, int]], random: object) -> None:
    parts = text_of(*given_).split(", ")
    random.shuffle(parts)
    assert Sensitivity.parse(", ".join(parts)) == Sensitivity.parse(text_of(*given_))


@given(written)
def test_what_names_fewer_instruments_goes_before_what_names_more(given_: tuple[int | None, dict[str, int]]) -> None:
    overall, named = given_
    sensitivity = Sensitivity.parse(text_of(overall, named))
    for instrument in Instrument:
        names = [name for name in named if instrument in GROUPS.get(name, (name,))]
        nearest = min(names, key=lambda name: len(GROUPS.get(name, (name,))), default=None)
        expected = named[nearest] if nearest else AS_SHIPPED if overall is None else overall
        assert sensitivity.level(instrument) == expected
