"""The one thread that decides. Everybody else (OSC, folders, worker, signals) posts to it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from backbeat.errors import Cancelled

T = TypeVar("T")
Action = Callable[[], object]

log = logging.getLogger(__name__)


class LoopStopped(Cancelled):
    """Raised by `ask` when the loop has ended and nobody will answer."""


class Loop:
    """Runs posted actions one after the other, and `on_tick` at least every `tick_s` seconds."""

    def __init__(self, *, tick_s: float = 0.25) -> None:
        self._tick_s = tick_s
        self._actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        self._stopping = False
        self._ended = threading.Event()

    def post(self, action: Action) -> None:
        """Have `action` run on the loop's thread, after all that was posted before. Callable from any thread."""
        self._actions.put(action)

    def ask(self, question: Callable[[], T]) -> T:
        """Run `question` on the loop's thread and wait for its answer, or its exception. Not from the loop's own thread."""
        answer: Future[T] = Future()

        def respond() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:  # noqa: BLE001  it is raised where it was asked
                answer.set_exception(error)

        self._actions.put(respond)
        while True:
            try:
                return answer.result(timeout=self._tick_s)
            except TimeoutError:
                if answer.done():
                    raise  # the question's own
                if self._ended.is_set():
                    raise LoopStopped("Backbeat is being stopped.") from None

    def stop(self) -> None:
        """Let `run` return after what was posted before. Callable from any thread and from a signal handler."""
        self._stopping = True
        self._actions.put(lambda: None)

    def run(self, on_tick: Action) -> None:
        """Run until `stop`. An action that fails is logged; the daemon outlives it."""
        try:
            while not self._stopping:
                self._wait_and_act()
                self._guard(on_tick)
        finally:
            self._ended.set()

    def _wait_and_act(self) -> None:
        try:
            self._guard(self._actions.get(timeout=self._tick_s))
            while True:  # what has piled up is done before the tick
                self._guard(self._actions.get_nowait())
        except queue.Empty:
            return

    def _guard(self, action: Action) -> None:
        try:
            action()
        except Exception:
            log.exception("something went wrong; the daemon goes on")
