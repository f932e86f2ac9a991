"""A stand-in for Ableton Live with AbletonOSC, built from its documentation: no part of Live runs here.

What it keeps to:
- one UDP socket; what has come in is worked through every tick (100 ms), in order, bundles too
- getters and queries are answered at the sender's address, always at one port; setters and methods are not answered
- the answer of a track, slot or clip begins with its numbers; that of the song does not
- what goes wrong (unknown address, no such clip, wrong types) is said on `/live/error`, and ends that tick's work
- an answer longer than the system sends (macOS: 9216 bytes) is not sent, but complained of
- `create_clip` says nothing; without a range `get/notes` and `remove/notes` span 127 pitches, so the highest is left out
- `*` in a getter's address asks for everything that matches
- numbers are 32-bit floats on the way
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from backbeat.osc import OscMessage, message_to_packet, packet_to_messages

MOST_BYTES = 9216
LOOPBACK = "127.0.0.1"


@dataclass
class Note:
    pitch: int
    start: float
    duration: float
    velocity: float
    mute: bool


@dataclass
class Clip:
    loop_end: float
    name: str = ""
    color: int = 0
    loop_start: float = 0.0
    start_marker: float = 0.0
    end_marker: float = 0.0
    is_midi_clip: bool = True
    file_path: str = ""
    fired: int = 0
    notes: list[Note] = field(default_factory=list)

    @property
    def length(self) -> float:
        return self.loop_end - self.loop_start

    def notes_in(self, pitch: int, pitches: int, start: float, span: float) -> list[Note]:
        return [n for n in self.notes if pitch <= n.pitch < pitch + pitches and start <= n.start < start + span]


@dataclass
class Track:
    name: str
    has_midi_input: bool = True
    slots: list[Clip | None] = field(default_factory=list)


class AbletonStandIn:
    """Use it as a context manager. `lose(message)` decides which incoming messages never arrive, `lose_answer` which answers.

    creation_ticks: a new clip is seen so many ticks after it was asked for. processed: addresses in the order of their work.
    """

    def __init__(
        self,
        *,
        tempo: float = 120.0,
        meter: tuple[int, int] = (4, 4),
        tracks: list[Track] | None = None,
        scenes: int = 8,
        tick_s: float = 0.1,
        receive_port: int | None = None,
        lose: Callable[[OscMessage], bool] = lambda _message: False,
        lose_answer: Callable[[str], bool] = lambda _address: False,
        creation_ticks: int = 0,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.tempo, self.meter, self.scenes = tempo, meter, scenes
        self.tracks = [Track("1-MIDI"), Track("2-Audio", has_midi_input=False)] if tracks is None else tracks
        for track in self.tracks:
            track.slots += [None] * (scenes - len(track.slots))
        self._tick_s, self._lose, self._lose_answer = tick_s, lose, lose_answer
        self._creation_ticks, self._most_bytes = creation_ticks, most_bytes
        self._later: list[tuple[int, Callable[[], None]]] = []
        self._tick = 0
        self.processed: list[str] = []
        self.received_bytes: list[int] = []
        self.longest_add = 0
        self.errors: list[str] = []
        self.messages: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((LOOPBACK, 0))
        self._socket.setblocking(False)
        self.send_port: int = self._socket.getsockname()[1]
        self.receive_port = receive_port or free_port()
        self._remote = (LOOPBACK, self.receive_port)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._handlers = self._all_handlers()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def clip(self, track: int, slot: int) -> Clip:
        clip = self.tracks[track].slots[slot]
        assert clip is not None, f"no clip in slot {slot} of track {track}"
        return clip

    # The tick

    def _run(self) -> None:
        while not self._stopped.wait(self._tick_s):
            self._tick += 1
            for due, action in [entry for entry in self._later if entry[0] <= self._tick]:
                self._later.remove((due, action))
                action()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001  AbletonOSC's own loop does the same
                self._complain(f"Error handling OSC message: {error}")

    def _work(self) -> None:
        while True:
            try:
                packet, sender = self._socket.recvfrom(65_536)
            except OSError:
                return
            self._remote = (sender[0], self.receive_port)
            self.received_bytes.append(len(packet))
            for message in packet_to_messages(packet, max_arguments=100_000):
                if not self._lose(message):
                    self._process(message)

    def _process(self, message: OscMessage) -> None:
        self.processed.append(message.address)
        if message.address in self._handlers:
            self._answer(message.address, self._handlers[message.address](message.arguments))
        elif "*" in message.address:
            pattern = message.address.replace("*", "[^/]+")
            for address in [address for address in self._handlers if re.match(pattern, address)]:
                try:
                    self._answer(address, self._handlers[address](message.arguments))
                except (ValueError, AttributeError):
                    continue
        else:
            self._complain(f"Unknown OSC address: {message.address}")

    def _answer(self, address: str, values: tuple[Any, ...] | None) -> None:
        if values is None or self._lose_answer(address):
            return
        packet = _packet(address, values)
        if len(packet) > self._most_bytes:
            self._complain("Socket error: [Errno 40] Message too long")
            return
        self._socket.sendto(packet, self._remote)

    def _complain(self, text: str) -> None:
        self.errors.append(text)
        self._socket.sendto(_packet("/live/error", (text,)), self._remote)

    # What there is to ask and do

    def _all_handlers(self) -> dict[str, Callable[[tuple[Any, ...]], tuple[Any, ...] | None]]:
        song = {
            "/live/test": lambda _: ("ok",),
            "/live/api/show_message": lambda p: self.messages.append(p[0]),
            "/live/song/get/tempo": lambda _: (float(self.tempo),),
            "/live/song/get/signature_numerator": lambda _: (self.meter[0],),
            "/live/song/get/signature_denominator": lambda _: (self.meter[1],),
            "/live/song/get/num_tracks": lambda _: (len(self.tracks),),
            "/live/song/get/num_scenes": lambda _: (self.scenes,),
            "/live/song/get/track_names": self._track_names,
            "/live/song/create_midi_track": self._create_midi_track,
            "/live/song/create_scene": self._create_scene,
            "/live/track/set/name": lambda p: setattr(self.tracks[int(p[0])], "name", str(p[1])),
            "/live/clip_slot/create_clip": self._create_clip,
            "/live/clip_slot/get/has_clip": lambda p: (p[0], p[1], self.tracks[int(p[0])].slots[int(p[1])] is not None),
            "/live/clip/fire": self._of_clip(lambda clip, _: setattr(clip, "fired", clip.fired + 1)),
            "/live/clip/add/notes": self._of_clip(self._add_notes),
            "/live/clip/get/notes": self._of_clip(_get_notes),
            "/live/clip/remove/notes": self._of_clip(_remove_notes),
        }
        for name in ("name", "has_midi_input"):
            song[f"/live/track/get/{name}"] = lambda p, name=name: (p[0], getattr(self.tracks[int(p[0])], name))
        for name in (
            "name",
            "color",
            "length",
            "is_midi_clip",
            "file_path",
            "loop_start",
            "loop_end",
            "start_marker",
            "end_marker",
        ):
            song[f"/live/clip/get/{name}"] = self._of_clip(lambda clip, _, name=name: (getattr(clip, name),))
        for name in ("name", "color", "loop_start", "loop_end", "start_marker", "end_marker"):
            song[f"/live/clip/set/{name}"] = self._of_clip(lambda clip, p, name=name: setattr(clip, name, p[0]))
        return song

    def _of_clip(
        self, do: Callable[[Clip, tuple[Any, ...]], tuple[Any, ...] | None]
    ) -> Callable[[tuple[Any, ...]], tuple[Any, ...] | None]:
        def handler(p: tuple[Any, ...]) -> tuple[Any, ...] | None:
            clip = self.tracks[int(p[0])].slots[int(p[1])]
            if clip is None:
                raise AttributeError("'NoneType' object has no such attribute")
            values = do(clip, tuple(p[2:]))
            return None if values is None else (int(p[0]), int(p[1]), *values)

        return handler

    def _track_names(self, p: tuple[Any, ...]) -> tuple[str, ...]:
        first, last = p or (0, len(self.tracks))
        return tuple(self.tracks[n].name for n in range(first, len(self.tracks) if last == -1 else last))

    def _create_midi_track(self, p: tuple[Any, ...]) -> None:
        track = Track(f"{len(self.tracks) + 1}-MIDI", slots=[None] * self.scenes)
        self.tracks.insert(len(self.tracks) if p[0] == -1 else p[0], track)

    def _create_scene(self, _p: tuple[Any, ...]) -> None:
        self.scenes += 1
        for track in self.tracks:
            track.slots.append(None)

    def _create_clip(self, p: tuple[Any, ...]) -> None:
        track, slot = self.tracks[int(p[0])], int(p[1])
        if track.slots[slot] is not None:
            raise RuntimeError("Clip slot already has a clip")
        if not track.has_midi_input:
            raise RuntimeError("Can only create clips on MIDI tracks")
        clip = Clip(loop_end=float(p[2]), end_marker=float(p[2]))
        self._later.append((self._tick + self._creation_ticks, lambda: track.slots.__setitem__(slot, clip)))
        if not self._creation_ticks:
            self._later.pop()[1]()

    def _add_notes(self, clip: Clip, p: tuple[Any, ...]) -> None:
        self.longest_add = max(self.longest_add, len(p) // 5)
        for n in range(0, len(p), 5):
            pitch, start, duration, velocity, mute = p[n : n + 5]
            if not isinstance(pitch, int) or isinstance(mute, str | float):
                raise TypeError("Python argument types did not match C++ signature")
            clip.notes.append(Note(pitch, float(start), float(duration), float(velocity), bool(mute)))


def _span(p: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(p) not in (0, 4):
        raise ValueError("Either 0 or 4 arguments must be passed.")
    return p or (0, 127, -8192, 16384)


def _get_notes(clip: Clip, p: tuple[Any, ...]) -> tuple[Any, ...]:
    found = clip.notes_in(*_span(p))
    return tuple(value for n in found for value in (n.pitch, n.start, n.duration, n.velocity, n.mute))


def _remove_notes(clip: Clip, p: tuple[Any, ...]) -> None:
    gone = {id(note) for note in clip.notes_in(*_span(p))}
    clip.notes = [note for note in clip.notes if id(note) not in gone]


def _packet(address: str, values: tuple[Any, ...]) -> bytes:
    """Like python-osc does it by itself; longer than we would send."""
    from pythonosc.osc_message_builder import OscMessageBuilder  # noqa: PLC0415

    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    packet: bytes = builder.build().dgram
    return packet


def free_port() -> int:
    """A UDP port that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def ask_stand_in(stand_in: AbletonStandIn, packet: bytes, *, wait_s: float = 2.0) -> list[tuple[Any, ...]]:
    """What comes back at the answer port for a packet, as (address, arguments ...), until nothing comes for three ticks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((LOOPBACK, stand_in.receive_port))
        client.sendto(packet, (LOOPBACK, stand_in.send_port))
        heard: list[tuple[Any, ...]] = []
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            client.settimeout(wait_s if not heard else 0.3)
            try:
                data = client.recv(65_536)
            except TimeoutError:
                break
            heard += [(m.address, *m.arguments) for m in packet_to_messages(data, max_arguments=100_000)]
        return heard


def packet(address: str, *arguments: int | float | str) -> bytes:
    """A message with the types of its values."""
    letters = "".join("s" if isinstance(a, str) else "f" if isinstance(a, float) else "i" for a in arguments)
    return message_to_packet(OscMessage(address=address, arguments=arguments, types=letters))
