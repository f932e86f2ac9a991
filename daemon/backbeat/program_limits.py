"""How much memory may be taken by what handles strangers' files: the worker, and the programs that it starts."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def limit_memory(pid: int, limit_bytes: int) -> None:
    """Hold the process `pid`, a child of ours that has just been started, to so much address space.

    Set from outside, because code that runs in a child between fork and exec can hang in a process with threads; what the
    child takes in its first moments counts too, for the limit is on the whole. Linux alone can do this: macOS and Windows have
    the limits that the program itself keeps. A child that has ended already is no error.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Windows has none

    with suppress(ProcessLookupError, PermissionError):
        resource.prlimit(pid, resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def limit_own_memory(limit_bytes: int | None) -> None:
    """Hold this process, and what it starts, to so much memory of its own; None: to what the computer has.

    Beyond, an allocation fails, and with it one job, instead of the system's choosing a program to end, which may be the DAW. A
    narrower limit that holds already stays. On Linux only: macOS takes the limit and does not keep it, Windows has none of this
    kind.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Windows has none

    wanted = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if limit_bytes is None else limit_bytes
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = min([wanted, *(held for held in (soft, hard) if held != resource.RLIM_INFINITY)])
    # Not the address space, of which the model runtimes reserve far more than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
