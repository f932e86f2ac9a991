from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.values import FOUR_FOUR, Meter, OutputKind, Stage

meters = st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]))


@given(meters)
def test_a_meter_reads_what_it_writes(meter: Meter) -> None:
    assert Meter.parse(str(meter)) == meter


@pytest.mark.parametrize(("text", "meter"), [("4/4", FOUR_FOUR), (" 7 / 8 ", Meter(7, 8)), ("12/8", Meter(12, 8))])
def test_meters_are_written_as_musicians_write_them(text: str, meter: Meter) -> None:
    assert Meter.parse(text) == meter


@pytest.mark.parametrize(
    "text", ["", "4", "4/", "/4", "4/5", "0/4", "33/4", "4/64", "4/0", "-3/4", "3.5/4", "4/4/4", "four four", "100/4"]
)
def test_what_is_no_meter_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 4/4"):
        Meter.parse(text)


def test_every_output_has_a_suffix_of_its_own_and_json_is_written_last() -> None:
    suffixes = [kind.suffix for kind in OutputKind]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix.startswith(".") for suffix in suffixes)
    assert list(OutputKind)[-1] is OutputKind.JSON


def test_the_stages_stand_in_the_order_of_the_work() -> None:
    assert list(Stage) == ["read", "separate", "beats", "hits", "midi", "notation"]
