"""OSC: packets from the network up to the desk that answers them, with everything real but socket, worker and clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tests.fuzzing.target import Run, Target

from backbeat.config.schema import Config, JobsConfig
from backbeat.intake.osc_requests import COMMANDS, OscRequest
from backbeat.intake.osc_to_job import OscIntake
from backbeat.jobs.store import Store
from backbeat.monitor import Unwatched
from backbeat.osc import OscMessage, Peer, message_to_packet, messages_to_bundles, packet_to_messages
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.osc_sender import OscSender
from backbeat.pipeline.request import Request
from backbeat.service.announcer import Announcer
from backbeat.service.job_desk import JobDesk
from backbeat.service.live_desk import LiveDesk
from backbeat.service.osc_desk import OscDesk
from backbeat.settings import OPTIONS

SENDER = Peer("127.0.0.1", 7001)


class Wire:
    """Whatever is answered has to be OSC again."""

    def sendto(self, data: bytes, _address: Any, /) -> int:
        packet_to_messages(data)
        return len(data)


class Idle:
    """A worker that never finishes."""

    capacity = 1

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        pass

    def cancel(self, job_id: str) -> None:
        pass


class AtOnce:
    """A loop and a pool in one: everything is done where it is asked for."""

    def post(self, action: Callable[[], None]) -> None:
        action()

    def submit(self, task: Callable[..., None], /, *arguments: Any) -> Future[None]:
        task(*arguments)  # what it raises is a find, not a result
        done: Future[None] = Future()
        done.set_result(None)
        return done


class Never:
    """A pool for what must not happen here: downloads, Ableton Live."""

    def submit(self, task: Callable[..., None], /, *arguments: Any) -> Future[None]:
        return Future()


def _open(folder: Path) -> Run:
    (folder / "song.wav").write_bytes(b"x")
    config = Config(inbox=folder, jobs=JobsConfig(data_folder=folder))
    store, sender, here, never, monitor = Store(folder / "jobs.sqlite"), OscSender(Wire()), AtOnce(), Never(), Unwatched()
    announcer = Announcer(sender)
    live = LiveDesk(config=config.live, sender=sender, pool=never, monitor=monitor, user_presets=None)
    player = MidiPlayer(silent=True)
    desk = OscDesk(
        config=config,
        loop=here,
        store=store,
        desk=JobDesk(store, Idle(), announcer),
        announcer=announcer,
        sender=sender,
        player=player,
        pool=here,
        downloads=never,
        monitor=monitor,
        user_presets=None,
        live=live,
    )

    def post(request: OscRequest) -> bool:
        desk.answer(request)
        return True

    intake = OscIntake(post=post, answer_error=lambda address, words, to: sender.send(say.error(address, words), to))

    def run(data: bytes) -> None:
        intake.receive(data.replace(b"song.wav", str(folder / "song.wav").encode()), SENDER)

    return run


def _seeds() -> list[bytes]:
    values = {"s": "song.wav", "i": 3, "f": 1.5}
    messages = [
        OscMessage(
            address=address,
            arguments=tuple(values[argument.letter] for argument in command.arguments),
            types="".join(argument.letter for argument in command.arguments),
        )
        for address, command in COMMANDS.items()
    ]
    options = [text for name in OPTIONS for text in (name, "1")]
    job = OscMessage(address="/backbeat/transcribe", arguments=("song.wav", *options), types="s" * (1 + len(options)))
    nested = b"".join(messages_to_bundles(messages[:3]))
    for _ in range(50):
        nested = b"#bundle\0" + bytes(8) + len(nested).to_bytes(4, "big") + nested
    odd = b"/backbeat/play\0\0,sfTFNibdht[]m\0\0" + b"a\0\0\0\x7f\xc0\0\0" + bytes(60)
    return [*map(message_to_packet, (*messages, job)), *messages_to_bundles(messages), nested, odd]


_TOKENS = (
    b"#bundle\0 ,sssss\0\0 ,ffff\0\0\0 ,[[[[\0\0\0 \x7f\xc0\0\0 \xff\x80\0\0 song.wav\0\0\0\0 .. \xff\xfe http://a/ bpm\0 ~root/x"
).split()
_PATHS = (b"/dev/zero", b"\x1b]0;x\x07", b"\\\\?\\C:\\CON", b"/proc/self/mem")

TARGET = Target(
    name="osc",
    open=_open,
    seeds=_seeds,
    tokens=(*_TOKENS, *_PATHS, *map(str.encode, COMMANDS)),
    allowed=(),
)
