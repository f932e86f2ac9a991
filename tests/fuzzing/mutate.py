"""Valid files made wrong: in their numbers, their sizes, their order, their text."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzzing.target import Target

INTERESTING = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
"""Ends of ranges, where sizes and counts are compared."""


def mutate(seed: bytes, random: Random, target: Target, others: Sequence[bytes]) -> bytes:
    """One to eight changes of `seed`; parts may come from `others`, words from the target's tokens."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        random.choice(_CHANGES)(data, random, others, target.tokens or (b"\0",))
        del data[target.longest_bytes :]
    return bytes(data)


def _place(data: bytearray, random: Random) -> int:
    """Any place; more often near the beginning, where headers are."""
    return random.randrange(min(len(data), 128 if random.random() < 0.6 else len(data)) + 1)


def _flip_bit(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    if data:
        data[_place(data, random) % len(data)] ^= 1 << random.randrange(8)


def _put_number(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    size = random.choice("BHIQ")
    at = _place(data, random) & (~3 if random.random() < 0.7 else ~0)
    number = random.choice((random.choice(INTERESTING), random.randrange(2**64), len(data), len(data) - at))
    packed = struct.pack(random.choice("<>") + size, number % (1 << 8 * struct.calcsize(size)))
    data[at : at + len(packed)] = packed


def _add_to_number(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    if len(data) >= 4:
        at = _place(data, random) % (len(data) - 3)
        order = random.choice(("little", "big"))
        number = int.from_bytes(data[at : at + 4], order) + random.randint(-16, 16)
        data[at : at + 4] = (number % 2**32).to_bytes(4, order)


def _cut(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    del data[_place(data, random) :]


def _take_out(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    at = _place(data, random)
    del data[at : at + random.choice((1, 2, 4, 8, 64))]


def _repeat(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    at = _place(data, random)
    data[at:at] = data[at : at + random.choice((1, 4, 8, 24, 512))] * random.choice((1, 2, 100, 3000))


def _splice(data: bytearray, random: Random, others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    other = random.choice(others)
    data[_place(data, random) :] = other[random.randrange(len(other) + 1) :]


def _put_token(data: bytearray, random: Random, _others: Sequence[bytes], tokens: Sequence[bytes]) -> None:
    at, token = _place(data, random), random.choice(tokens)
    data[at : at + random.choice((0, len(token)))] = token * random.choice((1, 1, 1, 2, 5000))


def _noise(data: bytearray, random: Random, _others: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    at = _place(data, random)
    data[at : at + random.choice((0, 4))] = random.randbytes(random.choice((1, 4, 16)))


_Change = Callable[[bytearray, Random, Sequence[bytes], Sequence[bytes]], None]
_CHANGES: tuple[_Change, ...] = (
    *(_flip_bit, _put_number, _put_number, _put_number, _add_to_number, _cut, _take_out, _repeat, _splice),
    *(_put_token, _put_token, _noise),
)
