"""What the daemon and its worker process say to one another: one line of JSON each, over the worker's standard streams.

    daemon -> worker   Hello (first), Preload, Work, Cancel; end of file: the daemon is gone
    worker -> daemon   Ready (answers Hello), Preloaded, LogLine at any time;
                       for each Work: Progress, Heard and Written as they come, then one of Finished, Failed, Stopped

A kind that the other side does not know is passed over with a line in the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from backbeat.pipeline.request import Request
from backbeat.records import Hit
from backbeat.settings import Settings
from backbeat.values import Instrument, OutputKind, Stage

_log = logging.getLogger(__name__)


class Message:
    """Base of all messages."""


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """config: the daemon's configuration as JSON, for the runner. nice: give way to the DAW. log_level: as in config.

    memory_mb: most memory of the worker; 0: as much as the computer has.
    """

    config: str = "{}"
    nice: bool = False
    log_level: str = "info"
    memory_mb: int = 0


@dataclass(frozen=True, kw_only=True)
class Preload(Message):
    """Load the models now, so that the first job need not wait."""


@dataclass(frozen=True, kw_only=True)
class Work(Message):
    """Do this job."""

    job_id: str
    request: Request


@dataclass(frozen=True, kw_only=True)
class Cancel(Message):
    """Stop that job as soon as you can."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Ready(Message):
    """The worker has started."""

    pid: int


@dataclass(frozen=True, kw_only=True)
class Preloaded(Message):
    """The models are loaded, or could not be (error: why); jobs are taken either way."""

    took_s: float
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Progress(Message):
    """`fraction` (0..1) of `stage` is done."""

    job_id: str
    stage: Stage
    fraction: float


@dataclass(frozen=True, kw_only=True)
class Heard(Message):
    """Hits have become certain. first: the number of the first of them, from 0, among all hits of the job."""

    job_id: str
    first: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, kw_only=True)
class Written(Message):
    """An output file is there."""

    job_id: str
    kind: OutputKind
    path: Path


@dataclass(frozen=True, kw_only=True)
class Finished(Message):
    """The job is done. outputs: everything it wrote. summary: what to tell about it."""

    job_id: str
    outputs: Mapping[OutputKind, Path]
    summary: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Failed(Message):
    """The job failed; the fields are those of a JobError."""

    job_id: str
    code: str
    message: str
    advice: str
    retry: bool


@dataclass(frozen=True, kw_only=True)
class Stopped(Message):
    """The job was cancelled and has ended; also said for a worker that had to be killed for it."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class LogLine(Message):
    """A log record of the worker. level: as in `logging`. exception: a traceback."""

    level: int
    logger: str
    text: str
    job_id: str | None
    stage: str | None = None
    exception: str | None = None


@dataclass(frozen=True, kw_only=True)
class Died(Message):
    """Never sent: the daemon's side makes it when the worker process ended by itself.

    job_id: the job that was lost with it, or None. returncode: as in `subprocess`, or None when
    it could not be started. reason: a sentence.
    """

    job_id: str | None
    returncode: int | None
    reason: str


MESSAGE_TYPES: dict[str, type[Message]] = {
    "hello": Hello,
    "preload": Preload,
    "work": Work,
    "cancel": Cancel,
    "ready": Ready,
    "preloaded": Preloaded,
    "progress": Progress,
    "heard": Heard,
    "written": Written,
    "finished": Finished,
    "failed": Failed,
    "stopped": Stopped,
    "log": LogLine,
}
"""All that go over the line, by the name that stands for them there."""

_NAMES = {kind: name for name, kind in MESSAGE_TYPES.items()}


def request_to_json(request: Request) -> dict[str, str]:
    """A request as JSON has it."""
    return {
        "path": str(request.path),
        "fingerprint": request.fingerprint,
        "out_base": str(request.out_base),
        "settings": request.settings.to_json(),
    }


def request_from_json(value: Mapping[str, str]) -> Request:
    """The inverse; raises KeyError or ValueError for what is none."""
    return Request(
        path=Path(value["path"]),
        fingerprint=value["fingerprint"],
        out_base=Path(value["out_base"]),
        settings=Settings.from_json(value["settings"]),
    )


_CODECS: dict[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    Path: (str, Path),
    Stage: (str, Stage),
    OutputKind: (str, OutputKind),
    Request: (request_to_json, request_from_json),
    tuple[Hit, ...]: (
        lambda hits: [[hit.time_s, str(hit.instrument), hit.velocity, hit.confidence] for hit in hits],
        lambda rows: tuple(Hit(float(t), Instrument(name), int(v), float(c)) for t, name, v, c in rows),
    ),
    Mapping[OutputKind, Path]: (
        lambda files: {str(kind): str(path) for kind, path in files.items()},
        lambda files: {OutputKind(kind): Path(path) for kind, path in files.items()},
    ),
    Mapping[str, Any]: (dict, dict),
}
"""How a field of that type becomes JSON and comes back; types that are not here are JSON already."""


def to_line(message: Message) -> bytes:
    """One line with its line end, ASCII only; raises TypeError or ValueError for a summary that JSON cannot hold."""
    body = {"message_type": _NAMES[type(message)]}
    for name, (encode, _) in _fields(type(message)).items():
        body[name] = encode(getattr(message, name))
    return json.dumps(body).encode("ascii") + b"\n"


def from_line(line: bytes) -> Message | None:
    """The message in a line; None, with a line in the log, when it is none that this version knows."""
    try:
        body = json.loads(line)
        kind = MESSAGE_TYPES[body["message_type"]]
        return kind(**{name: decode(body[name]) for name, (_, decode) in _fields(kind).items()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.warning("passed over a message between daemon and worker (%r): %.200r", error, line)
        return None


def _fields(kind: type[Message]) -> dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]:
    hints = get_type_hints(kind)
    return {field.name: _CODECS.get(hints[field.name], (_same, _same)) for field in fields(kind)}  # type: ignore[arg-type]


def _same(value: Any) -> Any:
    return value
