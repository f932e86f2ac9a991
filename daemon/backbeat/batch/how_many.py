"""How many recordings to work on at once: as many as there are cores, and as memory is there for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from backbeat.settings import Settings
from backbeat.values import Separation

WORKER_BYTES = 700_000_000
"""What one worker may take with the built-in engines: 165 MB were measured with short loops, and songs take more."""

SEPARATOR_BYTES = 4_000_000_000
"""And one that takes the drums out of mixes with demucs."""

LEFT_FOR_OTHERS = 0.75
"""The share of the memory that is free now that may be counted on."""


def default_processes(settings: Settings) -> int:
    """The number of workers for jobs with these settings, at least one."""
    return processes_for(settings, cores=_cores(), free_bytes=_free_bytes())


def processes_for(settings: Settings, *, cores: int, free_bytes: int | None) -> int:
    """The same for a computer with so many cores and so much free memory; None: it does not tell."""
    if free_bytes is None:
        return max(cores // 2, 1)
    separates = settings.separation is Separation.DEMUCS or (settings.separation is Separation.AUTO and settings.engine != "net")
    each = SEPARATOR_BYTES if separates else WORKER_BYTES
    return max(min(cores, int(LEFT_FOR_OTHERS * free_bytes / each)), 1)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_bytes() -> int | None:
    """Memory that programs can have now, on Linux; half of what is built in on macOS; None elsewhere."""
    if sys.platform == "linux":
        try:
            lines = Path("/proc/meminfo").read_text("ascii").splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        except (OSError, StopIteration, ValueError):
            return None
    if sys.platform == "darwin":
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None
