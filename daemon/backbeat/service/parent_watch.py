"""How the worker ends with its daemon: nothing of it may go on writing when the daemon is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """Have Linux end this process soon after the thread that started it has ended, come what may.

    The worker's reading thread ends the process, and the programs it started, at the end of standard input. This is
    for the case that native code holds Python's lock for long, so that no thread of ours gets a turn: the kernel says
    SIGQUIT when the parent is gone, the handler for it is the C function `alarm` itself, which takes the signal's
    number (3) for seconds, and after these SIGALRM ends the process. Elsewhere that case lasts until the lock is let go.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - other systems need not load it

        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.signal.argtypes, libc.signal.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
            libc.signal(signal.SIGQUIT, ctypes.cast(libc.alarm, ctypes.c_void_p))
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def end_at_once() -> NoReturn:
    """End this process, and the programs it started (ffmpeg, lilypond) where it leads a process group, now."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
