"""A clock whose time passes only by waiting, in which the messages of a script come when they are due."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

PATIENCE_S = 10.0
Script = list[tuple[float, tuple[int, ...]]]


class ScriptedTime:
    """Passes only by waiting, and what the host sends comes when it is due. `over` is set when nothing more comes."""

    def __init__(self, script: Script) -> None:
        self._script = list(script)
        self._now_s = 0.0
        self.deliver: Callable[[Sequence[int]], None] = lambda _: None
        self.over = threading.Event()
        self.closed = 0

    def open_input(self, name: str | None, on_message: Callable[[Sequence[int]], None]) -> ScriptedTime:
        del name
        self.deliver = on_message
        return self

    def close(self) -> None:
        self.closed += 1

    def now(self) -> float:
        return self._now_s

    def wait_until(self, time_s: float, woken: threading.Event) -> bool:
        if self._script and self._script[0][0] <= time_s:
            at_s, message = self._script.pop(0)
            self._now_s = max(self._now_s, at_s)
            self.deliver(message)
            return not woken.is_set() and self.wait_until(time_s, woken)
        if time_s == float("inf"):
            self.over.set()
            assert woken.wait(PATIENCE_S)
        elif not woken.is_set():
            self._now_s = max(self._now_s, time_s)
        return not woken.is_set()


class TimedPort:
    """Notes what is sent, and when."""

    def __init__(self, clock: ScriptedTime) -> None:
        self._clock = clock
        self.sent: list[tuple[float, tuple[int, ...]]] = []

    def send(self, message: Sequence[int]) -> None:
        self.sent.append((self._clock.now(), tuple(message)))

    def close(self) -> None:
        pass
