from __future__ import annotations

import pytest

from backbeat.osc import OscMessage, Peer, message_to_packet, packet_to_messages
from backbeat.osc_row import ARGUMENTS, parse_osc_rows
from backbeat.outputs.hits_to_rows import hit_to_messages, hits_to_rows
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument

KICK = Hit(1.5, Instrument.KICK, 127, 0.75)
SNARE = Hit(2.0, Instrument.SNARE, 64, 0.5)
LIGHTS, PADS = Peer("127.0.0.1", 9000), Peer("127.0.0.1", 9001)
ROWS = parse_osc_rows(
    [
        {"to": "127.0.0.1:9000", "instrument": "kick", "address": "/lights/strobe", "arguments": ["level", 1, 0.5]},
        {"to": "127.0.0.1:9001", "address": "/drum/{instrument}/{note}", "arguments": ["velocity", "time"]},
    ]
)


def test_each_row_that_means_a_hit_sends_it_in_its_own_words() -> None:
    assert list(hit_to_messages(ROWS, "7", KICK, 36)) == [
        (LIGHTS, OscMessage(address="/lights/strobe", arguments=(1.0, 1, 0.5), types="fif")),
        (PADS, OscMessage(address="/drum/kick/36", arguments=(127, 1.5), types="if")),
    ]
    assert [peer for peer, _ in hit_to_messages(ROWS, "7", SNARE, 38)] == [PADS]


def test_every_argument_can_be_sent() -> None:
    rows = parse_osc_rows([{"to": "127.0.0.1:9000", "address": "/all", "arguments": list(ARGUMENTS)}])
    ((_, message),) = hit_to_messages(rows, "7", SNARE, 38)
    (read,) = packet_to_messages(message_to_packet(message))
    assert dict(zip(ARGUMENTS, read.arguments, strict=True)) == {
        "velocity": 64,
        "level": pytest.approx(64 / 127),
        "note": 38,
        "instrument": "snare",
        "time": 2.0,
        "confidence": 0.5,
        "job": "7",
    }


def test_as_data_only_rows_with_the_time_are_sent_and_drums_without_a_note_are_left_out() -> None:
    hits = hits_from_rows([KICK, SNARE], engine="test")
    found = hits_to_rows(ROWS, "7", hits, {Instrument.SNARE: 38})
    assert found == {PADS: [OscMessage(address="/drum/snare/38", arguments=(64, 2.0), types="if")]}
