"""The one thread that decides. Everybody else (OSC, folders, worker, signals) posts to it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from backbeat.errors import BackbeatError, Cancelled, StoreDamaged

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
        self._tick_trouble = ""
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
            has_ended = self._ended.is_set()  # looked at first: an answer given just before the end still counts
            wait([answer], timeout=self._tick_s)
            if answer.done():
                return answer.result()
            if has_ended:
                raise LoopStopped("Backbeat is being stopped.")

    def stop(self) -> None:
        """Let `run` return after what was posted before. Callable from any thread and from a signal handler."""
        self._actions.put(self._end)

    def run(self, on_tick: Action) -> None:
        """Run until `stop`. An action that fails is logged; the daemon outlives it. Raises StoreDamaged when a tick does."""
        try:
            while not self._stopping:
                self._wait_and_act()
                self._tick(on_tick)
        finally:
            self._ended.set()

    def _end(self) -> None:
        self._stopping = True

    def _wait_and_act(self) -> None:
        try:
            self._guard(self._actions.get(timeout=self._tick_s))
        except queue.Empty:
            return
        for _ in range(self._actions.qsize()):  # what has piled up is done before the tick; what comes meanwhile, after it
            self._guard(self._actions.get_nowait())

    def _guard(self, action: Action) -> None:
        try:
            action()
        except BackbeatError as error:
            log.error("%s", error.in_words)  # noqa: TRY400 - a sentence of ours needs no traceback
        except Exception:
            log.exception("something went wrong; the daemon goes on")

    def _tick(self, on_tick: Action) -> None:
        """As `_guard`; trouble that lasts (a full disk) is logged once and not at every tick."""
        try:
            on_tick()
        except StoreDamaged:
            raise
        except Exception as error:
            if repr(error) != self._tick_trouble:
                trace = None if isinstance(error, BackbeatError) else error  # a sentence of ours needs no traceback
                words = error.in_words if isinstance(error, BackbeatError) else "something went wrong."
                log.exception("%s The daemon goes on trying.", words, exc_info=trace)
            self._tick_trouble = repr(error)
        else:
            self._tick_trouble = ""
