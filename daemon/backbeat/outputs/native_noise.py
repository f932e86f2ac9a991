"""Keep native libraries from printing on our standard error.

ALSA and JACK say there, several lines each, that they are not running. That is no news for a musician: the caller gets
the same as an error, with advice.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_STDERR = 2
_TURN = threading.RLock()


@contextmanager
def without_native_noise() -> Iterator[None]:
    """Inside, what is printed on the process's standard error is lost, so be quick. Log lines of other threads wait."""
    with ExitStack() as stack:
        stack.enter_context(_TURN)
        for handler in logging.getLogger().handlers:
            handler.acquire()
            stack.callback(handler.release)
        _turn_off(stack)
        yield


def _turn_off(stack: ExitStack) -> None:
    """Point standard error to nowhere until `stack` ends; a program without one has nothing to lose."""
    try:
        original = os.dup(_STDERR)
    except OSError:
        return
    stack.callback(os.close, original)
    if sys.stderr is not None:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    stack.callback(os.dup2, original, _STDERR)
