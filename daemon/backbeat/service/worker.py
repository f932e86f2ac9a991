"""The worker process: `python -m backbeat.service.worker`. Does jobs one after the other and keeps models loaded.

The main thread works. A second thread reads what the daemon says and ends the process when the daemon is gone, also
while native code runs. Standard output belongs to the protocol (`worker_messages.py`) alone.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, BinaryIO

from backbeat.engines.protocols import TellHits
from backbeat.errors import BackbeatError
from backbeat.monitor import Monitor
from backbeat.pipeline.request import Request
from backbeat.program_limits import limit_own_memory
from backbeat.service.job_outcome import describe, outcome_of
from backbeat.service.logging import job_context
from backbeat.service.parent_watch import end_at_once, end_with_parent
from backbeat.service.worker_channel import JobHits, JobMonitor, LogToDaemon, Outgoing, take_streams
from backbeat.service.worker_messages import (
    Cancel,
    Finished,
    Hello,
    Message,
    Preload,
    Preloaded,
    Ready,
    Stopped,
    Work,
    Written,
    from_line,
)
from backbeat.values import OutputKind

_log = logging.getLogger(__name__)

DEFAULT_RUNNER = "backbeat.service.runner:make_runner"
NICE = 5

Announce = Callable[[OutputKind, Path], None]
RunJob = Callable[[Request, Monitor, Announce, TellHits], Mapping[str, Any]]
"""Does one job and returns its summary; raises JobError or Cancelled. May have a `preload()`."""


class Worker:
    """The main thread's side: takes messages in order and answers each job exactly once."""

    def __init__(self, runner: str, outgoing: Outgoing) -> None:
        self._runner = runner
        self._outgoing = outgoing
        self._config = "{}"
        self._run_job: RunJob | None = None
        self._todo: SimpleQueue[Message] = SimpleQueue()
        self._lock = Lock()  # guards the two below
        self._waiting: dict[str, Work] = {}
        self._cancelled: set[str] = set()

    def listen(self, incoming: BinaryIO) -> None:
        """The reading thread: never returns, because at the end of `incoming` the process ends."""
        for line in incoming:
            message = from_line(line)
            if isinstance(message, Cancel):
                self._cancel(message.job_id)
            elif isinstance(message, Work):
                with self._lock:
                    self._waiting[message.job_id] = message
                    self._cancelled.discard(message.job_id)  # a late cancel of an earlier attempt is not for this one
                self._todo.put(message)
            elif message is not None:
                self._todo.put(message)
        end_at_once()

    def work(self) -> None:
        """The main thread: never returns."""
        while True:
            message = self._todo.get()
            if isinstance(message, Hello):
                self._greet(message)
            elif isinstance(message, Preload):
                self._preload()
            elif isinstance(message, Work) and self._begin(message):
                with job_context(message.job_id):
                    self._outgoing.send(self._do(message))

    def _cancel(self, job_id: str) -> None:
        with self._lock:
            was_waiting = self._waiting.pop(job_id, None) is not None
            if not was_waiting:
                self._cancelled.add(job_id)
        if was_waiting:  # answered from here: the main thread may be loading models for a while yet
            self._outgoing.send(Stopped(job_id=job_id))

    def _begin(self, work: Work) -> bool:
        with self._lock:
            is_wanted = self._waiting.get(work.job_id) is work
            if is_wanted:
                del self._waiting[work.job_id]
            return is_wanted

    def _greet(self, hello: Hello) -> None:
        self._config = hello.config
        logging.getLogger("backbeat").setLevel(hello.log_level.upper())
        limit_own_memory(hello.memory_mb * 1_000_000 or None)
        if hello.nice:
            _give_way()
        self._outgoing.send(Ready(pid=os.getpid()))

    def _preload(self) -> None:
        began = time.monotonic()
        error: str | None = None
        try:
            preload = getattr(self._open_runner(), "preload", None)
            if preload is not None:
                preload()
        except BackbeatError as failure:
            error = failure.message
        except (Exception, SystemExit) as failure:  # noqa: BLE001 - the worker loop: foreign code must not end it
            _log.exception("loading the models ahead of time failed")
            error = describe(failure)
        self._outgoing.send(Preloaded(took_s=time.monotonic() - began, error=error))

    def _do(self, work: Work) -> Message:
        """Run the job; whatever happens becomes one answer."""
        job_id = work.job_id
        outputs: dict[OutputKind, Path] = {}

        def announce(kind: OutputKind, path: Path) -> None:
            outputs[kind] = path
            self._outgoing.send(Written(job_id=job_id, kind=kind, path=path))

        monitor = JobMonitor(job_id, self._outgoing, self._cancelled)

        def work_through() -> Message:
            monitor.check()
            summary = dict(self._open_runner()(work.request, monitor, announce, JobHits(job_id, self._outgoing).tell))
            return self._outgoing.checked(Finished(job_id=job_id, outputs=outputs, summary=summary))

        return outcome_of(job_id, work_through)

    def _open_runner(self) -> RunJob:
        if self._run_job is None:
            module, _, name = self._runner.partition(":")
            make_runner: Callable[[str], RunJob] = getattr(import_module(module), name)
            self._run_job = make_runner(self._config)
        return self._run_job


def _give_way() -> None:
    """Let the DAW go first."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only Windows needs it

        below_normal = 0x4000
        ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), below_normal)
    else:
        os.nice(NICE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the daemon is gone; never returns."""
    parser = argparse.ArgumentParser(prog="python -m backbeat.service.worker", description="Backbeat's worker process.")
    parser.add_argument("--runner", default=DEFAULT_RUNNER, help="MODULE:FUNCTION that makes what runs a job")
    options = parser.parse_args(arguments)
    faulthandler.enable()
    end_with_parent()
    incoming, outgoing = take_streams()
    logging.getLogger().addHandler(LogToDaemon(outgoing))
    logging.captureWarnings(True)
    worker = Worker(options.runner, outgoing)
    Thread(target=worker.listen, args=(incoming,), name="daemon-listener", daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
