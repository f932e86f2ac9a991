"""OSC packets to messages and back (Open Sound Control 1.0, over UDP). Wraps python-osc."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pythonosc.osc_message import OscMessage as ForeignMessage
from pythonosc.osc_message import ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.parsing import osc_types

MAX_PACKET_BYTES = 8192
"""Longest packet that we send: what python-osc receives (its server's `max_packet_size`); macOS sends no more than 9216."""

MAX_MESSAGES = 1024
"""Most messages in one bundle that we take."""

MAX_ARGUMENTS = 128

_BUNDLE = b"#bundle\0"
_TIME_TAG_BYTES = 8
_AT_ONCE = struct.pack(">Q", 1)
_READABLE_TYPES = frozenset("ihfdsbrmtTFN[]")
"""Argument types that python-osc reads; at others it goes on in the wrong place."""

_CUT = "..."


class Peer(NamedTuple):
    """Where a packet came from or goes to, in the form that sockets take."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class OscMessage:
    """An address and its arguments: str, int, float, bool, bytes, None or lists of these.

    types: one OSC type letter for each argument; only needed for sending.
    """

    address: str
    arguments: tuple[Any, ...] = ()
    types: str = ""


def packet_to_messages(packet: bytes, *, max_arguments: int = MAX_ARGUMENTS) -> list[OscMessage]:
    """The messages in a packet, in order, out of bundles too (whose times are ignored: do it now).

    max_arguments: most arguments of one message; programs that we ask may answer with long lists.
    Raises ValueError, in words for its sender, when any part of it is malformed.
    """
    messages: list[OscMessage] = []
    waiting = [memoryview(packet)]
    while waiting:
        part = waiting.pop()
        if part[: len(_BUNDLE)] == _BUNDLE:
            waiting.extend(reversed(_bundle_parts(part)))
        else:
            messages.append(_message(bytes(part), max_arguments))
        if len(messages) + len(waiting) > MAX_MESSAGES:
            raise ValueError(f"more than {MAX_MESSAGES} messages in one packet")
    return messages


def message_to_packet(message: OscMessage) -> bytes:
    """At most MAX_PACKET_BYTES; where it would be more, the longest strings are cut. Raises ValueError for wrong types."""
    packet = _encode(message)
    while len(packet) > MAX_PACKET_BYTES:
        message = _cut_longest(message, len(packet) - MAX_PACKET_BYTES)
        packet = _encode(message)
    return packet


def messages_to_bundles(messages: Iterable[OscMessage]) -> Iterable[bytes]:
    """Pack messages into as few packets as will hold them, in order."""
    head = _BUNDLE + _AT_ONCE
    bundle = head
    for message in messages:
        packet = message_to_packet(message)
        part = struct.pack(">i", len(packet)) + packet
        if len(bundle) + len(part) > MAX_PACKET_BYTES and bundle != head:
            yield bundle
            bundle = head
        bundle += part
    if bundle != head:
        yield bundle


def _bundle_parts(bundle: memoryview) -> list[memoryview]:
    start = len(_BUNDLE) + _TIME_TAG_BYTES
    if len(bundle) < start:
        raise ValueError("the bundle ends in the middle of its head")
    parts: list[memoryview] = []
    while start < len(bundle):
        head = bundle[start : start + 4]
        size = int.from_bytes(head, "big", signed=True)
        start += 4
        if len(head) < 4 or not 0 < size <= len(bundle) - start:
            raise ValueError("the bundle ends in the middle of a message")
        parts.append(bundle[start : start + size])
        start += size
        if len(parts) > MAX_MESSAGES:
            raise ValueError(f"more than {MAX_MESSAGES} messages in one packet")
    return parts


def _message(packet: bytes, max_arguments: int) -> OscMessage:
    if not packet.startswith(b"/"):
        raise ValueError("not an OSC message: it does not begin with an address such as /backbeat/ping")
    try:
        _check_types(packet, max_arguments)
        foreign = ForeignMessage(packet)
    except UnicodeDecodeError as error:
        raise ValueError("a text is not UTF-8") from error
    except (ParseError, osc_types.ParseError, OverflowError, IndexError, struct.error) as error:
        raise ValueError("the message is cut off, or its type letters do not fit its arguments") from error
    return OscMessage(address=foreign.address, arguments=tuple(foreign.params))


def _check_types(packet: bytes, max_arguments: int) -> None:
    """Raise ValueError for type letters that python-osc would log and then misread."""
    _, start = osc_types.get_string(packet, 0)
    if start >= len(packet):
        return
    types, _ = osc_types.get_string(packet, start)
    if not types.startswith(","):
        raise ValueError("the message does not say the types of its arguments")
    letters = types[1:]
    unknown = sorted(set(letters) - _READABLE_TYPES)
    if unknown:
        raise ValueError(f"arguments of the type {', '.join(map(repr, unknown))} are not understood")
    if len(letters) > max_arguments:
        raise ValueError(f"{len(letters)} arguments are too many")


def _encode(message: OscMessage) -> bytes:
    builder = OscMessageBuilder(_sendable(message.address))
    for value, letter in zip(message.arguments, message.types, strict=True):
        builder.add_arg(_sendable(value) if isinstance(value, str) else value, letter)
    try:
        packet: bytes = builder.build().dgram
    except (BuildError, osc_types.BuildError, ParseError, struct.error, OverflowError) as error:
        raise ValueError(f"{message.address} cannot be sent: {error}") from error
    return packet


def _sendable(text: str) -> str:
    """File names may hold bytes that are no UTF-8 (as lone surrogates), and nothing in OSC can hold a zero byte."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _cut_longest(message: OscMessage, excess_bytes: int) -> OscMessage:
    """Shorten the longest string, by half at most; raises ValueError when there is none left to shorten."""
    arguments = list(message.arguments)
    strings = [n for n, value in enumerate(arguments) if isinstance(value, str) and len(value) > len(_CUT)]
    if not strings:
        raise ValueError(f"{message.address} does not fit into {MAX_PACKET_BYTES} bytes")
    longest = max(strings, key=lambda n: len(arguments[n].encode("utf-8", "replace")))
    data = arguments[longest].encode("utf-8", "replace")
    excess = min(excess_bytes + 2 * len(_CUT), len(data) // 2 + len(_CUT))
    kept = data[: max(len(data) - excess, 0)].decode("utf-8", "ignore")
    arguments[longest] = kept + _CUT
    return replace(message, arguments=tuple(arguments))
