"""A row of `[[osc.send]]`: which hits go to whom, at which OSC address, with which arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address

from backbeat.toml_text import TOMLDecodeError, parse_toml
from backbeat.values import Instrument

ARGUMENTS = ("velocity", "level", "note", "instrument", "time", "confidence", "job")
"""What a hit can be told by: velocity 1..127, level is the same as 0..1, time in seconds of the recording."""

TIME = "time"
KEYS = ("to", "instrument", "address", "arguments")
EVERY = "all"
_PLACEHOLDERS = re.compile(r"\{(?:instrument|note)\}")
_ADDRESS = re.compile(r"(?:/[!-~]+)+")
_RESERVED = "#*,?[]{} "
"""In an OSC address these mean something else."""


@dataclass(frozen=True, kw_only=True)
class OscRow:
    """Which hits are sent where, as what.

    to: `address:port`, the address in numbers. instrument: the drums whose hits are meant; none: all.
    address: of OSC; `{instrument}` and `{note}` stand for the hit's own.
    arguments: names out of ARGUMENTS, or numbers that are sent as they are.
    """

    to: str
    instrument: tuple[Instrument, ...] = ()
    address: str
    arguments: tuple[str | int | float, ...] = ("velocity",)

    @property
    def host(self) -> str:
        return self.to.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.to.rpartition(":")[2])

    @property
    def is_for_this_computer(self) -> bool:
        return ip_address(self.host).is_loopback

    def fits(self, instrument: Instrument) -> bool:
        return not self.instrument or instrument in self.instrument


def parse_osc_rows(value: object) -> tuple[OscRow, ...]:
    """Rows as TOML has them, or the same as text. Raises ValueError that names the row, counted from 1."""
    if isinstance(value, str):
        value = _read(value)
    if not isinstance(value, list | tuple) or not all(isinstance(entry, Mapping) for entry in value):
        raise ValueError("rows are written as [[osc.send]], with two brackets, once for each row")
    rows = []
    for number, entry in enumerate(value, start=1):
        try:
            rows.append(_row(entry))
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
    return tuple(rows)


def _read(text: str) -> object:
    try:
        return parse_toml(f"rows = {text.strip() or '[]'}")["rows"]
    except TOMLDecodeError:
        raise ValueError('text is read as TOML, such as [{to = "127.0.0.1:9000", address = "/hit"}]') from None


def _row(entry: Mapping[str, object]) -> OscRow:
    for key in entry:
        if key not in KEYS:
            raise ValueError(f"there is no {key!r}, {_did_you_mean(key, KEYS)}")
    for key in ("to", "address"):
        if key not in entry:
            raise ValueError(f"{key!r} is missing")
    return OscRow(
        to=_to(entry["to"]),
        instrument=_instruments(entry.get("instrument", EVERY)),
        address=_address(entry["address"]),
        arguments=_arguments(entry.get("arguments", OscRow.arguments)),
    )


def _to(value: object) -> str:
    host, _, port = str(value).strip().rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"to: {value!r} is not an address in numbers and a port, such as 127.0.0.1:9000") from None
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(f"to: {port!r} is not a port from 1 to 65535")
    return f"{host}:{int(port)}"


def _instruments(value: object) -> tuple[Instrument, ...]:
    names = list(value) if isinstance(value, list | tuple) else [value]
    if names == [EVERY]:
        return ()
    for name in names:
        if name not in tuple(Instrument):
            raise ValueError(f"instrument: there is no drum {name!r}, {_did_you_mean(str(name), (*Instrument, EVERY))}")
    return tuple(dict.fromkeys(Instrument(str(name)) for name in names))


def _address(value: object) -> str:
    text = str(value)
    plain = _PLACEHOLDERS.sub("x", text)
    if not _ADDRESS.fullmatch(plain) or set(plain) & set(_RESERVED) or plain.endswith("/"):
        raise ValueError(
            f"address: {text!r} is not an OSC address, such as /lights/strobe or /drum/{{instrument}} or /note/{{note}}"
        )
    return text


def _arguments(value: object) -> tuple[str | int | float, ...]:
    return tuple(_argument(one) for one in (value if isinstance(value, list | tuple) else [value]))


def _argument(value: object) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"arguments: {value!r} is neither a name nor a number")  # noqa: TRY004 - one kind for callers
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise ValueError(f"arguments: {value} is too large")
    if isinstance(value, str) and value not in ARGUMENTS:
        raise ValueError(f"arguments: there is no {value!r}, {_did_you_mean(value, ARGUMENTS)}")
    return value


def _did_you_mean(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"only {', '.join(known)}"
