"""The plugin process from Backbeat's side: whatever the plugin does, it ends here as sound or as one clear message."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from threading import Thread
from typing import IO, Any

from backbeat.errors import EngineMissing, PluginError
from backbeat.extras import how_to_add
from backbeat.host.frames import Frame, FrameKind, read_frame, write_frame
from backbeat.host.tasks import Limits, Task, task_frame
from backbeat.monitor import Monitor
from backbeat.service.worker_death import death_in_words

COMMAND = (sys.executable, "-P", "-m", "backbeat.host.child")

PATIENCE_S = 120.0
"""How long a plugin may give no sign of life: big kits take their time to load."""

MEMORY_SHARE = 0.8
_LOOK_S = 0.1
_AHEAD = 16  # frames that may wait to be read
_END_WAIT_S = 5.0
LICENCE = "pedalboard is free software under the GPL, version 3; it runs in a process of its own."


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """How a plugin is kept. patience_s: without a sign of life; None: for ever, as for a window that the user closes."""

    patience_s: float | None = PATIENCE_S
    limits: Limits = Limits()
    command: Sequence[str] = COMMAND


def default_keeper(patience_s: float | None = PATIENCE_S) -> Keeper:
    """With four fifths of this computer's memory, where the system can hold a process to it."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return Keeper(patience_s=patience_s)
    return Keeper(patience_s=patience_s, limits=Limits(memory_bytes=int(memory * MEMORY_SHARE)))


def require_host() -> None:
    """Raise EngineMissing where pedalboard is not installed."""
    if find_spec("pedalboard") is None:
        raise EngineMissing(
            "Plugins and effects need the package pedalboard, which is not installed.", advice=f"{how_to_add('host')} {LICENCE}"
        )


def ask(task: Task, sound: Iterable[Frame], *, keeper: Keeper, monitor: Monitor) -> Generator[Frame, None, None]:
    """Have the task done, with `sound` sent along, and give what comes back (SOUND, NOTICE) as it comes.

    However this ends, by an error, by Ctrl-C or by being closed, the process is gone afterwards.
    Raises EngineMissing, PluginError (the plugin's fault: refused, crashed, hung, out of memory), Cancelled.
    """
    require_host()
    with tempfile.TemporaryFile() as said:
        process = _start(keeper.command, said)
        line = _Line(process, chain((task_frame(task, keeper.limits),), sound))
        try:
            for frame in _watched(line, keeper.patience_s, monitor):
                if frame.kind is FrameKind.DONE:
                    return
                if frame.kind is FrameKind.FAILED:
                    raise PluginError(frame.values["message"], advice=frame.values["advice"])
                yield frame
            raise _died(process, said)
        finally:
            _end(process)
            line.close()


def _start(command: Sequence[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, **_own_group())
    except OSError as error:
        raise PluginError(f"The process for plugins cannot be started: {error.strerror}.") from error


def _own_group() -> dict[str, Any]:
    """Ctrl-C in the terminal is for Backbeat, and what the plugin starts ends with it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class _Line:
    """The line to the process: threads that write and read, so that neither waits for the other."""

    def __init__(self, process: subprocess.Popen[bytes], frames: Iterator[Frame]) -> None:
        self._to, self._from = _pipe(process.stdin), _pipe(process.stdout)
        self._frames = frames
        self._answers: queue.Queue[Frame | None] = queue.Queue(_AHEAD)
        self._threads = [Thread(target=work, name="plugin-line", daemon=True) for work in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def next(self) -> Frame | None:
        """The next answer; None at the end of the stream. Raises queue.Empty where there is none for a moment."""
        return self._answers.get(timeout=_LOOK_S)

    def close(self) -> None:
        """To be called when the process is gone."""
        while any(thread.is_alive() for thread in self._threads):
            with contextlib.suppress(queue.Empty):  # what nobody waits for any more
                self._answers.get(timeout=_LOOK_S)
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError):  # something was still to be written
                stream.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended: the reader sees that too
            for frame in self._frames:
                write_frame(self._to, frame)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):  # nonsense counts as the end
            while (frame := read_frame(self._from)) is not None:
                self._answers.put(frame)
        self._answers.put(None)


def _watched(line: _Line, patience_s: float | None, monitor: Monitor) -> Iterator[Frame]:
    heard = time.monotonic()
    while True:
        monitor.check()
        try:
            frame = line.next()
        except queue.Empty:
            if patience_s is not None and time.monotonic() - heard > patience_s:
                raise PluginError(
                    f"The plugin hangs: it gave no sign of life for {patience_s:g} s, and was ended.",
                    advice="Some plugins wait for a window (activation, a missing library): open it once in your DAW.",
                ) from None
            continue
        if frame is None:
            return
        yield frame
        heard = time.monotonic()


def _died(process: subprocess.Popen[bytes], said: IO[bytes]) -> PluginError:
    try:
        returncode = process.wait(_END_WAIT_S)
    except subprocess.TimeoutExpired:
        return PluginError("The plugin closed its connection and did not end.", advice=_CRASH_ADVICE)
    said.seek(0)
    text = said.read().decode("utf-8", "replace")
    if "bad_alloc" in text or "MemoryError" in text:
        return PluginError("The plugin needs more memory than there is.", advice="Load a smaller kit in it.")
    return PluginError(death_in_words(returncode, "The plugin's process"), advice=_CRASH_ADVICE)


_CRASH_ADVICE = "Nothing else was harmed. Try it once more, try another version of the plugin, or render in your DAW."


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and what it has started, now."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses to signal a zombie
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _pipe(stream: IO[bytes] | None) -> Any:
    if stream is None:
        raise RuntimeError("the plugin process was started without pipes")
    return stream
