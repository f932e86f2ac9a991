from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from backbeat.osc import (
    MAX_MESSAGES,
    MAX_PACKET_BYTES,
    OscMessage,
    message_to_packet,
    messages_to_bundles,
    packet_to_messages,
)


def packet(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def test_a_message_is_read_with_all_its_arguments() -> None:
    (message,) = packet_to_messages(packet("/backbeat/x", "träck", 3, 0.5, True, None, b"blob", [1, "a"]))
    assert message.address == "/backbeat/x"
    assert message.arguments == ("träck", 3, 0.5, True, None, b"blob", [1, "a"])


def test_messages_are_read_out_of_bundles_in_bundles_in_order() -> None:
    def bundle(*contents: bytes) -> bytes:
        return b"#bundle\0" + struct.pack(">Q", 1) + b"".join(struct.pack(">i", len(c)) + c for c in contents)

    nested = bundle(packet("/a"), bundle(packet("/b"), packet("/c")), packet("/d"))
    assert [m.address for m in packet_to_messages(nested)] == ["/a", "/b", "/c", "/d"]
    builder = OscBundleBuilder(IMMEDIATELY)
    builder.add_content(OscMessageBuilder("/e").build())
    assert [m.address for m in packet_to_messages(builder.build().dgram)] == ["/e"]


def deep(levels: int) -> bytes:
    inner = packet("/a")
    for _ in range(levels):
        inner = b"#bundle\0" + struct.pack(">Q", 1) + struct.pack(">i", len(inner)) + inner
    return inner


def test_bundles_three_thousand_deep_do_no_harm() -> None:
    assert [m.address for m in packet_to_messages(deep(3000))] == ["/a"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin with an address"),
        (b"\0" * 64, "does not begin with an address"),
        (b"hello", "does not begin with an address"),
        (b"/", "cut off"),
        (b"/backbeat/ping", "cut off"),
        (b"/a\0\0xyz\0", "does not say the types"),
        (b"/a\0\0,ii\0\0\0\0\1", "cut off"),
        (b"/a\0\0,c\0\0\0\0\0A", "type 'c'"),
        (b"/a\0\0,[i\0\0\0\0\1", "type letters"),
        (b"/a\0\0,s\0\0\xff\xfe\0\0", "not UTF-8"),
        (b"/\xff\0\0", "not UTF-8"),
        (b"/" + b"a" * 65_000, "cut off"),
        (b"#bundle\0", "middle of its head"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\x40/a\0\0", "middle of a message"),
        (b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff/a\0\0", "middle of a message"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0\4/a\0\0" * (MAX_MESSAGES + 1), "more than 1024 messages"),
        (b"/a\0\0," + b"T" * 1001 + b"\0\0", "too many"),
    ],
)
def test_malformed_packets_are_told_apart_in_words(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        packet_to_messages(data)


def test_a_program_that_we_ask_may_answer_with_more_arguments() -> None:
    packet = b"/a\0\0," + b"T" * 1000 + b"\0" * 3
    (message,) = packet_to_messages(packet, max_arguments=1000)
    assert message.arguments == (True,) * 1000
    with pytest.raises(ValueError, match="too many"):
        packet_to_messages(packet, max_arguments=999)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"/a\0\0," + tail)))
@example(b"/a\0\0,t\0\0" + b"\xff" * 8)
@example(b"/a\0\0,bs\0" + struct.pack(">i", -8))
@example(b"/a\0\0,b\0\0" + struct.pack(">i", -(2**31)))
def test_random_bytes_give_messages_or_a_value_error(data: bytes) -> None:
    try:
        messages = packet_to_messages(data)
    except ValueError:
        return
    assert all(message.address.startswith("/") for message in messages)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("s"), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)),
            st.tuples(st.just("i"), st.integers(-(2**31), 2**31 - 1)),
            st.tuples(st.just("f"), st.floats(width=32, allow_nan=False)),
        ),
        max_size=10,
    )
)
def test_what_is_sent_is_read_back_by_ourselves_and_by_python_osc(pairs: list[tuple[str, object]]) -> None:
    message = OscMessage(
        address="/backbeat/x", arguments=tuple(value for _, value in pairs), types="".join(letter for letter, _ in pairs)
    )
    data = message_to_packet(message)
    (read,) = packet_to_messages(data)
    assert (read.address, read.arguments) == (message.address, message.arguments)
    assert tuple(OscPacket(data).messages[0].message.params) == message.arguments


def test_long_strings_are_cut_so_that_a_packet_never_exceeds_its_limit() -> None:
    message = OscMessage(address="/backbeat/x", arguments=("ä" * 9000, "short", "b" * 9000), types="sss")
    data = message_to_packet(message)
    assert 8000 < len(data) <= MAX_PACKET_BYTES
    (read,) = packet_to_messages(data)
    assert read.arguments[1] == "short"
    assert read.arguments[0].endswith("ä...")


def test_file_names_that_are_no_utf8_and_zero_bytes_can_be_sent() -> None:
    (read,) = packet_to_messages(message_to_packet(OscMessage(address="/x", arguments=("/b/\udcff.wav", "a\0b"), types="ss")))
    assert read.arguments == ("/b/?.wav", "ab")


@pytest.mark.parametrize(("value", "letter"), [("text", "i"), (2**40, "i"), (1e300, "f")])
def test_a_value_that_does_not_fit_its_type_is_a_value_error(value: object, letter: str) -> None:
    with pytest.raises(ValueError, match="/x cannot be sent"):
        message_to_packet(OscMessage(address="/x", arguments=(value,), types=letter))


def test_many_messages_are_packed_into_bundles_within_the_limit_and_lose_nothing() -> None:
    messages = [OscMessage(address="/x", arguments=(n, "y" * (n % 50)), types="is") for n in range(2000)]
    bundles = list(messages_to_bundles(messages))
    assert all(len(bundle) <= MAX_PACKET_BYTES for bundle in bundles)
    assert len(bundles) < 20
    read = [m.message.params[0] for bundle in bundles for m in OscPacket(bundle).messages]
    assert read == list(range(2000))
    assert list(messages_to_bundles([])) == []
