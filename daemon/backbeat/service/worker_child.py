"""One worker process from the daemon's side: its pipes, its last words, its end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from threading import Thread
from typing import IO, Any

from backbeat.service.worker_messages import Message, from_line, to_line

_log = logging.getLogger("backbeat.worker")

LAST_WORDS = 40
"""Lines of standard error that are kept for the log when the worker dies."""

_LINE_MAX_BYTES = 4096
_END_WAIT_S = 5.0


class WorkerChild:
    """A started worker. `send` and `kill` may be called from any thread; the rest by the one that reads."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Raises OSError when the system cannot start it."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environment is None else dict(environment),
            **_own_group(),
        )
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._stderr_reader = Thread(target=self._read_stderr, name="worker-stderr", daemon=True)
        self._stderr_reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Message) -> None:
        """Send it; a worker that is dying does not hear it, and is noticed by whoever reads."""
        stream = _pipe(self._process.stdin)
        with contextlib.suppress(OSError, ValueError):  # ValueError: closed already
            stream.write(to_line(message))
            stream.flush()

    def messages(self) -> Iterator[Message]:
        """What the worker says, until it ends."""
        for line in _pipe(self._process.stdout):
            if (message := from_line(line)) is not None:
                yield message

    def hang_up(self) -> None:
        """Close the worker's standard input, upon which it ends by itself."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()

    def kill(self) -> None:
        """End the worker and the programs that it started, now."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses to signal a zombie
                os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the end, clear up, and give the return code as `subprocess` has it."""
        try:
            returncode = self._process.wait(_END_WAIT_S)
        except subprocess.TimeoutExpired:  # said its last but hangs in its own ending
            self.kill()
            returncode = self._process.wait()
        self.kill()  # programs that it left behind
        self._stderr_reader.join(_END_WAIT_S)
        self.hang_up()
        _pipe(self._process.stdout).close()
        return returncode

    def log_last_words(self) -> None:
        """Put what the worker printed last into the log: there is the trace of a native crash."""
        for line in self._last_words:
            _log.warning("its last words: %s", line)

    def _read_stderr(self) -> None:
        with _pipe(self._process.stderr) as stream:
            while raw := stream.readline(_LINE_MAX_BYTES):
                line = raw.decode("utf-8", "backslashreplace").rstrip()
                if line:
                    self._last_words.append(line)
                    _log.debug("%s", line)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the worker was started without pipes")
    return stream


def _own_group() -> dict[str, Any]:
    """A process group of its own: Ctrl-C in the terminal is for the daemon, and the worker's programs end with it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
