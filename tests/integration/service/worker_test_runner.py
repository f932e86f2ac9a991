"""What the worker process runs in the tests of the worker: the name of the recording says what happens to it."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backbeat.engines.protocols import TellHits
from backbeat.errors import AudioTruncated, OutputError
from backbeat.monitor import Monitor
from backbeat.pipeline.request import Request
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument, OutputKind, Stage

Announce = Callable[[OutputKind, Path], None]
RunJob = Callable[[Request, Monitor, Announce, TellHits], Mapping[str, Any]]


def finish(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    for percent in range(0, 101, 10):
        monitor.progress(Stage.READ, percent / 100)
    announce(OutputKind.JSON, request.output(OutputKind.JSON))
    return {"bpm": 120.0, "path": str(request.path), "quantize": request.settings.quantize, "pid": os.getpid()}


def chatter(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    print("from print" * 20_000)
    os.write(1, b'{"message_type": "stopped", "job_id": "real"}\n')
    subprocess.run(["echo", "from a program"], check=True)
    taken = subprocess.run([sys.executable, "-c", "print(len(input()))"], check=False, stderr=subprocess.DEVNULL).returncode
    return {"a program could read our input": taken == 0}


def flood(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    for step in range(100_000):
        monitor.progress(Stage.SEPARATE, step / 100_000)
    monitor.progress(Stage.SEPARATE, 1.0)
    return {"large": "x" * 3_000_000}


def truncated(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    raise AudioTruncated("The file is cut off.")


def unwritable(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    raise OutputError("The disk is full.", advice="Make room.")


def broken(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    raise ZeroDivisionError("a mistake of ours")


def exits(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    sys.exit("as demucs does")


def unserialisable(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    return {"bpm": {1, 2}}


def memory(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    raise MemoryError


def greedy(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    """Asks for two gigabytes, as a damaged file may make a decoder do."""
    return {"bytes": len(bytearray(2_000_000_000))}


def aborts(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    os.abort()


def killed(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def leaves(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    os._exit(7)


def obeys(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    monitor.progress(Stage.HITS, 0.0)
    while True:
        monitor.check()
        threading.Event().wait(0.01)


def stuck(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    monitor.progress(Stage.HITS, 0.0)
    threading.Event().wait()
    return {}


def stuck_in_native_code(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    """Holds Python's lock in a call that signals do not interrupt, so that no other thread of the process runs."""
    reading, _ = os.pipe()
    monitor.progress(Stage.HITS, 0.0)
    ctypes.PyDLL(None).read(reading, ctypes.create_string_buffer(1), 1)
    return {}


def runs_a_program(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as program:
        announce(OutputKind.PDF, Path(str(program.pid)))
        program.wait()
    return {}


def says(request: Request, monitor: Monitor, announce: Announce) -> Mapping[str, Any]:
    logging.getLogger("backbeat.somewhere").info("about the job")
    return {"config": CONFIG, "nice": os.nice(0)}


def plays(monitor: Monitor, tell: TellHits) -> Mapping[str, Any]:
    """Hears a kick a second, in parts of two, then nothing, then one more."""
    kicks = [Hit(float(second), Instrument.KICK, 100, 0.5) for second in range(5)]
    for part in (kicks[:2], kicks[2:4], [], kicks[4:]):
        tell(hits_from_rows(part, engine="test"))
        monitor.check()
    return {"hits": len(kicks)}


CONFIG: dict[str, Any] = {}


def make_runner(config_json: str) -> RunJob:
    CONFIG.update(json.loads(config_json))

    def run(request: Request, monitor: Monitor, announce: Announce, tell: TellHits) -> Mapping[str, Any]:
        if request.path.stem == "plays":
            return plays(monitor, tell)
        action: Callable[[Request, Monitor, Announce], Mapping[str, Any]] = globals()[request.path.stem]
        return action(request, monitor, announce)

    return run


def make_slow_loader(config_json: str) -> RunJob:
    """A runner whose models never finish loading."""
    threading.Event().wait()
    return make_runner(config_json)


def make_preloading_runner(config_json: str) -> RunJob:
    def run(request: Request, monitor: Monitor, announce: Announce, tell: TellHits) -> Mapping[str, Any]:
        return {"loaded": LOADED}

    run.preload = lambda: LOADED.append("model")  # type: ignore[attr-defined]
    return run


LOADED: list[str] = []


def make_nothing(config_json: str) -> RunJob:
    raise OutputError("The models folder cannot be written.")
