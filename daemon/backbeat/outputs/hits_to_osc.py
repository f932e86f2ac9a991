"""What Backbeat says over OSC: one function for each message, and the table of their argument types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from backbeat.osc import MAX_PACKET_BYTES, OscMessage
from backbeat.records import Hit
from backbeat.values import Instrument, OutputKind, Stage

TYPES: dict[str, str] = {
    "/backbeat/pong": "s",
    "/backbeat/accepted": "ss",
    "/backbeat/progress": "ssf",
    "/backbeat/ready": "sss",
    "/backbeat/done": "sssssffi",
    "/backbeat/failed": "sss",
    "/backbeat/cancelled": "s",
    "/backbeat/job": "ssfs",
    "/backbeat/subscribed": "i",
    "/backbeat/hit": "sfsiif",
    "/backbeat/in_live": "siiis",
    "/backbeat/preset": "s",
    "/backbeat/error": "ss",
}
"""Address to the type letters of its arguments."""

DONE_KINDS = (OutputKind.MIDI, OutputKind.MUSICXML, OutputKind.PDF, OutputKind.JSON)
MAX_SENTENCE = 1000
MAX_ECHO = 200
PATHS_LIMIT_BYTES = MAX_PACKET_BYTES - 512


def pong(version: str) -> OscMessage:
    """Answers ping."""
    return _message("/backbeat/pong", version)


def accepted(job: str, path: Path | str) -> OscMessage:
    """The file will be transcribed; `job` names it from now on."""
    return _message("/backbeat/accepted", job, str(path))


def progress(job: str, stage: Stage, fraction: float) -> OscMessage:
    """`fraction` of the stage is done, 0..1."""
    return _message("/backbeat/progress", job, str(stage), float(fraction))


def ready(job: str, kind: OutputKind, path: Path) -> OscMessage:
    """One of the results is there."""
    return _message("/backbeat/ready", job, str(kind), str(path))


def done(job: str, outputs: Mapping[OutputKind, Path], *, tempo_bpm: float, confidence: float, hits: int) -> OscMessage:
    """All results are there; an empty path stands for one that was not made.

    Where the paths are too long for one packet only that of the JSON is sent, which names the others.
    """
    paths = [str(outputs[kind]) if kind in outputs else "" for kind in DONE_KINDS]
    if sum(len(path.encode("utf-8", "replace")) for path in paths) > PATHS_LIMIT_BYTES:
        paths[:-1] = [""] * (len(paths) - 1)
    return _message("/backbeat/done", job, *paths, float(tempo_bpm), float(confidence), int(hits))


def failed(job: str, code: str, message: str) -> OscMessage:
    """The job could not be done."""
    return _message("/backbeat/failed", job, code, message[:MAX_SENTENCE])


def cancelled(job: str) -> OscMessage:
    """The job was cancelled."""
    return _message("/backbeat/cancelled", job)


def job_state(job: str, state: str, fraction: float, path: Path | str) -> OscMessage:
    """Answers status: one message for each job."""
    return _message("/backbeat/job", job, state, float(fraction), str(path))


def subscribed(port: int) -> OscMessage:
    """What happens is sent to this port from now on; 0, after unsubscribing: to none."""
    return _message("/backbeat/subscribed", port)


def in_live(job: str, *, track: int, slot: int, notes: int, remark: str) -> OscMessage:
    """The job's clip is in Live, on this track and slot (from 1); remark: what should be known about it, or empty."""
    return _message("/backbeat/in_live", job, track, slot, notes, remark[:MAX_SENTENCE])


def preset(name: str) -> OscMessage:
    """The note map that holds from now on."""
    return _message("/backbeat/preset", name)


def hit(job: str, one: Hit, note: int) -> OscMessage:
    """One hit, at seconds from the start of the recording, with the MIDI note that it has in the note map."""
    return _message(
        "/backbeat/hit", job, float(one.time_s), str(one.instrument), int(note), int(one.velocity), float(one.confidence)
    )


def hits_to_messages(job: str, hits: Iterable[Hit], notes: Mapping[Instrument, int]) -> Iterator[OscMessage]:
    """All hits that have a note, in order; for `OscSender.stream`."""
    return (hit(job, one, notes[one.instrument]) for one in hits if one.instrument in notes)


def error(address: str, sentence: str) -> OscMessage:
    """Something was wrong with a message to `address`, empty when it had none."""
    return _message("/backbeat/error", address[:MAX_ECHO], sentence[:MAX_SENTENCE])


def _message(address: str, *arguments: object) -> OscMessage:
    return OscMessage(address=address, arguments=arguments, types=TYPES[address])
