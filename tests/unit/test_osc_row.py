from __future__ import annotations

import pytest

from backbeat.osc_row import OscRow, parse_osc_rows
from backbeat.values import Instrument

STROBE = {"to": "127.0.0.1:9000", "instrument": "kick", "address": "/lights/strobe", "arguments": ["level"]}


def test_a_row_says_which_hits_go_where_as_what() -> None:
    assert parse_osc_rows([STROBE]) == (
        OscRow(to="127.0.0.1:9000", instrument=(Instrument.KICK,), address="/lights/strobe", arguments=("level",)),
    )


def test_what_a_row_leaves_out_is_all_drums_with_their_velocity() -> None:
    (row,) = parse_osc_rows([{"to": "localhost:9000", "address": "/drum/{instrument}/{note}"}])
    assert (row.host, row.port, row.arguments) == ("127.0.0.1", 9000, ("velocity",))
    assert all(row.fits(instrument) for instrument in Instrument)


def test_several_drums_and_numbers_are_taken() -> None:
    (row,) = parse_osc_rows([STROBE | {"instrument": ["kick", "snare"], "arguments": [1, 0.5, "time"]}])
    assert [instrument for instrument in Instrument if row.fits(instrument)] == [Instrument.KICK, Instrument.SNARE]
    assert row.arguments == (1, 0.5, "time")


def test_rows_can_be_written_as_text_for_the_environment() -> None:
    assert parse_osc_rows('[{to = "[::1]:9000", address = "/hit"}]') == (OscRow(to="[::1]:9000", address="/hit"),)
    assert parse_osc_rows("") == ()


@pytest.mark.parametrize(("to", "own"), [("127.0.0.1:1", True), ("[::1]:1", True), ("192.168.1.20:1", False)])
def test_this_computer_is_known(to: str, *, own: bool) -> None:
    assert parse_osc_rows([STROBE | {"to": to}])[0].is_for_this_computer is own


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": "studio:9000"}, "row 2: to: 'studio:9000' is not an address in numbers and a port"),
        ({"to": "127.0.0.1"}, "is not an address in numbers and a port"),
        ({"to": "127.0.0.1:0"}, "'0' is not a port from 1 to 65535"),
        ({"to": "127.0.0.1:99999"}, "'99999' is not a port"),
        ({"instrument": "kik"}, "there is no drum 'kik', did you mean kick?"),
        ({"instrument": 36}, "there is no drum 36"),
        ({"address": "lights"}, "'lights' is not an OSC address"),
        ({"address": "/drum/{name}"}, "is not an OSC address"),
        ({"address": "/two words"}, "is not an OSC address"),
        ({"address": "/lights/"}, "is not an OSC address"),
        ({"arguments": ["speed"]}, "there is no 'speed', only velocity"),
        ({"arguments": ["velocty"]}, "did you mean velocity?"),
        ({"arguments": [True]}, "True is neither a name nor a number"),
        ({"arguments": [2**31]}, "is too large"),
        ({"adress": "/x"}, "there is no 'adress', did you mean address?"),
    ],
)
def test_a_mistake_is_told_with_its_row(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match="row 2: ") as caught:
        parse_osc_rows([STROBE, STROBE | wrong])
    assert words in str(caught.value)


@pytest.mark.parametrize("missing", ["to", "address"])
def test_receiver_and_address_have_to_be_there(missing: str) -> None:
    with pytest.raises(ValueError, match=f"'{missing}' is missing"):
        parse_osc_rows([{key: value for key, value in STROBE.items() if key != missing}])


@pytest.mark.parametrize("value", [5, {"to": "x"}, ["x"], "nonsense"])
def test_what_is_no_list_of_rows_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"\[\[osc.send\]\]|read as TOML"):
        parse_osc_rows(value)
