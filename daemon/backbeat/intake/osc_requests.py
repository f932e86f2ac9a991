"""What can be asked for over OSC: the table of addresses, and messages turned into requests by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from backbeat.osc import OscMessage, Peer
from backbeat.settings import parse_options

PLACES_MAX = 100_000
"""Tracks or slots that nobody has in a set."""

SWITCH_WORDS = {"loop": True, "on": True, "yes": True, "true": True, "off": False, "no": False, "false": False, "once": False}


@dataclass(frozen=True, kw_only=True)
class OscRequest:
    """Something that `sender` asks for; answers go there."""

    sender: Peer


@dataclass(frozen=True, kw_only=True)
class Ping(OscRequest):
    """Ask whether Backbeat is there."""


@dataclass(frozen=True, kw_only=True)
class Transcribe(OscRequest):
    """Transcribe a file, or an http(s) address; the path is as it was sent, not checked against the roots yet.

    options: names and values of `Settings` that differ from the configured ones, parsed.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Repick(OscRequest):
    """Do a finished job again from what was heard, with another sensitivity, note map ...; `options` as in `Transcribe`."""

    job: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cancel(OscRequest):
    """Stop a job."""

    job: str


@dataclass(frozen=True, kw_only=True)
class Status(OscRequest):
    """Ask how far a job is; without one, all that are not finished."""

    job: str | None = None


@dataclass(frozen=True, kw_only=True)
class Subscribe(OscRequest):
    """Send everything that happens to the sender's host; to `port`, or to the port the message came from."""

    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Unsubscribe(OscRequest):
    """The opposite of Subscribe."""

    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Play(OscRequest):
    """Play a job's hits on the MIDI port, from `from_s` seconds on; with `loop` the same part again and again."""

    job: str
    from_s: float = 0.0
    loop: bool = False


@dataclass(frozen=True, kw_only=True)
class StopPlaying(OscRequest):
    """Stop playing."""


@dataclass(frozen=True, kw_only=True)
class SendHits(OscRequest):
    """Send a job's hits to the sender, all at once."""

    job: str


@dataclass(frozen=True, kw_only=True)
class ToLive(OscRequest):
    """Put a job's hits as a clip into the set that is open in Ableton Live.

    track: number from 1, or name; slot: number from 1. None is as configured, 0 for Backbeat to choose.
    """

    job: str
    track: str | None = None
    slot: int | None = None


@dataclass(frozen=True, kw_only=True)
class ChangePreset(OscRequest):
    """Use another note map for what follows."""

    name: str


def _text(value: object) -> str:
    """A string; also a whole number, which is what some programs make of a job's number."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("has to be a text")


def _port(value: object) -> int:
    number = _number(value)
    if not (number.is_integer() and 1 <= number <= 65535):
        raise ValueError("has to be a port, a whole number from 1 to 65535")
    return int(number)


def _place(value: object) -> int:
    number = _number(value)
    if not (number.is_integer() and 0 <= number <= PLACES_MAX):
        raise ValueError("has to be a number as on Live's screen, from 1, or 0 for any")
    return int(number)


def _place_or_name(value: object) -> str:
    return value if isinstance(value, str) else str(_place(value))


def _seconds(value: object) -> float:
    number = _number(value)
    if number < 0:
        raise ValueError("has to be a number of seconds, 0 or more")
    return number


def _switch(value: object) -> bool:
    """0 is off and other numbers are on, as from a button; also words, for those who type them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.lower() in SWITCH_WORDS:
            return SWITCH_WORDS[value.lower()]
        raise ValueError("has to be 1 or 0, or the word loop")
    return _number(value) != 0


def _number(value: object) -> float:
    """A whole number may come as a float and the other way round: Max and TouchOSC do not tell them apart."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("has to be a number")
    return float(value)


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a command: its name in the request, what it is in OSC's letters, and its parser."""

    name: str
    letter: str
    parse: Callable[[object], Any]
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """What an address takes and which request it becomes. options: name-value pairs of settings may follow."""

    request: type[OscRequest]
    arguments: tuple[Argument, ...] = ()
    options: bool = False

    @property
    def usage(self) -> str:
        """The arguments, such as `s:job [f:from_s]`."""
        parts = [f"[{a.letter}:{a.name}]" if a.optional else f"{a.letter}:{a.name}" for a in self.arguments]
        return " ".join([*parts, *(["[s:setting value ...]"] if self.options else [])]) or "no arguments"


_JOB = Argument(name="job", letter="s", parse=_text)
_PORT = Argument(name="port", letter="i", parse=_port, optional=True)

COMMANDS: dict[str, Command] = {
    "/backbeat/ping": Command(request=Ping),
    "/backbeat/transcribe": Command(
        request=Transcribe, arguments=(Argument(name="path", letter="s", parse=_text),), options=True
    ),
    "/backbeat/repick": Command(request=Repick, arguments=(_JOB,), options=True),
    "/backbeat/cancel": Command(request=Cancel, arguments=(_JOB,)),
    "/backbeat/status": Command(
        request=Status, arguments=(Argument(name="job", letter="s", parse=_text, optional=True),)
    ),
    "/backbeat/subscribe": Command(request=Subscribe, arguments=(_PORT,)),
    "/backbeat/unsubscribe": Command(request=Unsubscribe, arguments=(_PORT,)),
    "/backbeat/play": Command(
        request=Play,
        arguments=(
            _JOB,
            Argument(name="from_s", letter="f", parse=_seconds, optional=True),
            Argument(name="loop", letter="i", parse=_switch, optional=True),
        ),
    ),
    "/backbeat/stop": Command(request=StopPlaying),
    "/backbeat/hits": Command(request=SendHits, arguments=(_JOB,)),
    "/backbeat/to_live": Command(
        request=ToLive,
        arguments=(
            _JOB,
            Argument(name="track", letter="i", parse=_place_or_name, optional=True),
            Argument(name="slot", letter="i", parse=_place, optional=True),
        ),
    ),
    "/backbeat/preset": Command(request=ChangePreset, arguments=(Argument(name="name", letter="s", parse=_text),)),
}  # fmt: skip
"""Address to command: all that Backbeat listens to."""


def message_to_request(message: OscMessage, sender: Peer) -> OscRequest:
    """The request that a message makes; raises ValueError, listing every mistake, when it makes none."""
    command = COMMANDS.get(message.address)
    if command is None:
        close = get_close_matches(message.address[:64], COMMANDS, n=1)
        raise ValueError("unknown address" + (f", did you mean {close[0]}?" if close else ""))
    given, rest = message.arguments[: len(command.arguments)], message.arguments[len(command.arguments) :]
    needed = sum(not argument.optional for argument in command.arguments)
    if len(given) < needed or (rest and not command.options):
        raise ValueError(f"got {len(message.arguments)} arguments, takes {command.usage}")
    values, mistakes = _parse(command.arguments, given)
    if command.options:
        values["options"], wrong = _parse_pairs(rest)
        mistakes += wrong
    if mistakes:
        raise ValueError("; ".join(mistakes))
    return command.request(sender=sender, **values)


def _parse(arguments: Sequence[Argument], given: Sequence[object]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for argument, value in zip(arguments, given, strict=False):
        try:
            values[argument.name] = argument.parse(value)
        except ValueError as error:
            mistakes.append(f"{argument.name} {error}, got {_shown(value)}")
    return values, mistakes


def _parse_pairs(rest: Sequence[object]) -> tuple[dict[str, Any], list[str]]:
    """Settings by name: `engine net bpm 120`."""
    names, values = rest[::2], rest[1::2]
    if any(not isinstance(name, str) for name in names):
        return {}, ["settings are given in pairs: a name, then its value"]
    if len(names) != len(values):
        return {}, [f"the setting {_shown(names[-1])} has no value"]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    raw = {str(name): _raw(value) for name, value in zip(names, values, strict=True)}
    parsed, mistakes = parse_options(raw)
    return parsed, mistakes + [f"{name} is given twice" for name in twice]


def _raw(value: object) -> object:
    """A whole number that came as a float, as the parsers of settings want it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
