"""MIDI ports: find, open, make one of our own. Wraps python-rtmidi."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, Protocol

import rtmidi

from backbeat.errors import MidiPortError
from backbeat.outputs.native_noise import without_native_noise

PORT_NAME = "Backbeat"


class Direction(Enum):
    """Which way MIDI goes, as seen from here: the class of python-rtmidi, and the name of our program in patch bays."""

    OUTPUT = (rtmidi.MidiOut, PORT_NAME)
    INPUT = (rtmidi.MidiIn, f"{PORT_NAME} clock")


_LINUX_ADVICE = (
    "Start JACK (or PipeWire's), or load the ALSA sequencer (`sudo modprobe snd-seq`), then play again; "
    "the hits also go out over OSC without a MIDI port."
)
_ADVICE = {
    "win32": "Install loopMIDI, make a port in it, and set midi.port to that port's name.",
    "darwin": "Set midi.virtual = true, or switch on the IAC driver in Audio MIDI Setup.",
    "linux": _LINUX_ADVICE,
}


_INPUT_ADVICE = {
    "win32": "Install loopMIDI, make a port in it, let your DAW send its clock there, and set midi.clock_port to its name.",
    "darwin": "Start Audio MIDI Setup and look whether MIDI works there at all.",
    "linux": "Start JACK (or PipeWire's), or load the ALSA sequencer (`sudo modprobe snd-seq`), then try again.",
}


class MidiOut(Protocol):
    """An open port."""

    def send(self, message: Sequence[int]) -> None:
        """Send one MIDI message's bytes; raises MidiPortError when the port is gone."""

    def close(self) -> None:
        """Give the port back; at most once."""


class MidiIn(Protocol):
    """An open port that is heard."""

    def close(self) -> None:
        """Give the port back; at most once. Nothing is heard when it returns."""


class RtMidiOut:
    """An open port of python-rtmidi."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def send(self, message: Sequence[int]) -> None:
        try:
            self._port.send_message(message)
        except (rtmidi.RtMidiError, ValueError) as error:
            raise MidiPortError(f"The MIDI port does not take notes any more: {_plain(error)}", advice=_advice()) from error

    @without_native_noise()
    def close(self) -> None:
        self._port.close_port()
        self._port.delete()


class RtMidiIn:
    """An open port of python-rtmidi that is heard."""

    def __init__(self, port: Any) -> None:
        self._port = port

    @without_native_noise()
    def close(self) -> None:
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()


@without_native_noise()
def open_midi_port(name: str | None = None, *, virtual: bool = False) -> MidiOut:
    """A port to play on.

    With a name: the port called so (or the first that has it in its name; upper and lower case are the same).
    Without: one of our own, called Backbeat, that DAWs can listen to, if `virtual`; where the system has no such ports, as
    Windows, the first there is. Without `virtual` the other way round. Raises MidiPortError with what to do.
    """
    problems: list[str] = []
    opened = _open_own(Direction.OUTPUT, problems) if virtual and not name else None
    if opened is None:
        opened = _open_existing(Direction.OUTPUT, name)
    if opened is None and not name and not virtual:
        opened = _open_own(Direction.OUTPUT, problems)
    if opened is None:
        asked = f"There is no MIDI output port called {name!r}" if name else "There is no MIDI output port to play on"
        raise MidiPortError("; ".join([asked, *problems]), advice=_advice(name))
    return RtMidiOut(opened)


@without_native_noise()
def open_midi_input(name: str | None, on_message: Callable[[Sequence[int]], None]) -> MidiIn:
    """Hear a port: the one called `name` (see `open_midi_port`), or without a name one of our own, called Backbeat.

    on_message: called with the bytes of each message, clock and system exclusive among them, on a thread of the port's own.
    Raises MidiPortError with what to do.
    """
    problems: list[str] = []
    opened = _open_existing(Direction.INPUT, name) if name else _open_own(Direction.INPUT, problems)
    if opened is None:
        asked = f"There is no MIDI input port called {name!r}" if name else "There can be no MIDI input port to hear a clock at"
        raise MidiPortError("; ".join([asked, *problems]), advice=_input_advice(name))
    opened.set_callback(lambda event, _: on_message(event[0]))
    opened.ignore_types(sysex=False, timing=False, active_sense=True)
    return RtMidiIn(opened)


@without_native_noise()
def midi_port_names(direction: Direction = Direction.OUTPUT) -> list[str]:
    """The ports of every MIDI system that runs; empty when there are none."""
    names: list[str] = []
    for client in _clients(direction, []):
        names += client.get_ports()
        client.delete()
    return names


def _open_own(direction: Direction, problems: list[str]) -> Any | None:
    """The open client of a port of our own, on the first MIDI system that has such; None, with the reasons, if none has."""
    for client in _clients(direction, problems):
        try:
            client.open_virtual_port(PORT_NAME)
        except (rtmidi.RtMidiError, NotImplementedError) as error:
            problems.append(_plain(error))
            client.delete()
        else:
            return client
    return None


def _open_existing(direction: Direction, name: str | None) -> Any | None:
    """The open client of the port that fits `name` best on the first MIDI system that has one; None if none has."""
    for client in _clients(direction, []):
        index = best_port(client.get_ports(), name)
        if index is not None:
            try:
                client.open_port(index, PORT_NAME)
            except rtmidi.RtMidiError as error:
                client.delete()
                advice = _advice() if direction is Direction.OUTPUT else _input_advice(None)
                raise MidiPortError(f"The MIDI port could not be opened: {_plain(error)}", advice=advice) from error
            return client
        client.delete()
    return None


def best_port(names: Sequence[str], wanted: str | None) -> int | None:
    """Index of the port meant by `wanted`: the same name, else the first that has it in its name; None wants any."""
    if wanted is None:
        return 0 if names else None
    folded = [name.casefold() for name in names]
    if wanted.casefold() in folded:
        return folded.index(wanted.casefold())
    return next((n for n, name in enumerate(folded) if wanted.casefold() in name), None)


def _clients(direction: Direction, problems: list[str]) -> Iterator[Any]:
    """A client of each MIDI system that runs; whoever takes it gives it back. What does not run is put into `problems`."""
    client_of, program_name = direction.value
    for system in rtmidi.get_compiled_api():
        if system == rtmidi.API_RTMIDI_DUMMY:
            continue
        try:
            yield client_of(rtapi=system, name=program_name)
        except rtmidi.RtMidiError as error:
            problems.append(f"{rtmidi.get_api_display_name(system)}: {_plain(error)}")


def _plain(error: Exception) -> str:
    """RtMidi's words, `MidiOutJack::initialize: JACK server not running?`, without the name of its function."""
    return re.sub(r"^\w+::\w+: ", "", str(error)).rstrip(".")


def _advice(name: str | None = None) -> str:
    names = midi_port_names() if name else []
    if names:
        return f"Set midi.port to one of: {', '.join(names)}."
    return _ADVICE.get(sys.platform, _LINUX_ADVICE)


def _input_advice(name: str | None) -> str:
    names = midi_port_names(Direction.INPUT) if name else []
    if names:
        return f"Set midi.clock_port to one of: {', '.join(names)}."
    return _INPUT_ADVICE.get(sys.platform, _INPUT_ADVICE["linux"])
